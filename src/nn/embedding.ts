/** A table of vectors, read by index; ops/shape/embedding.ts has the mathematics. */
import { refuseUnknownOptions } from '../option-names.js';
import { EMBEDDING_NAMES, embedding, type EmbeddingOptions, paddingRow } from '../ops/shape/embedding.js';
import { Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type Initial, type Initializer, requireInitializer } from './initializers.js';
import { Module } from './module.js';

/** Indices of any shape to vectors, [...] to [..., features], as torch.nn.Embedding. */
export class Embedding extends Module {
  readonly options: EmbeddingOptions;
  /** [rows, features]. */
  readonly weight: Parameter;

  /**
   * Standard normal, as torch.nn.Embedding; a padding row starts at zero, and as it gets no gradient, stays there. Throws
   * AttuneError 'usage' for an unknown option and without an initializer, 'shape' for a padding index that is no row.
   */
  constructor(rows: number, features: number, options: EmbeddingOptions, initializer: Initializer) {
    super();
    refuseUnknownOptions(options, EMBEDDING_NAMES, 'Embedding');
    requireInitializer(initializer, 'Embedding');
    const padding = paddingRow(rows, options.paddingIndex);
    const shape = [rows, features];
    this.options = options;
    this.weight = new Parameter(withZeros(initializer.normal(shape, 1), padding, features), shape);
  }

  /** indices int32 [...] to [..., features]. */
  override forward(indices: TensorLike): Tensor {
    return embedding(this.weight, indices, this.options);
  }
}

function withZeros(values: Initial, row: number | null, features: number): Initial {
  if (row === null) return values;
  return () => values().fill(0, row * features, (row + 1) * features);
}
