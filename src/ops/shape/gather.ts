/**
 * gather takes parts of a tensor along an axis by index; scatterAdd adds parts into zeros by index. Each is the gradient
 * of the other, so they share this file.
 *
 * Negative indices count from the end, -1 is the last. Indices from host data are checked; one computed on the device that
 * lies outside gives NaN under gather, so that it cannot pass unseen, and adds nothing under scatterAdd.
 *
 * scatterAdd first orders the positions of the indices by where they go (order-indices.ts). An element of the result then
 * adds what is its own and looks at nothing else, always in the order of the indices.
 */
import { flatGrid } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { normalizeAxis, type Shape, sameShape, shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { type IndexRange, orderIndices } from './order-indices.js';

/** A tensor read as [outer, rows, columns], of which `indices` rows are taken, or to which they are added. */
interface PartsAttributes {
  /** Elements of the result. */
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly indices: number;
}

interface GatherAttributes extends PartsAttributes {
  readonly wraps: boolean;
}

export const gatherKernel: Kernel<GatherAttributes> = {
  name: 'gather',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'indices', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: flatVariant<GatherAttributes>('shape/gather.wgsl', []),
    choose: () => 'flat',
    // WGSL has no NaN literal: it travels as data.
    words: ({ count, rows, columns, indices, wraps }) => [
      count,
      rows,
      columns,
      indices,
      wraps ? rows : 0,
      float(Number.NaN),
    ],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, indices, y], begin, end }) {
      const { count, rows, columns, indices: taken, wraps } = attributes;
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; ) {
        const part = Math.floor(i / columns);
        const behind = Math.min(last, (part + 1) * columns);
        const outer = Math.floor(part / taken);
        const index = indices[part - outer * taken];
        const row = index < 0 && wraps ? index + rows : index;
        if (row < 0 || row >= rows) {
          y.fill(Number.NaN, i, behind);
          i = behind;
        }
        for (const away = (outer * rows + row - part) * columns; i < behind; i++) y[i] = x[i + away];
      }
    },
  },
};

/** Columns of a workgroup that shares the parts of a row, and the lanes that share them; as in scatter-add-workgroup.wgsl. */
const SHARED_COLUMNS = 32;
const SHARES = 8;
/** From this many parts for a row on a GPU lets lanes share them. */
const SHARED_FROM = 32;

export const scatterAddKernel: Kernel<PartsAttributes> = {
  name: 'scatterAdd',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'order', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      ...flatVariant<PartsAttributes>('shape/scatter-add.wgsl', []),
      workgroup: {
        file: 'shape/scatter-add-workgroup.wgsl',
        libraries: ['grid.wgsl'],
        constants: { COLUMNS: SHARED_COLUMNS, SHARES },
        grid: ({ count, columns }) => flatGrid((count / columns) * Math.ceil(columns / SHARED_COLUMNS), 1),
      },
    },
    choose: ({ rows, indices }, { software }) =>
      !software && indices >= SHARED_FROM * rows ? 'workgroup' : 'flat',
    words: ({ count, rows, columns, indices }) => [count, rows, columns, indices],
  },
  cpu: {
    units: flatUnits,
    run({ attributes: { count, rows, columns, indices }, operands: [x, order, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; ) {
        const part = Math.floor(i / columns);
        const behind = Math.min(last, (part + 1) * columns);
        const outer = Math.floor(part / rows);
        const row = part - outer * rows;
        y.fill(0, i, behind);
        for (let k = order[row]; k < order[row + 1]; k++) {
          const away = (outer * indices + order[rows + 1 + k] - part) * columns;
          for (let j = i; j < behind; j++) y[j] += x[j + away];
        }
        i = behind;
      }
    },
  },
};

/** The parts `indices` of `x` along an axis as one launch; see `gather`. */
export function emitGather(x: Tensor, indices: Tensor, axis: number, wraps: boolean, shape: Shape): Tensor {
  const attributes = {
    count: sizeOf(shape),
    rows: x.shape[axis],
    columns: sizeOf(x.shape.slice(axis + 1)),
    indices: indices.length,
    wraps,
  };
  return emit(gatherKernel, attributes, [x, indices], shape);
}

/** The parts of `x` along an axis added to zeros of `shape` as two launches; see `scatterAdd`. */
export function emitScatterAdd(
  x: Tensor,
  indices: Tensor,
  axis: number,
  range: Omit<IndexRange, 'rows'>,
  shape: Shape,
): Tensor {
  const rows = shape[axis];
  const order = orderIndices(indices, { rows, ...range });
  const columns = sizeOf(shape.slice(axis + 1));
  const attributes = { count: sizeOf(shape), rows, columns, indices: indices.length };
  return emit(scatterAddKernel, attributes, [x, order], shape);
}

