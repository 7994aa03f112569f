/**
 * L2-SP (Xuhong, Grandvalet and Davoine, 2018) over one chunk of an arena: the gradient of the penalty
 * alpha / 2 |w - start|^2, added to the gradients before the gate sees them.
 *
 *     g = g + pull (w - start)
 *
 * `pull`, alpha, belongs to the group of the element's 64-element block: new layers have 0.
 */
import { type Kernel, stepValueAddress, type Varying } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { BLOCK } from '../../tensor/arena.js';
import { type FlatAttributes, flatElements, flatRange, flatUnits, flatVariant } from '../core/flat.js';

export interface PullAttributes extends FlatAttributes {
  /** First step value of the groups' pulls. */
  readonly pulls: Varying;
}

export const pullToStartKernel: Kernel<PullAttributes> = {
  name: 'pullToStart',
  bindings: [
    { name: 'blockGroups', access: 'read' },
    { name: 'parameters', access: 'read' },
    { name: 'start', access: 'read' },
    { name: 'gradients', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<PullAttributes>('update/pull-to-start.wgsl', ['step.wgsl', 'step-float.wgsl']),
    choose: () => 'flat',
    words: ({ count, pulls }) => [count, pulls.varying],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [blockGroups, parameters, start, gradients], step, begin, end }) {
      const [first, last] = flatRange(attributes.count, begin, end);
      for (let i = first; i < last; i++) {
        const pull = step[attributes.pulls.varying + blockGroups[Math.floor(i / BLOCK)]];
        gradients[i] += pull * (parameters[i] - start[i]);
      }
    },
  },
  simd: simdEntry('pullToStart', {
    arguments: ({ count, pulls }, [blockGroups, parameters, start, gradients], begin, end) => ({
      blockGroups,
      parameters,
      start,
      gradients,
      pulls: stepValueAddress(pulls),
      ...flatElements(count, begin, end),
    }),
  }),
};
