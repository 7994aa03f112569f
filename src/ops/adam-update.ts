/**
 * Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019) over one chunk of an arena, one launch:
 *
 *     g = scale gradient (+ decay w, Adam);   w = w - rate decay w (AdamW)
 *     m = beta1 m + (1 - beta1) g;   v = beta2 v + (1 - beta2) g^2;   c1 = 1 - beta1^t, c2 = 1 - beta2^t
 *     'corrected' (PyTorch, and the paper's algorithm):  w = w - rate (m / c1) / (sqrt(v / c2) + epsilon)
 *     'hat' (Keras, and the paper's section 2):          w = w - rate (sqrt(c2) / c1) m / (sqrt(v) + epsilon)
 *
 * The two placements of epsilon differ by a factor of sqrt(c2) on it; they are not interchangeable.
 */
import { type Kernel, stepValueAddress, type Varying } from '../device/kernel.js';
import { simdEntry } from '../device/simd-entry.js';
import { BLOCK } from '../tensor/arena.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from './pointwise.js';

/** Where epsilon is added: see above. */
export type EpsilonPlacement = 'corrected' | 'hat';

export interface AdamAttributes extends FlatAttributes {
  /** First step value of the groups: rate and decay of group 0, then of group 1, ... */
  readonly groups: Varying;
  /**
   * Step values beta1, 1 - beta1, beta2, 1 - beta2, 1 - beta1^t, 1 - beta2^t, epsilon, one after another. The
   * differences come from the host: in float32, 1 - 0.999 is off by 1e-5 of itself.
   */
  readonly numbers: Varying;
  readonly decoupled: boolean;
  readonly epsilonPlacement: EpsilonPlacement;
}

/** How many step values `numbers` stands for. */
const ADAM_NUMBERS = 7;

export const adamKernel: Kernel<AdamAttributes> = {
  name: 'adam',
  bindings: [
    { name: 'gradients', access: 'read' },
    { name: 'blockGroups', access: 'read' },
    { name: 'gate', access: 'read' },
    { name: 'parameters', access: 'read_write' },
    { name: 'firstMoment', access: 'read_write' },
    { name: 'secondMoment', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<AdamAttributes>('adam.wgsl', ['step.wgsl', 'step-float.wgsl']),
    choose: () => 'flat',
    words: ({ count, groups, numbers, decoupled, epsilonPlacement }) => [
      count,
      groups.varying,
      numbers.varying,
      decoupled ? 1 : 0,
      epsilonPlacement === 'hat' ? 1 : 0,
    ],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [gradients, blockGroups, gate, parameters, m, v], step, begin, end }) {
      if (gate[GATE.finite] === 0) return;
      const { count, groups, numbers, decoupled, epsilonPlacement } = attributes;
      const at = numbers.varying;
      const [beta1, rest1, beta2, rest2, correction1, correction2, epsilon] = Array.from(
        { length: ADAM_NUMBERS },
        (_, i) => step[at + i],
      );
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const group = groups.varying + 2 * blockGroups[Math.floor(i / BLOCK)];
        const rate = step[group];
        const decay = step[group + 1];
        const w = decoupled ? parameters[i] * (1 - rate * decay) : parameters[i];
        const g = gradients[i] * gate[GATE.scale] + (decoupled ? 0 : decay * w);
        m[i] = beta1 * m[i] + rest1 * g;
        v[i] = beta2 * v[i] + rest2 * g * g;
        parameters[i] =
          epsilonPlacement === 'corrected'
            ? w - ((rate / correction1) * m[i]) / (Math.sqrt(v[i] / correction2) + epsilon)
            : w - ((rate * Math.sqrt(correction2)) / correction1) * (m[i] / (Math.sqrt(v[i]) + epsilon));
      }
    },
  },
  simd: simdEntry('adam', {
    arguments(attributes, [gradients, blockGroups, gate, parameters, m, v], begin, end) {
      return {
        gradients,
        blockGroups,
        gate,
        parameters,
        m,
        v,
        groups: stepValueAddress(attributes.groups),
        numbers: stepValueAddress(attributes.numbers),
        decoupled: attributes.decoupled,
        hat: attributes.epsilonPlacement === 'hat',
        ...flatElements(attributes.count, begin, end),
      };
    },
  }),
};
