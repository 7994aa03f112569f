/**
 * Mixed precision: which values of a program are kept as float16.
 *
 * Kernels compute in float32 whatever is stored, sums and statistics included, and weights, moments and losses are
 * float32 throughout. What may be half as large is said by the bindings (`half` in device/kernel.ts): activations, and
 * gradients with respect to them, which are most of a training program's memory and traffic. A value is kept as
 * float16 when every launch that touches it allows that, and the program neither got it from the host nor returns it.
 */
import type { Launch, Storage, TemporaryStorage } from './storage.js';

/** The launches with such values as float16. */
export function storeHalf(launches: readonly Launch[], kept: ReadonlySet<Storage>): readonly Launch[] {
  const halves = new Map<Storage, TemporaryStorage>();
  const refused = new Set<Storage>(kept);
  for (const { kernel, operands } of launches) {
    operands.forEach((storage, i) => {
      if (storage === null || refused.has(storage)) return;
      if (storage.kind === 'temporary' && storage.dtype === 'float32' && kernel.bindings[i].half === true)
        halves.set(storage, { ...storage, dtype: 'float16' });
      else refused.add(storage);
    });
  }
  for (const storage of refused) halves.delete(storage);
  return launches.map((launch) => ({
    ...launch,
    operands: launch.operands.map((storage) => (storage === null ? null : (halves.get(storage) ?? storage))),
  }));
}
