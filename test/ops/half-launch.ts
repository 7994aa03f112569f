/** One launch of a kernel some of whose operands are stored as float16. */
import type { Backend } from '#src/device/backend';
import type { DType, TypedArray } from '#src/device/dtype';
import type { BufferRange, Kernel } from '#src/device/kernel';
import { fromHalfBits, halfBits } from './half.js';
import type { Instance } from './kernel-instances.js';

/** What each operand that is there holds after the launch, as numbers; `halves` are stored as float16, by their place. */
export async function launchHalf(
  backend: Backend,
  kernel: Kernel,
  { attributes, operands, step = [] }: Instance,
  halves: readonly number[],
): Promise<(readonly number[] | TypedArray)[]> {
  const ranges = operands.map((operand, i): BufferRange | null => {
    if (operand === null) return null;
    const half = halves.includes(i) && operand.dtype === 'float32';
    const dtype: DType = half ? 'float16' : operand.dtype;
    const { length } = operand.values;
    const range = { buffer: backend.allocate(Math.max(4, 4 * length * 2)), dtype, offset: 0, length };
    const bits = half ? Uint16Array.from(operand.values, halfBits) : hostValues(backend, operand);
    if (length > 0) backend.write(range, bits);
    return range;
  });
  const present = ranges.filter((range) => range !== null);
  const prepared = await backend.prepare([{ kernel, attributes, operands: ranges }]);
  const results = await backend.execute(prepared, [], step, present);
  backend.discard(prepared);
  for (const { buffer } of present) backend.release(buffer);
  return results.map((values, i) =>
    present[i].dtype === 'float16' ? Array.from(values, fromHalfBits) : values,
  );
}

function hostValues(
  backend: Backend,
  { dtype, values }: NonNullable<Instance['operands'][number]>,
): TypedArray {
  if (dtype === 'float32' && backend.precision === 'float64') return Float64Array.from(values);
  const types = { float32: Float32Array, int32: Int32Array, uint32: Uint32Array, uint8: Uint8Array };
  return types[dtype as keyof typeof types].from(values as number[]);
}
