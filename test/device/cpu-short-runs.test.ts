/** Short runs on the main thread: which ones, in what order, with what bytes, and what becomes of failures. */
import { add, matmul, open, relu, tensor } from 'attune';
import { AttuneError } from '#src/errors';
import type { Prepared } from '#src/device/backend';
import type { CpuBackend } from '#src/device/cpu/backend';
import { openCpu } from '#src/device/cpu/node';
import type { BufferRange, Command } from '#src/device/kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kernels } from './cpu-kernels.js';

const kernelTable = new URL('./cpu-kernels.js', import.meta.url).href;

/** A machine that is busy may need several runs before it has seen a short one. */
const MANY_RUNS = 300;

interface Opened {
  readonly device: CpuBackend;
  readonly y: BufferRange;
  command(attributes?: object): Command;
  /** Whether the main thread computed the run. */
  here(prepared: Prepared): Promise<boolean>;
  /** Runs until the main thread computes one. */
  untilHere(prepared: Prepared): Promise<void>;
}

async function opened(): Promise<Opened> {
  const device = await openCpu({ simd: 'off', kernelTable, threads: 2 });
  const y: BufferRange = { buffer: device.allocate(4), dtype: 'float32', offset: 0, length: 1 };
  const here = async (prepared: Prepared) => (await device.execute(prepared, [], [], [y]))[0]![0] === 1;
  return {
    device,
    y,
    command: (attributes = {}) => ({ kernel: kernels.onMainThread, attributes, operands: [y] }),
    here,
    async untilHere(prepared) {
      for (let run = 0; run < MANY_RUNS; run++) if (await here(prepared)) return;
      assert.unreachable('the main thread computed none of the runs');
    },
  };
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.unreachable('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.instance(error, AttuneError);
  return (error as AttuneError).message;
}

test('a program of few commands is tried by the workers first, then computed here, unless it is profiled', async () => {
  const { device, y, command, here, untilHere } = await opened();
  const prepared = await device.prepare([command(), command(), command(), command()]);
  assert.is(await here(prepared), false, 'what it costs is not known yet');
  await untilHere(prepared);
  const [profiled] = await device.execute(prepared, [], [], [y], () => {});
  assert.equal([...profiled!], [0]);
  await device.close();
});

test('long runs, many commands and none at all are for the workers', async () => {
  const { device, command, here } = await opened();
  const long = await device.prepare([command({ milliseconds: 12 })]);
  for (let run = 0; run < 5; run++) assert.is(await here(long), false);
  const many = await device.prepare(Array.from({ length: 5 }, () => command()));
  for (let run = 0; run < 20; run++) assert.is(await here(many), false);
  await device.close();
});

/** How many of many runs the main thread computes, each of which takes it so long, and the workers next to nothing. */
async function triesOf({ device, command, here, untilHere }: Opened, millisecondsHere: number) {
  const prepared = await device.prepare([command({ millisecondsHere })]);
  await untilHere(prepared);
  let tries = 1;
  for (let run = 0; run < 20; run++) if (await here(prepared)) tries++;
  return tries;
}

test('a run that is slower here is tried three times, and no more', async () => {
  const all = await opened();
  let most = 0;
  // On a machine that is busy a try may look far slower than it is.
  for (let program = 0; program < 10 && most < 3; program++) most = Math.max(most, await triesOf(all, 8));
  assert.is(most, 3);
  await all.device.close();
});

test('a run that is far slower here is tried once', async () => {
  const all = await opened();
  assert.is(await triesOf(all, 40), 1);
  await all.device.close();
});

test('behind queued work a short run waits in the workers, and sees what was written', async () => {
  const { device, y, command, here, untilHere } = await opened();
  const short = await device.prepare([command()]);
  const slow = await device.prepare([
    { kernel: kernels.slowIncrement, attributes: { milliseconds: 20 }, operands: [y] },
  ]);
  await untilHere(short);
  const results = await Promise.all([
    device.execute(slow, [], [], [y]),
    here(short),
    device.execute(slow, [], [], [y]),
  ]);
  assert.is(results[1], false, 'the workers were busy');
  assert.equal([...results[2][0]!], [1], 'the increment of what the short run wrote, 0');
  await device.close();
});

test('a loop of short runs lets timers and signals through', async () => {
  const { device, command, here, untilHere } = await opened();
  const prepared = await device.prepare([command()]);
  await untilHere(prepared);
  let rang = false;
  setTimeout(() => {
    rang = true;
  }, 1);
  const end = performance.now() + 10_000;
  while (!rang && performance.now() < end) await here(prepared);
  assert.ok(rang);
  await device.close();
});

test('a failure here is told as one of the workers, and later runs go on', async () => {
  const { device, command, here, untilHere } = await opened();
  const prepared = await device.prepare([command({ failsHere: true })]);
  let error: unknown;
  for (let run = 0; run < MANY_RUNS && error === undefined; run++) {
    await here(prepared).catch((failure) => {
      error = failure;
    });
  }
  assert.instance(error, AttuneError);
  assert.match(
    (error as AttuneError).message,
    'The CPU kernel onMainThread failed: the main thread met a wall',
  );
  await untilHere(await device.prepare([command()]));
  await device.close();
});

test('a device whose workers are gone, or that is closed, computes nothing here', async () => {
  const { device, command, here, untilHere } = await opened();
  const prepared = await device.prepare([command()]);
  const dying = await device.prepare([{ kernel: kernels.dying, attributes: {}, operands: [] }]);
  await untilHere(prepared);
  assert.match(await failure(device.execute(dying, [], [], [])), /stopped with exit code 3/);
  assert.match(await failure(here(prepared)), /stopped with exit code 3/);
  await device.close();
});

test('a program that was discarded is gone here too', async () => {
  const { device, command, here, untilHere } = await opened();
  const prepared = await device.prepare([command()]);
  await untilHere(prepared);
  device.discard(prepared);
  assert.match(await failure(here(prepared)), /no commands were prepared/);
  await device.close();
});

for (const simd of ['relaxed', 'plain', 'off'] as const) {
  test(`${simd}: the bytes of a run do not tell where it was computed`, async () => {
    const device = await open('cpu', { simd, threads: 2 });
    const a = device.createState([37, 61], 'float32', wave(37 * 61));
    const b = device.createState([61, 19], 'float32', wave(61 * 19));
    const bias = device.createState([19], 'float32', wave(19));
    const results: unknown[] = [];
    for (let run = 0; run < 40; run++) {
      const x = tensorOf(run % 3);
      results.push(await device.run(() => relu(add(add(matmul(a, b), bias), x()))));
    }
    for (const [run, result] of results.entries()) assert.equal(result, results[run % 3]);
    await device.close();
  });
}

function wave(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i * 12.9898) * 3);
}

/** Host data that differ from run to run: uploads that are written at once. */
function tensorOf(phase: number) {
  const values = wave(19 * 37).map((value) => value + phase);
  return () => tensor(values, [37, 19]);
}

test.run();
