/** How the tensors of a matrix product are read: batches that broadcast, heads beside each other in a row, and their strides. */
import { type Shape, shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import { NO_EPILOGUE } from '../core/epilogue.js';
import type { MatmulAttributes, MatrixStrides } from './matmul-attributes.js';

/** Which factors are read transposed, and which tensors are stored [batch, rows, heads, columns]. */
export interface MatmulLayout {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly headsA: boolean;
  readonly headsB: boolean;
  readonly headsOut: boolean;
}

/** Matrices as they are. */
export const PLAIN: MatmulLayout = {
  transposeA: false,
  transposeB: false,
  headsA: false,
  headsB: false,
  headsOut: false,
};

/** Sizes of a product: the dimensions before the matrices as they broadcast, and the shape in which the result is stored. */
interface Sizes {
  readonly batch: Shape;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly stored: Shape;
}

/** [batch, rows, heads, columns] as [batch, heads, rows, columns], or back; other tensors as they are. */
function turned(values: readonly number[], heads: boolean): readonly number[] {
  return heads ? [values[0], values[2], values[1], values[3]] : values;
}

/** Sizes of the product of tensors of these shapes. Throws AttuneError 'shape' when they do not fit. */
export function sizesOf(layout: MatmulLayout, a: Shape, b: Shape): Sizes {
  const { transposeA, transposeB, headsA, headsB, headsOut } = layout;
  if (headsA && a.length !== 4) throw notOfHeads('headsA', a);
  if (headsB && b.length !== 4) throw notOfHeads('headsB', b);
  const readA = turned(a, headsA);
  const readB = turned(b, headsB);
  const rank = Math.max(a.length, b.length);
  const [rowsA, columnsA] = readA.slice(-2);
  const [rowsB, columnsB] = readB.slice(-2);
  const batch: number[] = [];
  let fits =
    Math.min(a.length, b.length) >= 2 && (transposeA ? rowsA : columnsA) === (transposeB ? columnsB : rowsB);
  for (let d = 0; d < rank - 2; d++) {
    const sizeA = readA[d - rank + a.length] ?? 1;
    const sizeB = readB[d - rank + b.length] ?? 1;
    fits &&= sizeA === sizeB || sizeA === 1 || sizeB === 1;
    batch.push(sizeA === 1 ? sizeB : sizeA);
  }
  if (!fits) {
    throw shapeError(
      'matmul',
      `${showShape(a)}${transposeA ? ' transposed' : ''} times ${showShape(b)}${transposeB ? ' transposed' : ''} is not a product`,
      'matrices are [..., rows, columns]; inner sizes must agree, and sizes before the rows be equal or 1',
    );
  }
  const m = transposeA ? columnsA : rowsA;
  const n = transposeB ? rowsB : columnsB;
  const shape = [...batch, m, n];
  if ((headsA || headsB || headsOut) && rank !== 4) throw notOfHeads('the result with heads', shape);
  return { batch, m, n, k: transposeA ? rowsA : columnsA, stored: turned(shape, headsOut) };
}

function notOfHeads(what: string, shape: Shape) {
  return shapeError(
    'matmul',
    `${what} has four dimensions, not ${showShape(shape)}`,
    'reshape [batch, rows, heads * columns] to [batch, rows, heads, columns]',
  );
}

/** Dimensions of the batch that are walked as one: products in it, and strides of a, b and the result. */
interface Level {
  readonly size: number;
  readonly strides: readonly number[];
}

/**
 * The product as the kernel takes it, or null where its batch has more than the two places that the kernel counts: with
 * dimensions that broadcast now in one factor, now in the other.
 */
export function attributesOf(layout: MatmulLayout, a: Shape, b: Shape): MatmulAttributes | null {
  const { batch, m, n, k, stored } = sizesOf(layout, a, b);
  const operands = [stridesBefore(a, layout.headsA, batch), stridesBefore(b, layout.headsB, batch)];
  operands.push(stridesBefore(stored, layout.headsOut, batch));
  const levels: Level[] = [];
  batch.forEach((size, d) => {
    if (size === 1) return;
    const strides = operands.map(({ before }) => before[d]);
    const outer = levels.at(-1);
    const continues = outer?.strides.every((stride, i) => stride === strides[i] * size);
    if (outer && continues) levels[levels.length - 1] = { size: outer.size * size, strides };
    else levels.push({ size, strides });
  });
  if (levels.length > 2) return null;
  const heads = levels.length === 2 ? levels[1].size : 1;
  return {
    batch: levels.reduce((count, { size }) => count * size, 1),
    heads,
    m,
    n,
    k,
    transposeA: layout.transposeA,
    transposeB: layout.transposeB,
    a: stridesIn(levels, 0, operands[0].row),
    b: stridesIn(levels, 1, operands[1].row),
    out: stridesIn(levels, 2, operands[2].row),
    epilogue: NO_EPILOGUE,
  };
}

function stridesIn([outer, inner]: readonly Level[], operand: number, row: number): MatrixStrides {
  return { row, batch: outer?.strides[operand] ?? 0, head: inner?.strides[operand] ?? 0 };
}

/** Elements from row to row, and along each dimension of the batch: 0 where the tensor is repeated. */
function stridesBefore(stored: Shape, heads: boolean, batch: Shape) {
  const strides = turned(stridesOf(stored), heads);
  const shape = turned(stored, heads);
  const missing = batch.length + 2 - shape.length;
  const before = batch.map((_, d) => (d < missing || shape[d - missing] === 1 ? 0 : strides[d - missing]));
  return { row: strides[shape.length - 2], before };
}
