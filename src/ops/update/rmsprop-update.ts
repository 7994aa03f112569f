/**
 * RMSprop (Hinton's lecture 6e, 2012) over one chunk of an arena, all parameters in one launch:
 *
 *     g = scale gradient + decay w;   s = alpha s + (1 - alpha) g^2
 *     'outside' (PyTorch's torch.optim.RMSprop):  d = g / (sqrt(s) + epsilon)
 *     'inside' (Keras):                           d = g / sqrt(s + epsilon)
 *     v = momentum v + d;   w = w - rate v
 *
 * Without momentum v is absent and d stands in its place. Keras keeps the rate inside v, which is the same as long as
 * the rate is.
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
export type RootPlacement = 'outside' | 'inside';

export interface RmspropAttributes extends UpdateAttributes {
  /** Step values alpha, 1 - alpha, momentum, epsilon, one after another. */
  readonly numbers: Varying;
  readonly hasMomentum: boolean;
  readonly epsilonPlacement: RootPlacement;
}

export const rmspropKernel: Kernel<RmspropAttributes> = {
  name: 'rmsprop',
  bindings: [
    ...UPDATE_BINDINGS,
    { name: 'squares', access: 'read_write' },
    { name: 'velocity', access: 'read_write', optional: true },
  ],
  shader: {
    variants: flatVariant<RmspropAttributes>('update/rmsprop.wgsl', UPDATE_FILES),
    choose: () => 'flat',
    words: ({ count, groups, numbers, hasMomentum, epsilonPlacement }) => [
      count,
      groups.varying,
      numbers.varying,
      hasMomentum ? 1 : 0,
      epsilonPlacement === 'inside' ? 1 : 0,
    ],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run(call) {
      const [gradients, , , parameters, squares, velocity] = call.operands;
      const { numbers, hasMomentum, epsilonPlacement } = call.attributes;
      const [alpha, rest, momentum, epsilon] = [0, 1, 2, 3].map((i) => call.step[numbers.varying + i]);
      updateBlocks(call, ({ first, last, rate, decay, scale }) => {
        for (let i = first; i < last; i++) {
          const g = gradients[i] * scale + decay * parameters[i];
          squares[i] = alpha * squares[i] + rest * g * g;
          const root =
            epsilonPlacement === 'outside'
              ? Math.sqrt(squares[i]) + epsilon
              : Math.sqrt(squares[i] + epsilon);
          let direction = g / root;
          if (hasMomentum) {
            direction += momentum * velocity[i];
            velocity[i] = direction;
          }
          parameters[i] -= rate * direction;
        }
      });
    },
  },
  simd: simdEntry('rmsprop', {
    arguments(attributes, pointers, begin, end) {
      const [, , , , squares, velocity] = pointers;
      return {
        squares,
        velocity,
        numbers: stepValueAddress(attributes.numbers),
        hasMomentum: attributes.hasMomentum,
        inside: attributes.epsilonPlacement === 'inside',
        ...updateArguments(attributes, pointers, begin, end),
      };
    },
  }),
};
