/** The WebGPU device at work: order, step values, absent operands, folded grids, counters, memory. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { flatGrid } from '#src/device/grid';
import type { BufferRange } from '#src/device/kernel';
import { openDawn } from '#src/device/webgpu/node';
import { sharedWebGPU } from './shared-webgpu.js';
import { alpha, axpy, floats, release, rowSum, runOnce } from './test-kernels.js';

test('uploads, launches and reads keep their order over runs that are queued at once', async () => {
  const gpu = await sharedWebGPU();
  const n = 1000;
  const x = floats(gpu, n);
  const out = floats(gpu, n);
  const total = floats(gpu, n);
  const prepared = await gpu.prepare([axpy(x, out, { total })]);
  const data = new Float32Array(n);
  const runs = [];
  for (let run = 1; run <= 5; run++) {
    data.fill(run); // the same host array: its content is taken when the call is made
    runs.push(gpu.execute(prepared, [{ range: x, data }], alpha(10 * run), [out, total]));
  }
  data.fill(-1);
  let sum = 0;
  for (const [i, run] of (await Promise.all(runs)).entries()) {
    const expected = 10 * (i + 1) ** 2;
    sum += expected;
    assert.equal(run[0], new Float32Array(n).fill(expected), `run ${i + 1}`);
    assert.equal(run[1], new Float32Array(n).fill(sum), `total after run ${i + 1}`);
  }
  gpu.discard(prepared);
  release(gpu, x, out, total);
});

test('launches of one run see what earlier ones wrote', async () => {
  const gpu = await sharedWebGPU();
  const ranges = Array.from({ length: 30 }, (_, i) =>
    floats(gpu, 10, i === 0 ? new Array(10).fill(1) : undefined),
  );
  const chain = ranges.slice(1).map((range, i) => axpy(ranges[i], range, { offset: 1 }));
  const [last] = await runOnce(gpu, chain, [ranges[29]], alpha(1));
  assert.equal(last, new Float32Array(10).fill(30));
  release(gpu, ...ranges);
});

test('operands may be absent, read or written', async () => {
  const gpu = await sharedWebGPU();
  const [x, bias, out, total] = [
    [1, 2, 3],
    [10, 20, 30],
    [0, 0, 0],
    [5, 5, 5],
  ].map((v) => floats(gpu, 3, v));
  const run = async (options: object, to: BufferRange | null, reads: BufferRange[]) =>
    (await runOnce(gpu, [axpy(x, to, options)], reads, alpha(2))).map((values) => [...values]);
  assert.equal(await run({}, out, [out, total]), [
    [2, 4, 6],
    [5, 5, 5],
  ]);
  assert.equal(await run({ bias }, out, [out]), [[12, 24, 36]]);
  assert.equal(await run({ bias, total }, out, [out, total]), [
    [12, 24, 36],
    [17, 29, 41],
  ]);
  assert.equal(
    await run({ total }, null, [out, total]),
    [
      [12, 24, 36],
      [19, 33, 47],
    ],
    'out absent',
  );
  assert.equal(await run({}, out, [out]), [[2, 4, 6]], 'absent operands hold nothing of earlier launches');
  release(gpu, x, bias, out, total);
});

test('ranges of one buffer are operands of their own', async () => {
  const gpu = await sharedWebGPU();
  const buffer = gpu.allocate(4 * 256);
  const part = (offset: number, length: number): BufferRange => ({
    buffer,
    dtype: 'float32',
    offset,
    length,
  });
  gpu.write(part(0, 256), new Float32Array(256).fill(1));
  gpu.write(part(64, 3), Float32Array.of(2, 3, 4));
  const out = floats(gpu, 3);
  const [values, whole] = await runOnce(gpu, [axpy(part(64, 3), out)], [out, part(62, 6)], alpha(1));
  assert.equal([...values], [2, 3, 4]);
  assert.equal([...whole], [1, 1, 2, 3, 4, 1]);
  gpu.release(buffer);
  release(gpu, out);
});

test('bytes and integers travel whole, whatever their number', async () => {
  const gpu = await sharedWebGPU();
  const bytes = gpu.allocate(7);
  const range: BufferRange = { buffer: bytes, dtype: 'uint8', offset: 0, length: 7 };
  gpu.write(range, Uint8Array.of(1, 2, 3, 4, 5, 6, 255));
  const words = gpu.allocate(8);
  const pair: BufferRange = { buffer: words, dtype: 'int32', offset: 0, length: 2 };
  gpu.write(pair, Int32Array.of(-5, 2 ** 31 - 1));
  const reads = [range, { ...range, offset: 5, length: 2 }, pair, { ...pair, length: 0 }];
  const [all, tail, integers, none] = await runOnce(gpu, [], reads);
  assert.equal(all, Uint8Array.of(1, 2, 3, 4, 5, 6, 255));
  assert.equal(tail, Uint8Array.of(6, 255));
  assert.equal(integers, Int32Array.of(-5, 2 ** 31 - 1));
  assert.equal(none, new Int32Array(0));
  gpu.release(bytes);
  gpu.release(words);
});

test('new memory is zero, also where other memory was', async () => {
  const gpu = await sharedWebGPU();
  const n = 100_000;
  for (let i = 0; i < 5; i++) {
    const range = floats(gpu, n);
    const [values] = await runOnce(gpu, [], [range]);
    assert.ok(values.every((value) => value === 0));
    gpu.write(range, new Float32Array(n).fill(7));
    release(gpu, range);
  }
});

test('host arrays may be shared memory, or parts of a longer one', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 3);
  const write = async (data: Float32Array) => {
    gpu.write(x, data);
    return [...(await runOnce(gpu, [], [x]))[0]];
  };
  assert.equal(await write(new Float32Array(new SharedArrayBuffer(12)).fill(4)), [4, 4, 4]);
  assert.equal(await write(Float32Array.of(0, 1, 2, 3, 4).subarray(1, 4)), [1, 2, 3]);
  const bytes = { ...x, dtype: 'uint8', length: 8 } as const;
  gpu.write(bytes, Uint8Array.of(9, 1, 2, 3, 4, 5, 6, 7, 8, 9).subarray(1, 9));
  assert.equal((await runOnce(gpu, [], [bytes]))[0], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  // Both are copied on the way: nothing of the first may be left behind the second's end.
  gpu.write(bytes, new Uint8Array(new SharedArrayBuffer(8)).fill(0xa5));
  gpu.write({ ...bytes, length: 5 }, Uint8Array.of(1, 2, 3, 4, 5));
  assert.equal((await runOnce(gpu, [], [bytes]))[0], Uint8Array.of(1, 2, 3, 4, 5, 0, 0, 0));
  release(gpu, x);
});

test('more rows than a dimension has workgroups fold into two', async () => {
  const gpu = await sharedWebGPU();
  for (const rows of [65_535, 65_536, 131_071]) {
    const x = floats(
      gpu,
      rows * 2,
      Float32Array.from({ length: rows * 2 }, (_, i) => i % 1000),
    );
    const out = floats(gpu, rows + 1, new Float32Array(rows + 1).fill(-1));
    assert.is(flatGrid(rows, 1)[1], Math.ceil(rows / 65_535));
    const [sums] = await runOnce(gpu, [rowSum(x, { ...out, length: rows }, 2)], [out]);
    const wrong = sums.findIndex(
      (sum, r) => sum !== (r === rows ? -1 : ((2 * r) % 1000) + ((2 * r + 1) % 1000)),
    );
    assert.is(wrong, -1, `rows ${rows}`);
    release(gpu, x, out);
  }
});

test('an empty output skips its launch, and only that', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 4, [1, 2, 3, 4]);
  const out = floats(gpu, 4);
  const empty = floats(gpu, 0);
  const before = gpu.counters.launches;
  const [values, nothing] = await runOnce(gpu, [axpy(empty, empty), axpy(x, out)], [out, empty], alpha(3));
  assert.equal([...values], [3, 6, 9, 12]);
  assert.is(nothing.length, 0);
  assert.is(gpu.counters.launches - before, 1);
  release(gpu, x, out, empty);
});

test('an empty input is bound like an absent one', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 0);
  const out = floats(gpu, 3, [7, 7, 7]);
  const [sums] = await runOnce(gpu, [rowSum(x, out, 0)], [out]);
  assert.equal([...sums], [0, 0, 0]);
  release(gpu, x, out);
});

test('what was measured of a class holds for its launches, unless the kernel was chosen by hand', async () => {
  const [four, three, two] = [4, 3, 2].map((columns) => `rowSum ${columns} columns`);
  const gpu = await openDawn({ choices: { [four]: 'wide', [three]: 'wide', [two]: 'rare' } });
  const [x, out] = [floats(gpu, 12, new Array(12).fill(1)), floats(gpu, 4)];
  const { kernel, ...command } = rowSum(x, { ...out, length: 3 }, 4);
  const tuning = {
    shapeClass: ({ columns }: { readonly columns: number }) => `${columns} columns`,
    plain: () => 'narrow',
    candidates: () => ['narrow', 'wide'],
  };
  const rare = { ...kernel.shader.variants.narrow, supports: () => false };
  const shader = { ...kernel.shader, variants: { ...kernel.shader.variants, rare }, tuning };
  const tuned = { ...kernel, shader };
  const waived: object[] = [];
  gpu.onWaived = (choices) => waived.push(choices);
  const variants = async () => {
    const others = rowSum(x, out, 3);
    const prepared = await gpu.prepare([
      { ...command, kernel: tuned },
      { ...others, kernel: tuned },
      { ...others, kernel },
      { ...rowSum(x, out, 2), kernel: tuned },
    ]);
    gpu.discard(prepared);
    return prepared.launches.map(({ variant }) => variant);
  };
  // Three columns are none that the variant can run, on any adapter: only what this one does not have is told.
  assert.equal(await variants(), ['wide', 'narrow', 'narrow', 'narrow']);
  await variants();
  assert.equal(waived, [{ [two]: 'rare' }], 'told once');
  gpu.choices = { rowSum: 'narrow', ...gpu.choices };
  assert.equal(await variants(), ['narrow', 'narrow', 'narrow', 'narrow']);
  release(gpu, x, out);
  await gpu.close();
});

test('a choice by hand holds where the variant can run', async () => {
  const gpu = await openDawn({ choices: { rowSum: 'wide' } });
  const x = floats(gpu, 12, new Float32Array(12).fill(1));
  const out = floats(gpu, 4);
  const prepared = await gpu.prepare([rowSum(x, { ...out, length: 3 }, 4), rowSum(x, out, 3)]);
  assert.equal(
    prepared.launches.map(({ variant }) => variant),
    ['wide', 'narrow'],
  );
  assert.is(gpu.counters.pipelines, 2);
  const [sums] = await gpu.execute(prepared, [], [], [out]);
  assert.equal([...sums], [3, 3, 3, 3]);
  await gpu.close();
});

test('counters: pipelines and bind groups are made once, a run is one submit', async () => {
  const gpu = await sharedWebGPU();
  const n = 100;
  const x = floats(gpu, n);
  const out = floats(gpu, n);
  const commands = [axpy(x, out), axpy(x, out, { offset: 1 }), axpy(x, out, { offset: 2 })];
  const warm = await gpu.prepare(commands);
  const before = { ...gpu.counters };
  const prepared = await gpu.prepare(commands);
  const after = (name: keyof typeof before) => gpu.counters[name] - before[name];
  assert.is(after('pipelines'), 0, 'known pipelines are used again');
  assert.is(after('bindGroups'), 3);
  assert.is(after('liveBytes'), 3 * 256, 'constants of three launches');
  for (let run = 1; run <= 4; run++) {
    await gpu.execute(prepared, [], alpha(1), [out]);
    assert.is(after('launches'), 3 * run);
    assert.is(after('submits'), run);
  }
  assert.is(after('bindGroups'), 3);
  gpu.discard(prepared);
  gpu.discard(warm);
  release(gpu, x, out);
});

test('a first run of many launches is submitted in pieces, later ones at once', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 10, new Array(10).fill(1));
  const out = floats(gpu, 10);
  const prepared = await gpu.prepare(Array.from({ length: 100 }, () => axpy(x, out)));
  const submits = async () => {
    const before = gpu.counters.submits;
    await gpu.execute(prepared, [], alpha(1), [out]);
    return gpu.counters.submits - before;
  };
  const first = await submits();
  assert.ok(first > 1, `${first} submits`);
  assert.is(await submits(), 1);
  gpu.discard(prepared);
  release(gpu, x, out);
});

test('live bytes stay flat over 200 runs, counted outside the engine', async () => {
  const gpu = await sharedWebGPU();
  const n = 5000;
  const x = floats(gpu, n);
  const out = floats(gpu, n);
  const prepared = await gpu.prepare([axpy(x, out)]);
  const live = watchBuffers(gpu['device']);
  const counts: number[] = [];
  const countersBefore = gpu.counters.liveBytes;
  for (let run = 0; run < 200; run++) {
    const extra = floats(gpu, n);
    const other = await gpu.prepare([axpy(x, extra)]);
    await Promise.all([
      gpu.execute(prepared, [{ range: x, data: new Float32Array(n) }], alpha(1), [out]),
      gpu.execute(other, [], alpha(2), [extra, out]),
    ]);
    gpu.discard(other);
    release(gpu, extra);
    counts.push(live.bytes);
  }
  live.restore();
  assert.ok(live.made >= 400, 'each run makes memory and constants');
  assert.is(Math.max(...counts.slice(1)), counts[0], 'staging memory of the first run serves the others');
  assert.is(gpu.counters.liveBytes - countersBefore, counts[199], 'the counters tell the truth');
  gpu.discard(prepared);
  release(gpu, x, out);
});

test('a profile has a time for each launch', async () => {
  const gpu = await sharedWebGPU();
  if (!gpu.info.features.includes('timestamp-query')) return;
  const n = 100_000;
  const x = floats(gpu, n, new Float32Array(n).fill(1));
  const out = floats(gpu, n);
  const sums = floats(gpu, 100);
  const prepared = await gpu.prepare([axpy(x, out), rowSum(out, sums, 1000)]);
  const times = await gpu.profile(prepared, alpha(2));
  assert.equal(
    times.map(({ kernel, variant }) => [kernel, variant]),
    [
      ['axpy', 'plain'],
      ['rowSum', 'narrow'],
    ],
  );
  assert.equal(times[1].attributes, { rows: 100, columns: 1000 });
  for (const { nanoseconds } of times) assert.ok(nanoseconds > 0 && nanoseconds < 10e9, `${nanoseconds} ns`);
  const [values] = await runOnce(gpu, [], [sums]);
  assert.equal(values, new Float32Array(100).fill(2000), 'profiling runs the launches');
  const [read] = await gpu.execute(prepared, [], alpha(3), [sums], ({ queued, ended, launches }) => {
    assert.ok(ended > queued);
    const [first, second] = launches!;
    assert.ok(first.begin + first.nanoseconds <= second.begin, 'one after the other');
  });
  assert.equal(read, new Float32Array(100).fill(3000), 'a timed run has its results');
  gpu.discard(prepared);
  release(gpu, x, out, sums);
});

/** Counts the bytes of buffers made and destroyed from now on, by wrapping the device's own methods. */
function watchBuffers(device: GPUDevice) {
  const prototype = Object.getPrototypeOf(device);
  const { createBuffer } = prototype;
  const watched = new Set<GPUBuffer>();
  const live = { bytes: 0, made: 0, restore: () => Object.assign(prototype, { createBuffer }) };
  prototype.createBuffer = function (descriptor: GPUBufferDescriptor) {
    const buffer: GPUBuffer = createBuffer.call(this, descriptor);
    const destroy = buffer.destroy;
    watched.add(buffer);
    live.bytes += descriptor.size;
    live.made++;
    buffer.destroy = () => {
      if (watched.delete(buffer)) live.bytes -= descriptor.size;
      return destroy.call(buffer);
    };
    return buffer;
  };
  return live;
}

test.run();
