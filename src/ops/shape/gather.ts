/**
 * gather takes rows by index; scatterAdd adds rows into zeros by index. Each is the gradient of the other, so
 * they share this file. Indices from host data are checked; one computed on the device that lies outside the
 * rows gives NaN under gather, so that it cannot pass unseen, and adds nothing under scatterAdd.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel } from '../../device/kernel.js';
import { shapeError, showShape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { flatRange, flatUnits } from '../core/flat.js';

interface GatherAttributes {
  /** Elements of the result. */
  readonly count: number;
  /** Rows of the source (gather) or of the result (scatterAdd), elements per row, number of indices. */
  readonly rows: number;
  readonly columns: number;
  readonly indices: number;
}

const BINDINGS = [
  { name: 'x', access: 'read' },
  { name: 'indices', access: 'read' },
  { name: 'y', access: 'write' },
] as const;

function shaderOf(file: string): Kernel<GatherAttributes>['shader'] {
  return {
    variants: {
      flat: {
        file,
        libraries: ['grid.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(count, POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'flat',
    // WGSL has no NaN literal: it travels as data.
    words: ({ count, rows, columns, indices }) => [count, rows, columns, indices, float(Number.NaN)],
  };
}

export const gatherKernel: Kernel<GatherAttributes> = {
  name: 'gather',
  bindings: BINDINGS,
  shader: shaderOf('shape/gather.wgsl'),
  cpu: {
    units: flatUnits,
    run({ attributes: { count, rows, columns }, operands: [x, indices, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const row = indices[Math.floor(i / columns)];
        y[i] = row >= 0 && row < rows ? x[row * columns + (i % columns)] : Number.NaN;
      }
    },
  },
};

export const scatterAddKernel: Kernel<GatherAttributes> = {
  name: 'scatterAdd',
  bindings: BINDINGS,
  shader: shaderOf('shape/scatter-add.wgsl'),
  cpu: {
    units: flatUnits,
    run({ attributes: { count, columns, indices: total }, operands: [x, indices, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        const row = Math.floor(i / columns);
        let result = 0;
        for (let j = 0; j < total; j++) if (indices[j] === row) result += x[j * columns + (i % columns)];
        y[i] = result;
      }
    },
  },
};

export const gatherOperation: Operation<null> = {
  name: 'gather',
  shape(_, [x, indices]) {
    expectDtype('gather', x, 'float32');
    expectIndices('gather', indices);
    if (x.shape.length === 0) throw shapeError('gather', 'a tensor of rank 0 has no rows');
    assertInside('gather', indices, x.shape[0]);
    return [indices.length, ...x.shape.slice(1)];
  },
  forward(_, [x, indices], shape) {
    const columns = sizeOf(x.shape.slice(1));
    const attributes = { count: sizeOf(shape), rows: x.shape[0], columns, indices: indices.length };
    return emit(gatherKernel, attributes, [x, indices], shape);
  },
  gradient: ({ inputs: [x, indices], gradient }) => [scatterAdd(gradient, indices, x.shape[0]), null],
};

interface ScatterAddAttributes {
  readonly rows: number;
}

export const scatterAddOperation: Operation<ScatterAddAttributes> = {
  name: 'scatterAdd',
  shape({ rows }, [x, indices]) {
    expectDtype('scatterAdd', x, 'float32');
    expectIndices('scatterAdd', indices);
    if (x.shape[0] !== indices.length) {
      throw shapeError(
        'scatterAdd',
        `${showShape(x.shape)} does not have one row for each of ${indices.length} indices`,
      );
    }
    assertInside('scatterAdd', indices, rows);
    return [rows, ...x.shape.slice(1)];
  },
  forward(_, [x, indices], shape) {
    const columns = sizeOf(x.shape.slice(1));
    const attributes = { count: sizeOf(shape), rows: shape[0], columns, indices: indices.length };
    return emit(scatterAddKernel, attributes, [x, indices], shape);
  },
  gradient: ({ inputs: [, indices], gradient }) => [gather(gradient, indices), null],
};

/** Throws unless `indices` is an int32 tensor of rank 1. */
export function expectIndices(operation: string, indices: Tensor): void {
  expectDtype(operation, indices, 'int32', 'indices');
  if (indices.shape.length !== 1) {
    throw shapeError(operation, `indices have shape ${showShape(indices.shape)}; one dimension is expected`);
  }
}

/** Checks indices that come from the host; those computed on the device cannot be seen here. */
export function assertInside(operation: string, indices: Tensor, rows: number): void {
  if (indices.storage.kind !== 'input') return;
  const at = (indices.storage.data as Int32Array).findIndex((index) => index < 0 || index >= rows);
  if (at >= 0) {
    throw shapeError(
      operation,
      `index ${indices.storage.data[at]} at position ${at} is outside 0 to ${rows - 1}`,
    );
  }
}

/** Rows `indices` (int32, one dimension) of `x`: shape [indices, ...x.shape without the first]. float32. */
export function gather(x: TensorLike, indices: TensorLike): Tensor {
  return apply(gatherOperation, null, [x, indices]);
}

/** Zeros of `rows` rows with row j of `x` added at row `indices[j]`, in the order of j. float32. */
export function scatterAdd(x: TensorLike, indices: TensorLike, rows: number): Tensor {
  return apply(scatterAddOperation, { rows }, [x, indices]);
}
