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
import { type Kernel, stepValueAddress, type Varying } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { flatUnits, flatVariant } from '../core/flat.js';
import {
  UPDATE_BINDINGS,
  UPDATE_FILES,
  type UpdateAttributes,
  updateArguments,
  updateBlocks,
} from './update.js';

/** Where epsilon is added: see above. */
export type EpsilonPlacement = 'corrected' | 'hat';

export interface AdamAttributes extends UpdateAttributes {
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
    ...UPDATE_BINDINGS,
    { name: 'firstMoment', access: 'read_write' },
    { name: 'secondMoment', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<AdamAttributes>('update/adam.wgsl', UPDATE_FILES),
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
    run(call) {
      const [gradients, , , parameters, m, v] = call.operands;
      const { numbers, decoupled, epsilonPlacement } = call.attributes;
      const at = numbers.varying;
      const [beta1, rest1, beta2, rest2, correction1, correction2, epsilon] = Array.from(
        { length: ADAM_NUMBERS },
        (_, i) => call.step[at + i],
      );
      updateBlocks(call, ({ first, last, rate, decay, scale }) => {
        for (let i = first; i < last; i++) {
          const w = decoupled ? parameters[i] * (1 - rate * decay) : parameters[i];
          const g = gradients[i] * scale + (decoupled ? 0 : decay * w);
          m[i] = beta1 * m[i] + rest1 * g;
          v[i] = beta2 * v[i] + rest2 * g * g;
          parameters[i] =
            epsilonPlacement === 'corrected'
              ? w - ((rate / correction1) * m[i]) / (Math.sqrt(v[i] / correction2) + epsilon)
              : w - ((rate * Math.sqrt(correction2)) / correction1) * (m[i] / (Math.sqrt(v[i]) + epsilon));
        }
      });
    },
  },
  simd: simdEntry('adam', {
    arguments(attributes, pointers, begin, end) {
      const [, , , , m, v] = pointers;
      return {
        m,
        v,
        numbers: stepValueAddress(attributes.numbers),
        decoupled: attributes.decoupled,
        hat: attributes.epsilonPlacement === 'hat',
        ...updateArguments(attributes, pointers, begin, end),
      };
    },
  }),
};
