/** The geometry of a copy between any strides. */
import type { DType } from '../../device/dtype.js';
import type { FlatAttributes } from './flat.js';

export interface StridedCopyAttributes extends FlatAttributes {
  readonly dtype: DType;
  /** Six sizes and strides each, in elements; a stride below zero goes backwards. */
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  readonly offset: number;
  readonly outStrides: readonly number[];
  readonly outOffset: number;
}
