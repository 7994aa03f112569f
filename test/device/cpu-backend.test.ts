/** The CPU device, float64 and float32: order of runs, memory, counters, failures, and an end by itself. */
import { spawnSync } from 'node:child_process';
import { AttuneError } from '#src/errors';
import type { DType } from '#src/device/dtype';
import type { BufferRange, DeviceBuffer, Kernel } from '#src/device/kernel';
import type { CpuBackend } from '#src/device/cpu/backend';
import { type CpuOptions, openCpu } from '#src/device/cpu/node';
import { attributesOf, PLAIN } from '#src/ops/product/matmul-layout';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { kernels } from './cpu-kernels.js';

const kernelTable = new URL('./cpu-kernels.js', import.meta.url).href;
const WAYS: Readonly<Record<string, CpuOptions>> = {
  float64: { precision: 'float64' },
  'float32 plain loops': { simd: 'off', kernelTable },
  'float32 SIMD': { kernelTable },
};

function range(buffer: DeviceBuffer, length: number, offset = 0, dtype: DType = 'float32'): BufferRange {
  return { buffer, dtype, offset, length };
}

function floats(device: CpuBackend, values: readonly number[]): Float32Array | Float64Array {
  return device.precision === 'float64' ? Float64Array.from(values) : Float32Array.from(values);
}

