/**
 * The vocabulary that every format shares: what a named tensor in a file is, and what a reader hands back.
 *
 * Data types carry the names that safetensors uses. Shapes and values are exactly those of the file: nothing here
 * knows about models, layouts or transposition.
 */

import type { Precision } from '../device/dtype.js';
import { AttuneError } from '../errors.js';

/**
 * Bits per element, in the order in which the safetensors reference declares its types. A writer sorts by this order
 * from the end, so that wide types come first and every tensor stays aligned.
 */
export const DTYPE_BITS = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

/** Data type of a stored tensor, by its safetensors name. */
export type Dtype = keyof typeof DTYPE_BITS;

/** The most dimensions a stored tensor may have, as in PyTorch and NumPy. */
export const MAX_RANK = 64;

/** The most tensors read from one file; far above any network, and it bounds what a hostile header can allocate. */
export const MAX_TENSORS = 200_000;

/** The most bytes of one tensor that are read into memory at once. */
export const MAX_TENSOR_BYTES = 2 ** 31;

/** Name, type and shape of a stored tensor. A scalar has the empty shape. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A stored tensor whose values are read on demand. */
export interface TensorEntry extends TensorInfo {
  /** What the network adds to the variance of a batch norm, where this is one and the file says so beside it. */
  readonly epsilon?: number | undefined;
  /**
   * Reads the values in row-major order, as float32: F64, F16 and BF16 are converted. For 'float64' F64 is left as it is.
   * @throws AttuneError 'weights' if the type is not one of these four, if a finite F64 is to be converted and does not
   *   fit into float32, or if the file is damaged.
   */
  read(precision?: Precision): Promise<Float32Array | Float64Array>;
  /**
   * Reads the values as they are stored: contiguous, row-major, little-endian. The caller owns the bytes.
   * @throws AttuneError 'weights' if the file is damaged or the tensor is larger than `MAX_TENSOR_BYTES`.
   */
  readRaw(): Promise<Uint8Array>;
}

/** An entry of a state dict or checkpoint that is not offered as a tensor, and what it is. */
export interface SkippedEntry {
  readonly name: string;
  readonly kind: string;
}

/**
 * Whose names and dimensions a file's tensors have; src/models/naming.ts brings all of them to PyTorch's.
 *
 * - `pytorch`: `layer1.0.conv1.weight`; convolutions [outputs, inputs / groups, height, width], linear weights
 *   [outputs, inputs].
 * - `keras`: layer and variable, `Conv1/kernel`, `bn_Conv1/moving_mean`; convolutions [height, width, inputs, outputs],
 *   depthwise ones [height, width, channels, multiplier], dense weights [inputs, outputs].
 */
export type Layout = 'pytorch' | 'keras';

/** The formats that are read. `keras-weights-h5` is Keras 3's `.weights.h5`, `keras-h5` what came before. */
export type Format =
  | 'safetensors'
  | 'pytorch-zip'
  | 'pytorch-legacy'
  | 'keras-h5'
  | 'keras-weights-h5'
  | 'keras'
  | 'safetensors-sharded'
  | 'npz'
  | 'onnx'
  | 'tfjs-layers'
  | 'tfjs-graph';

/** A layer of a graph, by the names of the tensors that it uses. */
export interface GraphLayer {
  readonly kind: 'conv' | 'batch-norm' | 'linear';
  /** Weight and, if it has one, bias; of a batch norm also mean and variance. */
  readonly tensors: readonly string[];
  /** Whether a linear layer's weight is [inputs, outputs]. */
  readonly transposed: boolean;
  /** Strides of a convolution, one per spatial dimension; empty where the file does not say. */
  readonly strides: readonly number[];
  /** Padding of a convolution before each spatial dimension, and then behind each; empty where the file does not say. */
  readonly pads: readonly number[];
  /** What a batch norm adds to the variance. */
  readonly epsilon?: number;
}

/** An open weights file. */
export interface TensorFile {
  readonly format: Format;
  readonly layout: Layout;
  readonly metadata: Readonly<Record<string, string>>;
  /** The tensors in the order of the file. */
  readonly tensors: readonly TensorEntry[];
  /** The layers in the order in which the graph runs them, where the file has a graph. */
  readonly layers?: readonly GraphLayer[];
  /** What else the file holds: numbers, strings and, in a training checkpoint, everything beside the weights. */
  readonly skipped: readonly SkippedEntry[];
  /** Paths of the files beside it that have its tensors, where it was opened by its path. */
  readonly parts?: readonly string[];
  /** Closes the file; reading a tensor afterwards fails. */
  close(): Promise<void>;
}

/** True if `name` is one of the data types above. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(DTYPE_BITS, name);
}

/** A text of a file for an error: in quotes, escaped, and cut after `most` UTF-16 units. */
export function quote(text: string, most = 200): string {
  return JSON.stringify(text.slice(0, most));
}

/** The error that every parser throws: a file that is damaged, hostile or not what it should be. */
export function weightsError(
  where: string,
  what: string,
  hint = 'the file is damaged, incomplete or not meant for attune; download or save it again',
): AttuneError {
  return new AttuneError({ code: 'weights', what, where, hint });
}

/** Product of the dimensions (1 for a scalar), or undefined if it passes 2^53 - 1 on the way. */
export function elementCount(shape: readonly number[]): number | undefined {
  let count = 1;
  for (const dimension of shape) {
    count *= dimension;
    if (!Number.isSafeInteger(count)) return undefined;
  }
  return count;
}

/** Size of a tensor in bytes, or undefined if it overflows or ends within a byte (possible for F4 and F6). */
export function byteLength(dtype: Dtype, shape: readonly number[]): number | undefined {
  const count = elementCount(shape);
  if (count === undefined) return undefined;
  const bits = count * DTYPE_BITS[dtype];
  return Number.isSafeInteger(bits) && bits % 8 === 0 ? bits / 8 : undefined;
}
