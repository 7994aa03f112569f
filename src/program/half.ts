/**
 * Mixed precision: which values of a program are kept as float16.
 *
 * Kernels compute in float32 whatever is stored, sums and statistics included, and weights, moments and losses are
 * float32 throughout. What may be half as large is said by the bindings (`half` in device/kernel.ts): activations, and
 * gradients with respect to them, which are most of a training program's memory and traffic. A value is kept as
 * float16 when every launch that touches it allows that, and the program neither got it from the host nor returns it.
 *
 * Convolutions read their weights many times over, from float16 copies that are made just before, as what is multiplied
 * with them is float16 as well: no more digits would count. The optimiser goes on with the float32 originals (Micikevicius
 * et al., "Mixed precision training", 2018).
 */
import { halfCopyKernel } from '../device/half-copy.js';
import type { Launch, NewTemporary, Storage, TemporaryStorage } from './storage.js';

/** The launches with such values as float16. */
export function storeHalf(
  launches: readonly Launch[],
  kept: ReadonlySet<Storage>,
  temporary: NewTemporary,
): readonly Launch[] {
  const halves = new Map<Storage, TemporaryStorage>();
  const refused = new Set<Storage>(kept);
  const withCopies = copyWeights(launches, temporary);
  for (const { kernel, operands } of withCopies) {
    operands.forEach((storage, i) => {
      if (storage === null || refused.has(storage)) return;
      const { half } = kernel.bindings[i];
      if (storage.kind === 'temporary' && storage.dtype === 'float32' && half)
        halves.set(storage, { ...storage, dtype: 'float16' });
      else refused.add(storage);
    });
  }
  for (const storage of refused) halves.delete(storage);
  return withCopies.map((launch) => ({
    ...launch,
    operands: launch.operands.map((storage) => (storage === null ? null : (halves.get(storage) ?? storage))),
  }));
}

/**
 * The launches with a copy of each state that one of them reads where its binding says 'copy'. Every reader has its own:
 * a copy that waited for the backward pass would take the memory that it saves.
 */
function copyWeights(launches: readonly Launch[], temporary: NewTemporary): Launch[] {
  return launches.flatMap((launch) => {
    const copies: Launch[] = [];
    const operands = launch.operands.map((storage, i) => {
      if (storage?.kind !== 'state' || launch.kernel.bindings[i].half !== 'copy') return storage;
      const { length } = storage;
      const copy = temporary('float32', length);
      copies.push({ kernel: halfCopyKernel, attributes: { count: length }, operands: [storage, copy] });
      return copy;
    });
    return [...copies, { ...launch, operands }];
  });
}
