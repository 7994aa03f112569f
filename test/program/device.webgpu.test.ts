/** Device.run on a GPU: order over queued programs, memory of plans and states, limits. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { accumulate, assign } from '#src/ops/update/accumulate';
import { add } from '#src/ops/pointwise/add';
import { ones, zeros } from '#src/ops/core/constant';
import { dropout } from '#src/ops/pointwise/dropout';
import { multiply } from '#src/ops/pointwise/multiply';
import { tanh } from '#src/ops/pointwise/tanh';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { assertThrows, webgpuDevice } from '../ops/support.js';

test('programs, writes and reads run in the order of their calls', async () => {
  const device = await webgpuDevice();
  const state = device.createState([1]);
  const waits: Promise<unknown>[] = [];
  const reads: Promise<ArrayLike<number>>[] = [];
  for (let digit = 1; digit <= 6; digit++) {
    waits.push(device.run(() => assign(state, add(multiply(state, 10), tensor([digit], [1])))));
    reads.push(device.read(state));
  }
  device.write(state, Float32Array.of(5));
  reads.push(device.read(state));
  waits.push(device.run(() => accumulate(state, tensor([1], [1]))));
  reads.push(device.read(state));
  const seen = (await Promise.all(reads)).map((read) => read[0]);
  assert.equal(seen, [1, 12, 123, 1234, 12345, 123456, 5, 6]);
  await Promise.all(waits);
  device.releaseState(state);
});

test('a state that is released while programs wait lives until they are done', async () => {
  const device = await webgpuDevice();
  const state = device.createState([3], 'float32', Float32Array.of(1, 2, 3));
  const runs = [1, 2, 3].map((value) => device.run(() => add(state, tensor([value], [1]))));
  device.releaseState(state);
  assert.equal(
    (await Promise.all(runs)).map((values) => [...values]),
    [
      [2, 3, 4],
      [3, 4, 5],
      [4, 5, 6],
    ],
  );
  await assertThrows(() => device.run(() => add(state, 1)), 'program', /used after its release/);
});

test('new data and step values reuse the plan, its pipelines and bind groups', async () => {
  const device = await webgpuDevice();
  const random = generator(5);
  const step = () =>
    device.run(() => dropout(multiply(tensor([++random.step], [1]), ones([64])), 0.5, random));
  await step();
  const [before, plans] = [{ ...device.counters }, device.plansMade];
  const masks = new Set<string>();
  for (let i = 0; i < 5; i++) masks.add([...(await step())].map((value) => (value === 0 ? 0 : 1)).join(''));
  assert.is(masks.size, 5);
  assert.is(device.plansMade, plans);
  const { pipelines, bindGroups, buffersCreated, liveBytes } = before;
  assert.equal(
    [
      device.counters.pipelines,
      device.counters.bindGroups,
      device.counters.buffersCreated,
      device.counters.liveBytes,
    ],
    [pipelines, bindGroups, buffersCreated, liveBytes],
  );
});

test('plans that are given up give their buffers back', async () => {
  const device = await webgpuDevice();
  const programs = Array.from(
    { length: 12 },
    (_, i) => () => device.run(() => tanh(zeros([5000 + 9000 * i]))),
  );
  for (const run of programs) await run();
  const { liveBytes } = device.counters;
  for (let round = 0; round < 3; round++) for (const run of programs) await run();
  assert.ok(device.counters.liveBytes <= liveBytes, `${device.counters.liveBytes} bytes, not ${liveBytes}`);
});

test('a value beyond what the GPU can bind is refused with the limit, and the device goes on', async () => {
  const device = await webgpuDevice();
  const elements = device.backend.maxBindingBytes / 4 + 64;
  const { liveBytes } = device.counters;
  await assertThrows(() => device.run(() => tanh(zeros([elements]))), 'device', /limit|more than|bind/);
  assert.equal([...(await device.run(() => tanh(zeros([2]))))], [0, 0]);
  assert.ok(device.counters.liveBytes <= liveBytes + 64, 'nothing of it is kept');
});

test.run();
