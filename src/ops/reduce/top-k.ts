/**
 * The k largest elements along an axis, from the largest on; of equal ones the first comes first. A NaN comes before every
 * number, as in PyTorch.
 *
 * The operation gives their indices. The values are taken by these, which brings their gradient along.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { Kernel } from '../../device/kernel.js';
import { normalizeAxis, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { Tensor, type TensorLike } from '../../tensor/tensor.js';
import { type AlongAxis, alongAxis, runRange, runStart, runUnits } from '../core/along-axis.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { takeAlongAxis } from '../shape/take-along-axis.js';
import { comesBefore, WORKGROUP_FROM } from './argmax.js';

interface TopKAttributes extends AlongAxis {
  readonly k: number;
}

export const topKKernel: Kernel<TopKAttributes> = {
  name: 'topK',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'indices', access: 'write' },
  ],
  shader: {
    variants: {
      row: {
        file: 'reduce/top-k.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'comes-before.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, POINTWISE_WORKGROUP),
      },
      workgroup: {
        file: 'reduce/top-k-workgroup.wgsl',
        libraries: ['grid.wgsl', 'is-nan.wgsl', 'comes-before.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ outer, inner }) => flatGrid(outer * inner, 1),
      },
    },
    choose: ({ length }, { software }) => (length >= WORKGROUP_FROM && !software ? 'workgroup' : 'row'),
    words: ({ outer, length, inner, k }) => [outer * inner, length, inner, k],
  },
  cpu: {
    units: runUnits,
    run({ attributes, operands: [x, indices], begin, end }) {
      const { length, inner, k } = attributes;
      const [first, last] = runRange(attributes, begin, end);
      const best = new Int32Array(k);
      for (let run = first; run < last; run++) {
        const start = runStart(attributes, run);
        const valueAt = (j: number) => x[start + j * inner];
        let known = 0;
        for (let j = 0; j < length; j++) {
          const value = valueAt(j);
          if (known === k && !comesBefore(value, valueAt(best[k - 1]), false)) continue;
          let place = known < k ? known++ : k - 1;
          for (; place > 0 && comesBefore(value, valueAt(best[place - 1]), false); place--)
            best[place] = best[place - 1];
          best[place] = j;
        }
        const outer = Math.floor(run / inner);
        for (let rank = 0; rank < k; rank++)
          indices[(outer * k + rank) * inner + run - outer * inner] = best[rank];
      }
    },
  },
};

interface TopKOptions {
  readonly k: number;
  readonly axis: number;
}

export const topKOperation: Operation<TopKOptions> = {
  name: 'topK',
  shape({ k, axis }, [x]) {
    expectDtype('topK', x, 'float32');
    if (!Number.isInteger(k) || k < 1 || k > x.shape[axis]) {
      throw shapeError(
        'topK',
        `${k} is no number of elements along axis ${axis} of ${showShape(x.shape)}`,
        `give a whole number from 1 to ${x.shape[axis]}`,
      );
    }
    return x.shape.map((size, d) => (d === axis ? k : size));
  },
  forward: ({ k, axis }, [x], shape) =>
    emit(topKKernel, { k, ...alongAxis(x.shape, axis) }, [x], shape, 'int32'),
  gradient: { notDifferentiable: 'an index is piecewise constant' },
};

/** What topK finds; both have k elements along the axis. */
export interface TopK {
  readonly values: Tensor;
  /** int32, where the values are along the axis. */
  readonly indices: Tensor;
}

/**
 * The `k` largest elements of `x` along `axis`, the last by default, sorted from the largest on; of equal ones the first comes
 * first. Gradients flow into the values. float32; a NaN counts as the largest. Looks at the axis k times: meant for a small k.
 * Throws AttuneError 'shape' unless 1 <= k <= the size of the axis.
 */
export function topK(x: TensorLike, k: number, axis = -1): TopK {
  const normal = normalizeAxis('topK', axis, x.shape.length);
  const { recording, storage, shape } = apply(topKOperation, { k, axis: normal }, [x]);
  // Without the node: a gradient reaches x by the values alone, and would be refused where it came by the indices as well.
  const indices = new Tensor(recording, storage, shape);
  return { values: takeAlongAxis(x, indices, normal), indices };
}
