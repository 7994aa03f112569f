/** Networks that tell images apart: maps of features, their mean, and a linear head over classes. */
import { Module, type Training } from '../nn/index.js';
import { globalAveragePool } from '../ops/pool/pool.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { type FeatureShape, Network } from './network.js';

/**
 * A network of images [batch, height, width, channels]. Its stages give maps, from large and few channels to small and many;
 * its head gives logits [batch, classes].
 */
export abstract class ImageClassifier extends Network {
  override readonly featureShape = 'map';
  override readonly heads: readonly FeatureShape[] = ['pooled'];

  /** Maps to their means. */
  override pool(map: Tensor): Tensor {
    return globalAveragePool(map);
  }
}

/** A model without its head, as Keras's `include_top=False`: its input to the features of the last stage. */
class Trunk extends Module {
  private readonly model: Network;

  constructor(model: Network) {
    super();
    this.model = model;
  }

  override *members(): Iterable<readonly [string, unknown]> {
    const [head] = this.model.headName.split('.');
    for (const [name, member] of this.model.members()) if (name !== head) yield [name, member];
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.model.stageFeatures(x, training).at(-1) as Tensor;
  }
}

/**
 * A model without its head, to put layers of one's own on: for networks of images, images [batch, height, width, channels] to
 * a map of features [batch, height / 32, width / 32, channels], those of its last stage. It shares its layers with `model`,
 * which is not used by itself any more.
 */
export function trunkOf(model: Network): Module {
  return new Trunk(model);
}
