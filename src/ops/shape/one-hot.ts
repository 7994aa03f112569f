/**
 * y[i, j] = 1 where j = labels[i], else 0. Labels from host data are checked; one computed on the device that is
 * no class makes its row NaN.
 */
import { float, type Kernel } from '../../device/kernel.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit } from '../core/apply.js';
import { assertInside, expectIndices } from './gather.js';
import { flatRange, flatUnits, flatVariant } from '../core/flat.js';

interface OneHotAttributes {
  readonly count: number;
  readonly classes: number;
}

export const oneHotKernel: Kernel<OneHotAttributes> = {
  name: 'oneHot',
  bindings: [
    { name: 'labels', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: flatVariant<OneHotAttributes>('shape/one-hot.wgsl', []),
    choose: () => 'flat',
    // WGSL has no NaN literal: it travels as data.
    words: ({ count, classes }) => [count, classes, float(Number.NaN)],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, classes }, operands: [labels, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++)
        y[i] = oneHotAt(labels[Math.floor(i / classes)], i % classes, classes);
    },
  },
};

/** 1 where `j` is the label, else 0; NaN for a label that is no class. */
export function oneHotAt(label: number, j: number, classes: number): number {
  if (!(label >= 0 && label < classes)) return Number.NaN;
  return label === j ? 1 : 0;
}

export const oneHotOperation: Operation<{ readonly classes: number }> = {
  name: 'oneHot',
  shape({ classes }, [labels]) {
    expectIndices('oneHot', labels);
    assertInside('oneHot', labels, classes);
    return [labels.length, classes];
  },
  forward: ({ classes }, [labels], shape) =>
    emit(oneHotKernel, { count: labels.length * classes, classes }, [labels], shape),
  gradient: { notDifferentiable: 'labels are whole numbers' },
};

/** Class indices int32 [rows] as probabilities float32 [rows, classes]. */
export function oneHot(labels: TensorLike, classes: number): Tensor {
  return apply(oneHotOperation, { classes }, [labels]);
}