interface AxisAttributes {
  readonly axis: number;
}

export const gatherOperation: Operation<AxisAttributes> = {
  name: 'gather',
  shape({ axis }, [x, indices]) {
    expectDtype('gather', x, 'float32');
    expectDtype('gather', indices, 'int32', 'indices');
    assertInside('gather', indices, x.shape[axis], true);
    return [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  },
  forward: ({ axis }, [x, indices], shape) => emitGather(x, indices, axis, true, shape),
  gradient: ({ attributes: { axis }, inputs: [x, indices], gradient }) => [
    scatterAdd(gradient, indices, x.shape[axis], axis),
    null,
  ],
};

interface ScatterAddAttributes extends AxisAttributes {
  readonly rows: number;
}

export const scatterAddOperation: Operation<ScatterAddAttributes> = {
  name: 'scatterAdd',
  shape({ rows, axis }, [x, indices]) {
    expectDtype('scatterAdd', x, 'float32');
    expectDtype('scatterAdd', indices, 'int32', 'indices');
    const behind = axis + indices.shape.length;
    if (!sameShape(x.shape.slice(axis, behind), indices.shape)) {
      throw shapeError(
        'scatterAdd',
        `${showShape(x.shape)} does not have the shape ${showShape(indices.shape)} of the indices from axis ${axis} on`,
        'give one part for each index, as gather has them',
      );
    }
    assertInside('scatterAdd', indices, rows, true);
    return [...x.shape.slice(0, axis), rows, ...x.shape.slice(behind)];
  },
  forward: ({ axis }, [x, indices], shape) =>
    emitScatterAdd(x, indices, axis, { wraps: true, skipped: null }, shape),
  gradient: ({ attributes: { axis }, inputs: [, indices], gradient }) => [
    gather(gradient, indices, axis),
    null,
  ],
};

/** Throws unless `indices` is an int32 tensor of rank 1. */
export function expectIndices(operation: string, indices: Tensor): void {
  expectDtype(operation, indices, 'int32', 'indices');
  if (indices.shape.length !== 1) {
    throw shapeError(
      operation,
      `indices have shape ${showShape(indices.shape)}; one dimension is expected`,
      'flatten them: reshape(indices, [-1])',
    );
  }
}

/**
 * Checks indices that come from the host; those computed on the device cannot be seen here. `wraps`: negative ones count
 * from the end. `allowed`: one that has another meaning.
 */
export function assertInside(
  operation: string,
  indices: Tensor,
  rows: number,
  wraps = false,
  allowed: number | null = null,
): void {
  if (indices.storage.kind !== 'input') return;
  const lowest = wraps ? -rows : 0;
  const at = (indices.storage.data as Int32Array).findIndex(
    (index) => (index < lowest || index >= rows) && index !== allowed,
  );
  if (at >= 0) {
    throw shapeError(
      operation,
      `index ${indices.storage.data[at]} at position ${at} is outside ${lowest} to ${rows - 1}`,
      `indices count from 0${wraps ? ', and below it from the end' : ''}`,
    );
  }
}

/**
 * The parts `indices` (int32, any shape) of `x` along `axis`, the first by default, as torch.index_select: in the shape of x,
 * that of the indices takes the place of the axis. Negative indices count from the end. float32. Throws AttuneError 'shape'
 * for an index outside, or NaN stands in the result where the device computed it.
 */
export function gather(x: TensorLike, indices: TensorLike, axis = 0): Tensor {
  return apply(gatherOperation, { axis: normalizeAxis('gather', axis, x.shape.length) }, [x, indices]);
}

/**
 * Zeros with `rows` parts along `axis`, the first by default, to which the parts of `x` are added: what gather takes, put
 * back. In the shape of x, that of the indices (int32) stands from the axis on: part j is added at `indices[j]`, in the order
 * of j. Negative indices count from the end. float32. Throws AttuneError 'shape' for an index outside; one that the device
 * computed adds nothing.
 */
export function scatterAdd(x: TensorLike, indices: TensorLike, rows: number, axis = 0): Tensor {
  // With indices of rank 0 the axis may stand behind all others.
  const rank = x.shape.length - indices.shape.length + 1;
  return apply(scatterAddOperation, { rows, axis: normalizeAxis('scatterAdd', axis, rank) }, [x, indices]);
}
