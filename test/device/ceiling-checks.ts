/** What the kernels of the ceilings must compute, on any device. */
import type { Backend } from '#src/device/backend';
import { copyKernel, multiplyAddKernel, STEPS } from '#src/device/ceilings';
import type { BufferRange, Command } from '#src/device/kernel';
import * as assert from 'uvu/assert';

/** Sums of numbers that went through x = x + 1/4 some times, exactly. */
export async function multipliedAndAdded(backend: Backend, chains: number): Promise<void> {
  const count = 300;
  const operands = floats(backend, 2);
  const out = floats(backend, count);
  backend.write(operands, Float32Array.of(1, 0.25));
  const command = {
    kernel: multiplyAddKernel,
    attributes: { count, chains, rounds: 2 },
    operands: [operands, out],
  };
  const numbers = 4 * chains;
  // Each number has grown by a quarter at every step.
  const expected = (numbers * (numbers + 1)) / 2 + (numbers * 2 * STEPS) / 4;
  assert.equal(new Set(Array.from(await run(backend, command, out))), new Set([expected]));
}

export async function copied(backend: Backend): Promise<void> {
  const count = 3 * 16_384;
  const [x, out] = [floats(backend, count), floats(backend, count)];
  const data = Float32Array.from({ length: count }, (_, i) => i + 1);
  backend.write(x, data);
  assert.equal(
    await run(backend, { kernel: copyKernel, attributes: { count }, operands: [x, out] }, out),
    data,
  );
}

/** What the command leaves in `out`; its memory is given back. */
async function run(backend: Backend, command: Command, out: BufferRange): Promise<ArrayLike<number>> {
  const prepared = await backend.prepare([command]);
  const [values] = await backend.execute(prepared, [], [], [out]);
  backend.discard(prepared);
  for (const range of command.operands) if (range !== null) backend.release(range.buffer);
  return values!;
}

function floats(backend: Backend, length: number): BufferRange {
  return { buffer: backend.allocate(length * 4), dtype: 'float32', offset: 0, length };
}
