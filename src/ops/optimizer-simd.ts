/** Entries of the optimisers' kernels into the WebAssembly SIMD module (src/device/cpu/simd/update.ts). */
import { type SimdEntry, stepValueAddress } from '../device/kernel.js';
import type { AdamAttributes } from './adam-update.js';
import { flatRange } from './flat.js';
import type { SquaredNormAttributes } from './gradient-gate.js';
import type { PullAttributes } from './pull-to-start.js';
import type { RmspropAttributes } from './rmsprop-update.js';
import type { SamPerturbationAttributes } from './sam-perturbation.js';
import type { SgdAttributes } from './sgd-update.js';
import type { WeightAverageAttributes } from './weight-average.js';

/** Elements that one partial sum of the squared norm covers. */
export const PARTIAL = 4096;

export const squaredNormSimd: SimdEntry<SquaredNormAttributes> = {
  entry: 'squaredNorm',
  arguments: ({ count, outOffset }, [x, partials], begin, end) => [
    ...[x, partials + outOffset * 4],
    ...[begin, end, count, PARTIAL],
  ],
};

export const sgdSimd: SimdEntry<SgdAttributes> = {
  entry: 'sgd',
  arguments({ count, groups, momentum, hasMomentum, nesterov }, pointers, begin, end) {
    return [
      ...pointers.slice(0, 5),
      ...flatRange(count, begin, end),
      ...[stepValueAddress(groups), stepValueAddress(momentum)],
      ...[Number(hasMomentum), Number(nesterov)],
    ];
  },
};

export const rmspropSimd: SimdEntry<RmspropAttributes> = {
  entry: 'rmsprop',
  arguments({ count, groups, numbers, hasMomentum, epsilonPlacement }, pointers, begin, end) {
    return [
      ...pointers.slice(0, 6),
      ...flatRange(count, begin, end),
      ...[stepValueAddress(groups), stepValueAddress(numbers)],
      ...[Number(hasMomentum), Number(epsilonPlacement === 'inside')],
    ];
  },
};

export const adamSimd: SimdEntry<AdamAttributes> = {
  entry: 'adam',
  arguments({ count, groups, numbers, decoupled, epsilonPlacement }, pointers, begin, end) {
    return [
      ...pointers.slice(0, 6),
      ...flatRange(count, begin, end),
      ...[stepValueAddress(groups), stepValueAddress(numbers)],
      ...[Number(decoupled), Number(epsilonPlacement === 'hat')],
    ];
  },
};

export const samPerturbationSimd: SimdEntry<SamPerturbationAttributes> = {
  entry: 'samPerturbation',
  arguments: ({ count, radius }, pointers, begin, end) => [
    ...pointers.slice(0, 4),
    ...flatRange(count, begin, end),
    stepValueAddress(radius),
  ],
};

export const weightAverageSimd: SimdEntry<WeightAverageAttributes> = {
  entry: 'weightAverage',
  arguments: ({ count, share }, pointers, begin, end) => [
    ...pointers.slice(0, 3),
    ...flatRange(count, begin, end),
    stepValueAddress(share),
  ],
};

export const pullToStartSimd: SimdEntry<PullAttributes> = {
  entry: 'pullToStart',
  arguments: ({ count, pulls }, pointers, begin, end) => [
    ...pointers.slice(0, 4),
    ...flatRange(count, begin, end),
    stepValueAddress(pulls),
  ],
};
