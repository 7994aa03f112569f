/** More than a GPU can bind, or has memory for. */
import type { WebGPUBackend } from '#src/device/webgpu/backend';
import { openDawn } from '#src/device/webgpu/node';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { test } from 'uvu';
import { limitBindings } from '../device/shared-webgpu.js';
import { assertAccumulates } from './choose-micro-batch-suite.js';

test('a batch whose activations exceed a binding is accumulated from the largest parts that fit', async () => {
  const backend = await openDawn();
  limitBindings(backend, 128 * 2 ** 20);
  const device = new Device(backend, FUSIONS);
  await assertAccumulates(device, { batchSize: 128, imageSize: 224, micro: 32 });
  await device.close();
});

test('memory that cannot be had is answered in the same way', async () => {
  const backend = await openDawn();
  limitMemory(backend, 256 * 2 ** 20);
  const device = new Device(backend, FUSIONS);
  await assertAccumulates(device, { batchSize: 64, imageSize: 96, micro: 16 });
  await device.close();
});

/** Makes a GPU answer as one that has only so much memory: drivers of software adapters promise more than there is. */
function limitMemory(backend: WebGPUBackend, bytes: number): void {
  const gpu = backend['device'];
  const { createBuffer, pushErrorScope, popErrorScope } = gpu;
  const scopes: { readonly filter: GPUErrorFilter; exceeded: boolean }[] = [];
  gpu.createBuffer = (descriptor: GPUBufferDescriptor) => {
    if (backend.counters.liveBytes + descriptor.size > bytes) {
      const scope = scopes.findLast(({ filter }) => filter === 'out-of-memory');
      if (scope !== undefined) scope.exceeded = true;
    }
    return createBuffer.call(gpu, descriptor);
  };
  gpu.pushErrorScope = (filter: GPUErrorFilter) => {
    scopes.push({ filter, exceeded: false });
    return pushErrorScope.call(gpu, filter);
  };
  gpu.popErrorScope = async () => {
    const exceeded = scopes.pop()?.exceeded;
    const error = await popErrorScope.call(gpu);
    return exceeded ? ({ message: 'Out of memory.' } as GPUError) : error;
  };
}

test.run();