async function rejection(promise: Promise<unknown>): Promise<AttuneError> {
  try {
    await promise;
  } catch (error) {
    assert.instance(error, AttuneError);
    return error as AttuneError;
  }
  return assert.unreachable('it should have failed') as never;
}

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: runs happen in order, with the uploads and step values of each`, async () => {
    const device = await openCpu(options);
    const bytes = device.elementBytes('float32');
    const [x, y] = [device.allocate(3 * bytes), device.allocate(4 * bytes)];
    const prepared = await device.prepare([
      {
        kernel: kernels.scaleAdd,
        attributes: { length: 3, add: 100 },
        operands: [range(x, 3), range(y, 3, 1)],
      },
    ]);
    const host = floats(device, [0, 0, 0]);
    const runs = [];
    for (let run = 0; run < 20; run++) {
      host.fill(run);
      const uploads = [{ range: range(x, 3), data: host }];
      runs.push(
        device.execute(prepared, uploads, [{ kind: 'float', value: 2 }], [range(y, 4), range(x, 1, 2)]),
      );
    }
    const results = await Promise.all(runs);
    results.forEach(([after, input], run) => {
      assert.equal(after, floats(device, [0, 100 + 2 * run, 100 + 2 * run, 100 + 2 * run]));
      assert.equal(input, floats(device, [run]));
    });
    assert.is(device.counters.launches, 20);
    assert.is(device.counters.submits, 20);
    await device.close();
  });

  test(`${way}: writes stand between the runs around them`, async () => {
    const device = await openCpu(options);
    const y = device.allocate(2 * device.elementBytes('float32'));
    const prepared = await device.prepare([
      { kernel: kernels.slowIncrement, attributes: { milliseconds: 5 }, operands: [range(y, 2)] },
    ]);
    const first = device.execute(prepared, [], [], [range(y, 2)]);
    device.write(range(y, 2), floats(device, [10, 20]));
    const second = device.execute(prepared, [], [], [range(y, 2)]);
    assert.equal(await first, [floats(device, [1, 1])]);
    assert.equal(await second, [floats(device, [11, 21])]);
    await device.close();
  });

  test(`${way}: integers and bytes keep their types`, async () => {
    const device = await openCpu(options);
    const nothing = await device.prepare([]);
    for (const data of [Int32Array.of(-1, 5), Uint32Array.of(4e9, 1), Uint8Array.of(255, 3)]) {
      const dtype = { Int32Array: 'int32', Uint32Array: 'uint32', Uint8Array: 'uint8' }[
        data.constructor.name
      ] as DType;
      const buffer = device.allocate(2 * device.elementBytes(dtype));
      device.write(range(buffer, 2, 0, dtype), data);
      assert.equal(await device.execute(nothing, [], [], [range(buffer, 2, 0, dtype)]), [data]);
    }
    await device.close();
  });

  test(`${way}: memory is zero when handed out, also where something lay before`, async () => {
    const device = await openCpu(options);
    const nothing = await device.prepare([]);
    const length = 100_000;
    const bytes = length * device.elementBytes('float32');
    for (let round = 0; round < 3; round++) {
      const buffer = device.allocate(bytes);
      const [before] = await device.execute(nothing, [], [], [range(buffer, length)]);
      assert.ok((before as Float32Array).every((value) => value === 0));
      device.write(range(buffer, length), floats(device, new Array(length).fill(7)));
      device.release(buffer);
    }
    await device.close();
  });

  test(`${way}: memory released behind queued work is not reused before it is done`, async () => {
    const device = await openCpu(options);
    const bytes = 16 * device.elementBytes('float32');
    const old = device.allocate(bytes);
    const prepared = await device.prepare([
      { kernel: kernels.slowIncrement, attributes: { milliseconds: 30 }, operands: [range(old, 16)] },
    ]);
    const run = device.execute(prepared, [], [], []);
    device.release(old);
    const fresh = device.allocate(bytes);
    await run;
    const [after] = await device.execute(await device.prepare([]), [], [], [range(fresh, 16)]);
    assert.ok(
      (after as Float32Array).every((value) => value === 0),
      'the old work did not write into it',
    );
    await device.close();
  });

  test(`${way}: live bytes are flat over 200 runs, plans and buffers`, async () => {
    const device = await openCpu(options);
    const bytes = 5_000 * device.elementBytes('float32');
    const kept = device.allocate(bytes);
    const live = device.counters.liveBytes;
    for (let run = 0; run < 200; run++) {
      const scratch = device.allocate(bytes);
      const operands = [range(kept, 5_000), range(scratch, 5_000)];
      const prepared = await device.prepare([
        { kernel: kernels.scaleAdd, attributes: { length: 5_000, add: 1 }, operands },
        matmulCommand(scratch, kept),
      ]);
      await device.execute(prepared, [], [{ kind: 'float', value: 1 }], []);
      device.discard(prepared);
      device.release(scratch);
      assert.is(device.counters.liveBytes, live);
    }
    assert.is(device.counters.peakBytes, 2 * bytes);
    assert.is(device.counters.buffersCreated - device.counters.buffersDestroyed, 1);
    await device.close();
  });

  test(`${way}: a kernel that throws is named with its attributes, and later runs go on`, async () => {
    const device = await openCpu(options);
    const bad = await device.prepare([{ kernel: kernels.throwing, attributes: { rows: 7 }, operands: [] }]);
    const error = await rejection(device.execute(bad, [], [], []));
    assert.is(error.code, 'device');
    assert.match(error.message, 'The CPU kernel throwing failed: the loop met a wall (throwing {"rows":7})');
    const good = await device.prepare([]);
    assert.equal(await device.execute(good, [], [], []), []);
    await device.close();
  });

  test(`${way}: ranges outside a buffer and released buffers are refused`, async () => {
    const device = await openCpu(options);
    const buffer = device.allocate(8);
    const nothing = await device.prepare([]);
    const outside = await rejection(device.execute(nothing, [], [], [range(buffer, 3)]));
    assert.match(outside.message, 'elements 0 to 3 of float32 lie outside a buffer of 8 bytes');
    device.release(buffer);
    assert.throws(() => device.release(buffer), /was released/);
    await device.close();
  });
}

function matmulCommand(a: DeviceBuffer, y: DeviceBuffer) {
  const n = 20;
  const operands = [range(a, n * n), range(a, n * n, n * n), null, null, null, range(y, n * n)];
  return { kernel: kernels.matmul as Kernel, attributes: attributesOf(PLAIN, [n, n], [n, n]), operands };
}

for (const simd of ['off', 'plain', 'relaxed'] as const) {
  test(`simd '${simd}' is said and computes the product`, async () => {
    const device = await openCpu({ simd, kernelTable });
    assert.equal(device.info.features, simd === 'off' ? [] : [simd === 'plain' ? 'simd' : 'relaxed-simd']);
    const [a, y] = [device.allocate(3_200), device.allocate(1_600)];
    const prepared = await device.prepare([matmulCommand(a, y)]);
    const data = Float32Array.from({ length: 800 }, (_, i) => (i % 7) - 3);
    const [result] = await device.execute(prepared, [{ range: range(a, 800), data }], [], [range(y, 400)]);
    for (let i = 0; i < 400; i++) {
      let sum = 0;
      for (let d = 0; d < 20; d++) sum += data[Math.floor(i / 20) * 20 + d]! * data[400 + d * 20 + (i % 20)]!;
      assert.is(result![i], sum, `element ${i}`);
    }
    const times = await device.profile(prepared);
    assert.equal(
      times.map(({ kernel, variant }) => [kernel, variant]),
      [['matmul', simd === 'off' ? 'loops' : 'simd']],
    );
    assert.ok(times[0]!.nanoseconds > 0);
    await device.close();
  });
}

test('a kernel that the worker does not know is named', async () => {
  const device = await openCpu({ kernelTable, simd: 'off' });
  const kernel: Kernel = { ...kernels.throwing, name: 'unheardOf' };
  const error = await rejection(device.prepare([{ kernel, attributes: {}, operands: [] }]));
  assert.match(
    error.message,
    'The CPU kernel unheardOf failed: the worker has no kernel of this name; it knows those of src/ops/kernels.ts',
  );
  await device.close();
});

test('a worker that dies rejects what is pending and what comes later', async () => {
  const device = await openCpu({ kernelTable, simd: 'off' });
  const prepared = await device.prepare([{ kernel: kernels.dying, attributes: {}, operands: [] }]);
  const pending = [device.execute(prepared, [], [], []), device.execute(prepared, [], [], [])].map(rejection);
  for (const error of await Promise.all(pending)) {
    assert.is(error.code, 'device');
    assert.is(error.message, 'The CPU worker stopped with exit code 3 (CPU device): open the device again');
  }
  const later = await rejection(device.execute(prepared, [], [], []));
  assert.match(later.message, 'The CPU worker stopped with exit code 3');
  await device.close();
  assert.is(device.lost, true);
});

test('a worker that cannot start is an error, not a wait', async () => {
  const error = await rejection(
    openCpu({ simd: 'off', kernelTable: new URL('./missing.js', import.meta.url).href }),
  );
  assert.match(error.message, /^The CPU worker stopped: Cannot find module/);
});

test('a closed device refuses', async () => {
  const device = await openCpu({ kernelTable, simd: 'off' });
  const prepared = await device.prepare([]);
  await device.close();
  const error = await rejection(device.execute(prepared, [], [], []));
  assert.match(error.message, 'The CPU device was closed');
  assert.is(device.lost, false, 'what was closed is not lost');
});

test('more memory than there can be is an error that says how much was needed', async () => {
  const device = await openCpu({ kernelTable, simd: 'off' });
  let error: unknown;
  try {
    device.allocate(2 ** 32);
  } catch (caught) {
    error = caught;
  }
  assert.instance(error, AttuneError);
  assert.match(
    (error as AttuneError).message,
    /needs 4\d{3} MB of memory, but has \d+ MB and could not grow/,
  );
  const buffer = device.allocate(2 ** 20);
  device.release(buffer);
  await device.close();
});

test('the memory grows under a worker that has started', async () => {
  const device = await openCpu({ kernelTable });
  const length = 20_000_000;
  const buffer = device.allocate(length * 4);
  const prepared = await device.prepare([
    { kernel: kernels.slowIncrement, attributes: { milliseconds: 0 }, operands: [range(buffer, length)] },
  ]);
  assert.equal(await device.execute(prepared, [], [], [range(buffer, 1, length - 1)]), [Float32Array.of(1)]);
  await device.close();
});

test('the objects of a computing thread take little memory, however many it makes', async () => {
  const device = await openCpu({ kernelTable, threads: 1 });
  const buffer = device.allocate(4);
  const commands = [{ kernel: kernels.littering, attributes: {}, operands: [range(buffer, 1)] }];
  const [[mebibytes]] = await device.execute(await device.prepare(commands), [], [], [range(buffer, 1)]);
  assert.ok(mebibytes! > 0 && mebibytes! <= 6, `${mebibytes} MiB`);
  await device.close();
});

test('an idle device does not keep the process alive, work under way does', () => {
  const program = `
    import { openCpu } from '#src/device/cpu/node';
    import { kernels } from '${kernelTable}';
    const device = await openCpu({ simd: 'off', kernelTable: '${kernelTable}' });
    const buffer = device.allocate(4);
    const y = { buffer, dtype: 'float32', offset: 0, length: 1 };
    const prepared = await device.prepare([
      { kernel: kernels.slowIncrement, attributes: { milliseconds: 300 }, operands: [y] },
    ]);
    device.execute(prepared, [], [], [y]).then(([value]) => console.log('done', value[0]));
  `;
  const args = ['--input-type=module', '--eval', program];
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.is(stderr, '');
  assert.is(stdout, 'done 1\n');
  assert.is(signal, null);
  assert.is(status, 0);
});

test('under a limit on virtual memory the sentence says what to do', () => {
  if (process.platform !== 'linux') return;
  const program = `
    import { openCpu } from '#src/device/cpu/node';
    await openCpu({ simd: 'off', kernelTable: '${kernelTable}' }).catch((error) => console.log(error.message));
  `;
  // Node itself reserves more or less address space from version to version: what it has, and 2 GB.
  const shell = `
    base=$("$0" --eval 'console.log(/VmPeak:\\s+(\\d+)/.exec(require("fs").readFileSync("/proc/self/status", "utf8"))[1])')
    ulimit -v $((base + 2000000))
    exec "$0" --input-type=module --eval "$1"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', shell, process.execPath, program], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  // Newer Nodes reserve what they get, and then end themselves when the first worker finds nothing left.
  if (stdout === '') return assert.match(stderr, /Fatal process out of memory/);
  assert.is(
    stdout,
    'The CPU device could not reserve 4 GiB of address space for its memory (CPU device): ' +
      'raise the limit on virtual memory (ulimit -v unlimited)\n',
  );
});

test.run();
