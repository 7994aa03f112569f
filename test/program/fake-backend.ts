/** A backend that computes nothing: for plans of networks that would take long to run. */
import type { Backend } from '#src/device/backend';
import { newCounters } from '#src/device/backend';

const BYTES = { float32: 4, float16: 2, int32: 4, uint32: 4, uint8: 1 };

/** `inPlace` as the CPU device, or as WebGPU. */
export function fakeBackend(inPlace: boolean): Backend {
  let buffers = 0;
  return {
    info: { kind: 'cpu', adapter: 'none', software: false, features: [], limits: {} },
    precision: 'float32',
    counters: newCounters(),
    maxBindingBytes: 2 ** 30,
    lost: false,
    traits: null,
    choices: {},
    inPlace,
    elementBytes: (dtype) => BYTES[dtype],
    allocate: (bytes) => ({ id: buffers++, bytes }),
    release() {},
    write() {},
    prepare: async (commands) => ({ commands }),
    execute: async () => {
      throw new Error('nothing is computed here');
    },
    discard() {},
    async close() {},
  };
}
