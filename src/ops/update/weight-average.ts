/**
 * The moving average of weights over one chunk of an arena, after an update (Polyak and Juditsky, 1992; torch's
 * AveragedModel with an exponential average):
 *
 *     a = a + share (w - a)
 *
 * A step whose gradients were not finite changed no weight, and changes no average.
 */
import { type Kernel, stepValueAddress, type Varying } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from '../core/flat.js';

export interface WeightAverageAttributes extends FlatAttributes {
  /** Step value: the share of the new weights, 1 - decay. */
  readonly share: Varying;
}

export const weightAverageKernel: Kernel<WeightAverageAttributes> = {
  name: 'weightAverage',
  bindings: [
    { name: 'gate', access: 'read' },
    { name: 'parameters', access: 'read' },
    { name: 'average', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<WeightAverageAttributes>('update/weight-average.wgsl', [
      'step.wgsl',
      'step-float.wgsl',
    ]),
    choose: () => 'flat',
    words: ({ count, share }) => [count, share.varying],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, share }, operands: [gate, parameters, average], step, begin, end }) {
      if (gate[GATE.finite] === 0) return;
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) average[i] += step[share.varying] * (parameters[i] - average[i]);
    },
  },
  simd: simdEntry('weightAverage', {
    arguments: ({ count, share }, [gate, parameters, average], begin, end) => ({
      gate,
      parameters,
      average,
      share: stepValueAddress(share),
      ...flatElements(count, begin, end),
    }),
  }),
};
