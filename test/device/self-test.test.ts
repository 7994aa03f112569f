/** The self-test passes on a device that works, and names what is wrong with one that does not. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Backend, newCounters, type Prepared } from '#src/device/backend';
import type { BufferRange, StepValue, Upload } from '#src/device/kernel';
import { selfTest } from '#src/device/self-test';

/** What can be wrong with the device below. */
interface Defects {
  /** What new memory holds. */
  readonly newMemory?: number;
  readonly stored?: (value: number) => number;
  readonly step?: number;
  readonly prepareThrows?: boolean;
}

async function failed(defects: Defects): Promise<string[]> {
  const backend = hostBackend(defects);
  const results = await selfTest(backend);
  assert.is(results.length, 5);
  assert.is(backend.counters.liveBytes, 0, 'its memory was given back');
  return results.filter(({ ok }) => !ok).map(({ name }) => name);
}

test('a device that works passes', async () => {
  assert.equal(await failed({}), []);
});

test('each defect is named', async () => {
  assert.equal(await failed({ newMemory: 1 }), ['new memory is zero']);
  assert.equal(await failed({ step: 0 }), ['step values']);
  assert.equal(await failed({ stored: (x) => (Number.isNaN(x) ? 0 : x) }), ['NaN by its bits']);
  const coarse = (x: number) => Math.round(x * 2 ** 20) / 2 ** 20;
  assert.equal(await failed({ stored: coarse }), ['memory round trip']);
});

test('what throws has failed', async () => {
  const all = [
    'new memory is zero',
    'memory round trip',
    'float32 arithmetic',
    'step values',
    'NaN by its bits',
  ];
  assert.equal(await failed({ prepareThrows: true }), all);
});

/** The least device there can be: arrays on the host, and the kernels' own CPU loops. */
function hostBackend({ newMemory = 0, stored = (x) => x, step: wrongStep, prepareThrows }: Defects): Backend {
  const memory = new Map<number, Float32Array>();
  const counters = newCounters();
  const view = ({ buffer, offset, length }: BufferRange) =>
    (memory.get(buffer.id) as Float32Array).subarray(offset, offset + length);
  const write = ({ range, data }: Upload) => view(range).set(Array.from(data, stored));
  return {
    info: { kind: 'cpu', adapter: 'host', software: false, features: [], limits: {} },
    precision: 'float32',
    counters,
    maxBindingBytes: 2 ** 30,
    lost: false,
    inPlace: true,
    traits: null,
    choices: {},
    elementBytes: () => 4,
    allocate(bytes) {
      const buffer = { id: counters.buffersCreated++, bytes };
      counters.liveBytes += bytes;
      memory.set(buffer.id, new Float32Array(bytes / 4).fill(newMemory));
      return buffer;
    },
    release({ id, bytes }) {
      memory.delete(id);
      counters.liveBytes -= bytes;
    },
    write: (range, data) => write({ range, data }),
    async prepare(commands) {
      if (prepareThrows) throw new Error('no');
      return { commands };
    },
    async execute({ commands }: Prepared, uploads, step: readonly StepValue[], reads) {
      uploads.forEach(write);
      for (const { kernel, attributes, operands } of commands) {
        kernel.cpu.run({
          attributes,
          operands: operands.map((range) => (range ? view(range) : [])),
          step: step.map(({ value }) => wrongStep ?? value),
          begin: 0,
          end: kernel.cpu.units(attributes),
        });
      }
      return reads.map((range) => view(range).slice());
    },
    discard() {},
    async close() {},
  };
}

test.run();
