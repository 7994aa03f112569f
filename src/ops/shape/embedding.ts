/**
 * embedding reads rows of a table by index: y[..., :] = table[indices[...], :].
 *
 * The gradient of the table is what scatterAdd gives: cost grows with the table and with the indices, not with their product.
 * The padding row, which stands for no token, gets none.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { type Shape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, expectDtype } from '../core/apply.js';
import { assertInside, emitGather, emitScatterAdd } from './gather.js';

/** How a table is read. */
export interface EmbeddingOptions {
  /** A row of the table whose gradient is zero; negative counts from the end. Default: none. */
  readonly paddingIndex?: number;
}

export const EMBEDDING_NAMES: OptionNames<EmbeddingOptions> = { paddingIndex: true };

interface EmbeddingAttributes {
  readonly padding: number | null;
}

export const embeddingOperation: Operation<EmbeddingAttributes> = {
  name: 'embedding',
  shape(_, [table, indices]) {
    expectDtype('embedding', table, 'float32', 'table');
    expectDtype('embedding', indices, 'int32', 'indices');
    expectTable(table.shape);
    assertInside('embedding', indices, table.shape[0]);
    return [...indices.shape, table.shape[1]];
  },
  forward: (_, [table, indices], shape) => emitGather(table, indices, 0, false, shape),
  gradient: ({ attributes: { padding }, inputs: [table, indices], gradient }) => [
    emitScatterAdd(gradient, indices, 0, { wraps: false, skipped: padding }, table.shape),
    null,
  ],
};

function expectTable(shape: Shape): void {
  if (shape.length === 2) return;
  throw shapeError(
    'embedding',
    `the table has shape ${showShape(shape)}; [rows, features] is expected`,
    'reshape it to one row for each index',
  );
}

/** The row that `paddingIndex` names, counted from the front; null for none. Throws AttuneError 'shape' where there is none. */
export function paddingRow(rows: number, paddingIndex: number | undefined): number | null {
  if (paddingIndex === undefined) return null;
  const row = paddingIndex < 0 ? paddingIndex + rows : paddingIndex;
  if (Number.isInteger(row) && row >= 0 && row < rows) return row;
  throw shapeError(
    'embedding',
    `the padding index ${paddingIndex} is no row of a table of ${rows}`,
    `give a whole number from ${-rows} to ${rows - 1}`,
  );
}

/**
 * Rows of `table` [rows, features] by `indices` (int32, any shape): [...indices.shape, features]. float32. Indices count from
 * 0 and never from the end. Throws AttuneError 'shape' for an index outside, or NaN stands in the result where the device
 * computed it; 'usage' for an unknown option.
 */
export function embedding(table: TensorLike, indices: TensorLike, options: EmbeddingOptions = {}): Tensor {
  refuseUnknownOptions(options, EMBEDDING_NAMES, 'embedding');
  expectTable(table.shape);
  const padding = paddingRow(table.shape[0], options.paddingIndex);
  return apply(embeddingOperation, { padding }, [table, indices]);
}
