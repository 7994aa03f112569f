/** What the WebGPU device says when something goes wrong: always one sentence with kernel, shapes and limit. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { BufferRange, Command, Kernel } from '#src/device/kernel';
import type { WebGPUBackend } from '#src/device/webgpu/backend';
import { openDawn } from '#src/device/webgpu/node';
import { AttuneError } from '#src/errors';
import { limitBindings, sharedWebGPU } from './shared-webgpu.js';
import { alpha, axpy, axpyKernel, floats, release, rowSum, rowSumKernel, runOnce } from './test-kernels.js';

test('a shader that does not compile is named with file, line and kernel', async () => {
  const gpu = await sharedWebGPU();
  const kernel = changed({ file: '../test/device/shaders/broken.wgsl' });
  const error = await failure(withOperands(gpu, kernel));
  assert.is(error.code, 'device');
  assert.match(error.message, /does not compile: .*nothing.* \(kernel axpy, .*broken\.wgsl:4:11\)/);
});

test('a shader file that is not there is named', async () => {
  const gpu = await sharedWebGPU();
  const error = await failure(withOperands(gpu, changed({ file: 'no-such-file.wgsl' })));
  assert.match(error.message, /a shader cannot be read: .*ENOENT.*\(no-such-file\.wgsl\)/);
});

test('a pipeline beyond a limit of the GPU is named with its constants', async () => {
  const gpu = await sharedWebGPU();
  const lanes = 4 * gpu.traits.maxInvocationsPerWorkgroup;
  const error = await failure(withOperands(gpu, changed({ constants: { WORKGROUP: lanes } })));
  assert.match(error.message, new RegExp(`kernel axpy, .*"WORKGROUP":${lanes}`));
});

test('an operand larger than a binding is refused with kernel, operand, bytes and limit', async () => {
  const gpu = await openDawn();
  const limit = 2 ** 20;
  limitBindings(gpu, limit);
  const length = limit / 4 + 1;
  const x = floats(gpu, length);
  const out = floats(gpu, 1);
  const error = await failure(gpu.prepare([rowSum(x, out, length)]));
  assert.is(error.code, 'device');
  assert.match(
    error.message,
    new RegExp(`operand x has ${4 * length} bytes, more than the ${limit} .*kernel rowSum`),
  );
  assert.match(error.message, new RegExp(`"columns":${length}`));
  assert.match(error.hint ?? '', /smaller batch/);
  await gpu.close();
});

test('a grid beyond the limit is refused with kernel and limit', async () => {
  const gpu = await sharedWebGPU();
  const kernel = changed({ grid: () => [1, 65_536, 1] });
  const error = await failure(withOperands(gpu, kernel));
  assert.match(error.message, /grid of 1 x 65536 x 1 .* outside 1 to \d+ .*kernel axpy/);
  const zero = await failure(withOperands(gpu, changed({ grid: () => [0, 1, 1] })));
  assert.match(zero.message, /grid of 0 x 1 x 1/);
});

test('memory beyond the limit is refused at once', async () => {
  const gpu = await sharedWebGPU();
  const limit = gpu.info.limits.maxBufferSize;
  const bytes = limit + 4;
  const before = { ...gpu.counters };
  assert.throws(
    () => gpu.allocate(bytes),
    (error: AttuneError) => {
      return error.code === 'device' && error.message.includes(`${limit}`);
    },
  );
  assert.equal(gpu.counters, before);
});

test('memory that cannot be had is an error where it is used, and only there', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 3, [1, 2, 3]);
  const out = outOfMemory(gpu, () => floats(gpu, 3));
  gpu.write(out, new Float32Array(3));
  const error = await failure(runOnce(gpu, [axpy(x, out)], [out], alpha(1)));
  assert.match(error.message, /out of memory \(allocating 12 bytes\).*smaller batch/);
  assert.match((await failure(runOnce(gpu, [], [out]))).message, /out of memory \(allocating 12 bytes\)/);
  release(gpu, out);
  const [values] = await runOnce(gpu, [], [x]);
  assert.equal([...values], [1, 2, 3], 'the device goes on');
  release(gpu, x);
});

test('a run that the GPU refuses raises, and returns no zeros', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 3, [1, 2, 3]);
  const out = floats(gpu, 3);
  const kept = floats(gpu, 3);
  const prepared = await gpu.prepare([axpy(x, out)]);
  release(gpu, out); // its bind group now holds destroyed memory
  const bytes = gpu.counters.liveBytes;
  const error = await failure(gpu.execute(prepared, [], alpha(1), [kept]));
  assert.match(error.message, /the GPU refused the work: .*destroyed.* \(a run of 1 launches\)/);
  assert.ok(gpu.counters.liveBytes <= bytes, 'staging memory was given back');
  assert.equal(await runOnce(gpu, [], [x]), [Float32Array.of(1, 2, 3)], 'the device goes on');
  gpu.discard(prepared);
  release(gpu, x, kept);
});

test('operands that share a written buffer are refused', async () => {
  const gpu = await sharedWebGPU();
  const buffer = gpu.allocate(1024);
  const part = (offset: number): BufferRange => ({ buffer, dtype: 'float32', offset, length: 3 });
  const message = async (command: Command) => (await failure(gpu.prepare([command]))).message;
  assert.match(await message(axpy(part(0), part(64))), /operands x and out share a buffer that is written/);
  const other = floats(gpu, 3);
  assert.match(await message(axpy(other, part(0), { total: part(0) })), /operands total and out share/);
  gpu.discard(await gpu.prepare([axpy(other, part(0), { total: part(64) })])); // disjoint: fine
  gpu.release(buffer);
  release(gpu, other);
});

test('misused operands are refused by name', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 100);
  const out = floats(gpu, 100);
  const message = async (operands: Command['operands']) => {
    const attributes = { rows: 3, columns: 1 };
    return (await failure(gpu.prepare([{ kernel: rowSumKernel, attributes, operands }]))).message;
  };
  assert.match(
    await message([null, out]),
    /operand x is missing .*kernel rowSum .*x: absent, out: 100 float32/,
  );
  assert.match(await message([x]), /1 operands for 2 bindings/);
  assert.match(await message([{ ...x, length: 101 }, out]), /bytes 0 to 404 lie outside a buffer of 400/);
  assert.match(
    await message([{ ...x, offset: 3, length: 3 }, out]),
    /operand x starts at byte 12, not a multiple/,
  );
  release(gpu, x, out);
  assert.match(await message([x, out]), /is not allocated/);
});

test('host data that does not fit its range is refused', async () => {
  const gpu = await sharedWebGPU();
  const x = floats(gpu, 4);
  assert.throws(
    () => gpu.write(x, new Float32Array(3)),
    /3 elements in a Float32Array do not fit 4 of float32/,
  );
  assert.throws(() => gpu.write(x, new Int32Array(4)), /4 elements in a Int32Array do not fit/);
  assert.equal(await runOnce(gpu, [], [x]), [new Float32Array(4)]);
  release(gpu, x);
});

test('an unknown variant is refused with those that there are', async () => {
  const gpu = await openDawn({ choices: { rowSum: 'fast' } });
  const error = await failure(gpu.prepare([rowSum(floats(gpu, 4), floats(gpu, 1), 4)]));
  assert.match(error.message, /no variant fast \(kernel rowSum\): it has narrow, wide/);
  await gpu.close();
});

test('a device lost in flight rejects what waits and every later call', async () => {
  const gpu = await openDawn();
  const n = 2 ** 20;
  const x = floats(gpu, n);
  const out = floats(gpu, n);
  const prepared = await gpu.prepare(Array.from({ length: 8 }, () => axpy(x, out)));
  const runs = [1, 2].map(() => failure(gpu.execute(prepared, [], alpha(1), [out])));
  const profile = failure(gpu.profile(prepared, alpha(1)));
  gpu['device'].destroy();
  for (const error of await Promise.all([...runs, profile])) {
    assert.is(error.code, 'device');
    assert.match(error.message, /^the GPU was lost: .* \(reason destroyed\): .*start again/);
  }
  for (const call of [() => gpu.execute(prepared, [], [], [out]), () => gpu.prepare([axpy(x, out)])]) {
    assert.match((await failure(call())).message, /the GPU was lost/);
  }
  assert.throws(() => gpu.allocate(4), /the GPU was lost/);
  assert.throws(() => gpu.write(x, new Float32Array(n)), /the GPU was lost/);
  gpu.discard(prepared);
  release(gpu, x, out);
  await gpu.close();
  assert.is(gpu.counters.liveBytes, 0);
  assert.is(gpu.lost, true);
});

test('a device lost while pipelines compile rejects', async () => {
  const gpu = await openDawn();
  const preparing = failure(gpu.prepare([axpy(floats(gpu, 4), floats(gpu, 4))]));
  gpu['device'].destroy();
  assert.match((await preparing).message, /the GPU was lost/);
  await gpu.close();
});

test('close waits for queued runs, gives everything back, and ends the device', async () => {
  const gpu = await openDawn();
  const x = floats(gpu, 1000, new Float32Array(1000).fill(3));
  const out = floats(gpu, 1000);
  const prepared = await gpu.prepare([axpy(x, out)]);
  const run = gpu.execute(prepared, [], alpha(2), [out]);
  const closed = gpu.close();
  assert.is(gpu.close(), closed, 'closing twice is closing once');
  const error = await failure(gpu.execute(prepared, [], [], [out]));
  assert.is(error.code, 'program');
  assert.match(error.message, /the GPU device is closed/);
  await closed;
  assert.is(gpu.lost, false, 'what was closed is not lost');
  assert.equal((await run)[0], new Float32Array(1000).fill(6));
  assert.throws(() => gpu.allocate(4), /closed/);
  gpu.discard(prepared);
  release(gpu, x, out);
  assert.is(gpu.counters.liveBytes, 0);
  assert.is(gpu.counters.buffersCreated, gpu.counters.buffersDestroyed);
});

/** The axpy kernel with another variant. */
function changed(variant: Partial<Kernel['shader']['variants'][string]>): Kernel {
  const plain = { ...axpyKernel.shader.variants.plain, ...variant };
  return { ...axpyKernel, shader: { ...axpyKernel.shader, variants: { plain } } };
}

/** Prepares a launch of an axpy-like kernel. */
async function withOperands(gpu: WebGPUBackend, kernel: Kernel): Promise<unknown> {
  const x = floats(gpu, 3);
  const out = floats(gpu, 3);
  try {
    return await gpu.prepare([{ ...axpy(x, out), kernel }]);
  } finally {
    release(gpu, x, out);
  }
}

/** The AttuneError that a promise rejects with; anything else fails the test. */
async function failure(promise: Promise<unknown>): Promise<AttuneError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AttuneError) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

/** Makes the device answer as one without memory: drivers of software adapters promise more than there is. */
function outOfMemory(gpu: WebGPUBackend, allocate: () => BufferRange): BufferRange {
  const device = gpu['device'];
  const { popErrorScope } = device;
  let scopes = 0;
  device.popErrorScope = async () => {
    const error = await popErrorScope.call(device);
    return scopes++ === 1 ? ({ message: 'Out of memory.' } as GPUError) : error; // internal, out-of-memory, validation
  };
  try {
    return allocate();
  } finally {
    device.popErrorScope = popErrorScope;
  }
}

test.run();
