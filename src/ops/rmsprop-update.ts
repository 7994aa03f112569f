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
import { type Kernel, stepValueAddress, type Varying } from '../device/kernel.js';
import { simdEntry } from '../device/simd-entry.js';
import { BLOCK } from '../tensor/arena.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from './pointwise.js';

/** Where epsilon is added: see above. */
export type RootPlacement = 'outside' | 'inside';

export interface RmspropAttributes extends FlatAttributes {
  /** First step value of the groups: rate and decay of group 0, then of group 1, ... */
  readonly groups: Varying;
  /** Step values alpha, 1 - alpha, momentum, epsilon, one after another. */
  readonly numbers: Varying;
  readonly hasMomentum: boolean;
  readonly epsilonPlacement: RootPlacement;
}

export const rmspropKernel: Kernel<RmspropAttributes> = {
  name: 'rmsprop',
  bindings: [
    { name: 'gradients', access: 'read' },
    { name: 'blockGroups', access: 'read' },
    { name: 'gate', access: 'read' },
    { name: 'parameters', access: 'read_write' },
    { name: 'squares', access: 'read_write' },
    { name: 'velocity', access: 'read_write', optional: true },
  ],
  shader: {
    variants: flatVariant<RmspropAttributes>('rmsprop.wgsl', ['step.wgsl', 'step-float.wgsl']),
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
    run({ attributes, operands, step, begin, end }) {
      const [gradients, blockGroups, gate, parameters, squares, velocity] = operands;
      if (gate[GATE.finite] === 0) return;
      const { count, groups, numbers, hasMomentum, epsilonPlacement } = attributes;
      const [alpha, rest, momentum, epsilon] = [0, 1, 2, 3].map((i) => step[numbers.varying + i]);
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const group = groups.varying + 2 * blockGroups[Math.floor(i / BLOCK)];
        const g = gradients[i] * gate[GATE.scale] + step[group + 1] * parameters[i];
        squares[i] = alpha * squares[i] + rest * g * g;
        const root =
          epsilonPlacement === 'outside' ? Math.sqrt(squares[i]) + epsilon : Math.sqrt(squares[i] + epsilon);
        let direction = g / root;
        if (hasMomentum) {
          direction += momentum * velocity[i];
          velocity[i] = direction;
        }
        parameters[i] -= step[group] * direction;
      }
    },
  },
  simd: simdEntry('rmsprop', {
    arguments(attributes, [gradients, blockGroups, gate, parameters, squares, velocity], begin, end) {
      return {
        gradients,
        blockGroups,
        gate,
        parameters,
        squares,
        velocity,
        groups: stepValueAddress(attributes.groups),
        numbers: stepValueAddress(attributes.numbers),
        hasMomentum: attributes.hasMomentum,
        inside: attributes.epsilonPlacement === 'inside',
        ...flatElements(attributes.count, begin, end),
      };
    },
  }),
};
