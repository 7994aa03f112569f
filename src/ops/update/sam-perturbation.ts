/**
 * The way up of sharpness-aware minimisation (Foret et al., "Sharpness-aware minimization for efficiently improving
 * generalization", ICLR 2021, equation 2) over one chunk of an arena, in one launch: the weights are kept, then moved
 * by `radius` along their gradient, which is cleared for the second one.
 *
 *     kept = w;   w = w + radius g / (|g| + 1e-12);   g = 0
 *
 * |g|, over all chunks, comes from a gate (gradient-gate.ts). When it is not finite the weights stay, and the gradients
 * too: whatever is added to them, the gate of the update sees that the step failed.
 */
import { type Kernel, stepValueAddress, type Varying } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from '../core/flat.js';

export interface SamPerturbationAttributes extends FlatAttributes {
  /** Step value. */
  readonly radius: Varying;
}

export const samPerturbationKernel: Kernel<SamPerturbationAttributes> = {
  name: 'samPerturbation',
  bindings: [
    { name: 'gate', access: 'read' },
    { name: 'parameters', access: 'read_write' },
    { name: 'gradients', access: 'read_write' },
    { name: 'kept', access: 'write' },
  ],
  shader: {
    variants: flatVariant<SamPerturbationAttributes>('update/sam-perturbation.wgsl', [
      'step.wgsl',
      'step-float.wgsl',
    ]),
    choose: () => 'flat',
    words: ({ count, radius }) => [count, radius.varying],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, radius }, operands: [gate, parameters, gradients, kept], step, begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      const factor = step[radius.varying] / (gate[GATE.norm] + 1e-12);
      for (let i = first; i < last; i++) kept[i] = parameters[i];
      if (gate[GATE.finite] === 0) return;
      for (let i = first; i < last; i++) {
        parameters[i] += factor * gradients[i];
        gradients[i] = 0;
      }
    },
  },
  simd: simdEntry('samPerturbation', {
    arguments: ({ count, radius }, [gate, parameters, gradients, kept], begin, end) => ({
      gate,
      parameters,
      gradients,
      kept,
      radius: stepValueAddress(radius),
      ...flatElements(count, begin, end),
    }),
  }),
};
