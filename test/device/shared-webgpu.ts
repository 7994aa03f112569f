/**
 * One WebGPU device for all WGSL tests of a process: a software adapter compiles for seconds, so pipelines are
 * made once. It is closed when the process has nothing else to do.
 */
import type { WebGPUBackend } from '#src/device/webgpu/backend';
import { openDawn } from '#src/device/webgpu/node';

let opened: Promise<WebGPUBackend> | undefined;

/** The device, on the adapter that Dawn puts first: the tests pass on hardware and software alike. */
export function sharedWebGPU(): Promise<WebGPUBackend> {
  if (opened === undefined) {
    opened = openDawn();
    process.once('beforeExit', async () => (await opened)?.close());
  }
  return opened;
}

/** Makes a GPU one that binds only so much at once, as the least of them. */
export function limitBindings(backend: WebGPUBackend, bytes: number): void {
  const { limits } = backend['device'];
  const limited = new Proxy(limits, {
    get: (_, name) => (name === 'maxStorageBufferBindingSize' ? bytes : Reflect.get(limits, name)),
  });
  Object.defineProperty(backend['device'], 'limits', { value: limited });
  Object.assign(backend, { maxBindingBytes: bytes });
}
