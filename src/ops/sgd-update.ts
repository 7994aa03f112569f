/**
 * Stochastic gradient descent over one chunk of an arena, all parameters in one launch (PyTorch's torch.optim.SGD):
 *
 *     g = scale gradient + decay w;   v = momentum v + g;   d = g + momentum v (Nesterov), else v;   w = w - rate d
 *
 * `rate` and `decay` belong to the group of the element's 64-element block; `scale` and whether to update at all
 * come from the gate (gradient-gate.ts). Without momentum v is absent and d = g.
 */
import { type Kernel, stepValueAddress, type Varying } from '../device/kernel.js';
import { simdEntry } from '../device/simd-entry.js';
import { BLOCK } from '../tensor/arena.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from './pointwise.js';

export interface SgdAttributes extends FlatAttributes {
  /** First step value of the groups: rate and decay of group 0, then of group 1, ... */
  readonly groups: Varying;
  readonly momentum: Varying;
  readonly hasMomentum: boolean;
  readonly nesterov: boolean;
}

export const sgdKernel: Kernel<SgdAttributes> = {
  name: 'sgd',
  bindings: [
    { name: 'gradients', access: 'read' },
    { name: 'blockGroups', access: 'read' },
    { name: 'gate', access: 'read' },
    { name: 'parameters', access: 'read_write' },
    { name: 'velocity', access: 'read_write', optional: true },
  ],
  shader: {
    variants: flatVariant<SgdAttributes>('sgd.wgsl', ['step.wgsl', 'step-float.wgsl']),
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
    run({ attributes, operands: [gradients, blockGroups, gate, parameters, velocity], step, begin, end }) {
      if (gate[GATE.finite] === 0) return;
      const { count, groups, hasMomentum, nesterov } = attributes;
      const momentum = step[attributes.momentum.varying];
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const group = groups.varying + 2 * blockGroups[Math.floor(i / BLOCK)];
        const g = gradients[i] * gate[GATE.scale] + step[group + 1] * parameters[i];
        let direction = g;
        if (hasMomentum) {
          const v = momentum * velocity[i] + g;
          velocity[i] = v;
          direction = nesterov ? g + momentum * v : v;
        }
        parameters[i] -= step[group] * direction;
      }
    },
  },
  simd: simdEntry('sgd', {
    arguments(attributes, [gradients, blockGroups, gate, parameters, velocity], begin, end) {
      return {
        gradients,
        blockGroups,
        gate,
        parameters,
        velocity,
        groups: stepValueAddress(attributes.groups),
        momentum: stepValueAddress(attributes.momentum),
        hasMomentum: attributes.hasMomentum,
        nesterov: attributes.nesterov,
        ...flatElements(attributes.count, begin, end),
      };
    },
  }),
};
