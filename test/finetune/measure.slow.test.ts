/** The speed of a device: every measurement in its order, and an end when the time is over. */
import { MEASUREMENTS, measureDevice } from '#src/finetune/measure';
import { open } from '#src/engine/open';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a device is measured in all ways, and gives its memory back', async () => {
  const device = await open('cpu', { threads: 2 });
  const told: string[] = [];
  const measured = await measureDevice(device, 20, (name, value) => {
    told.push(name);
    assert.ok(value > 0 && Number.isFinite(value), `${name}: ${value}`);
  });
  assert.equal(told, MEASUREMENTS);
  assert.equal(Object.keys(measured), MEASUREMENTS);
  console.log(`# ${JSON.stringify(measured)}`);
  // A multiply-add is two operations: no core does a thousand of them in a nanosecond.
  assert.ok(measured.matmul_gflops! > 0.5 && measured.matmul_gflops! < 32_000);
  await device.close();
});

test('where there is no time nothing is begun; where it ends early, the rest is null', async () => {
  const device = await open('cpu', { threads: 2 });
  const nothing = await measureDevice(device, 0);
  assert.equal(Object.values(nothing), [null, null, null]);
  assert.is(device.counters.launches, 0);

  // Every run takes longer than the time for all.
  const { run } = device;
  device.run = async (body) => {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return run.call(device, body) as never;
  };
  const early = await measureDevice(device, 0.05);
  assert.equal(Object.values(early), [null, null, null]);
  assert.is(device.counters.submits, 1, 'one run, which may have been compiling');
  await device.close();
});

test('what fails is told', async () => {
  const device = await open('cpu', { threads: 1 });
  await device.close();
  try {
    await measureDevice(device, 1);
    assert.unreachable();
  } catch (error) {
    assert.match((error as Error).message, /closed/);
  }
});

test.run();
