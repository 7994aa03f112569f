/**
 * Stochastic gradient descent over one chunk of an arena, all parameters in one launch (PyTorch's torch.optim.SGD):
 *
 *     g = scale gradient + decay w;   v = momentum v + g;   d = g + momentum v (Nesterov), else v;   w = w - rate d
 *
 * `rate` and `decay` belong to the group of the element's 64-element block; `scale` and whether to update at all
 * come from the gate (gradient-gate.ts). Without momentum v is absent and d = g.
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

export interface SgdAttributes extends UpdateAttributes {
  readonly momentum: Varying;
  readonly hasMomentum: boolean;
  readonly nesterov: boolean;
}

export const sgdKernel: Kernel<SgdAttributes> = {
  name: 'sgd',
  bindings: [...UPDATE_BINDINGS, { name: 'velocity', access: 'read_write', optional: true }],
  shader: {
    variants: flatVariant<SgdAttributes>('update/sgd.wgsl', UPDATE_FILES),
    choose: () => 'flat',
    words: ({ count, groups, momentum, hasMomentum, nesterov }) => [
      count,
      groups.varying,
      momentum.varying,
      hasMomentum ? 1 : 0,
      nesterov ? 1 : 0,
    ],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run(call) {
      const [gradients, , , parameters, velocity] = call.operands;
      const { hasMomentum, nesterov } = call.attributes;
      const momentum = call.step[call.attributes.momentum.varying];
      updateBlocks(call, ({ first, last, rate, decay, scale }) => {
        for (let i = first; i < last; i++) {
          const g = gradients[i] * scale + decay * parameters[i];
          let direction = g;
          if (hasMomentum) {
            const v = momentum * velocity[i] + g;
            velocity[i] = v;
            direction = nesterov ? g + momentum * v : v;
          }
          parameters[i] -= rate * direction;
        }
      });
    },
  },
  simd: simdEntry('sgd', {
    arguments: (attributes, pointers, begin, end) => ({
      velocity: pointers[4],
      momentum: stepValueAddress(attributes.momentum),
      hasMomentum: attributes.hasMomentum,
      nesterov: attributes.nesterov,
      ...updateArguments(attributes, pointers, begin, end),
    }),
  }),
};
