/** Training a head in WGSL; what a step costs; memory that stays flat, counted outside of the engine. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openDawn } from '#src/device/webgpu/node';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { webgpuDevice } from '../ops/support.js';
import { Head } from './head.js';
import { costOfStep, SIZES, STEADY_STEP, testHead } from './head-suite.js';

testHead('WebGPU', webgpuDevice);

/** Arenas, optimiser, slots and constants of the two plans, and staging memory. */
const LIVE_BYTES = 19_452;

/** Counts the bytes of all GPU buffers by wrapping their creation and destruction. */
function countBytes(device: GPUDevice): { live: number } {
  const counted = { live: 0 };
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const { size } = descriptor;
    const destroy = buffer.destroy.bind(buffer);
    let alive = true;
    counted.live += size;
    buffer.destroy = () => {
      if (alive) counted.live -= size;
      alive = false;
      return destroy();
    };
    return buffer;
  };
  return counted;
}

test('a step costs a fixed number of launches, two submits, and no memory over 200 programs', async () => {
  const backend = await openDawn();
  const device = new Device(backend, FUSIONS);
  const counted = countBytes((backend as unknown as { device: GPUDevice }).device);
  const before = { ...device.counters };
  const head = new Head(device, 'sgd', SIZES);
  assert.equal(await costOfStep(device, head), { launches: 25, submits: 2, ...STEADY_STEP });
  assert.is(device.counters.pipelines - before.pipelines, 13, 'pipelines in all');
  const live = counted.live;
  assert.is(live, LIVE_BYTES);
  assert.is(live, device.counters.liveBytes - before.liveBytes, "the engine's count is the truth");
  for (let step = 0; step < 100; step++) await head.step();
  assert.is(counted.live, live);
  head.close();
  await device.close();
  assert.is(counted.live, 0, 'close gives everything back');
});

test.run();
