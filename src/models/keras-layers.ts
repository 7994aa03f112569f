/**
 * What Keras's networks have in common: layers in one flat list, each with a name of its own, and batch norms that
 * update their statistics as Keras does.
 *
 * The list is Keras's `model.layers`, entry by entry, so that an index in it means what it means there. Keras has layers
 * that are no modules here: the input, padding (a convolution here pads itself), additions.
 */
import { BatchNorm2d } from '../nn/batch-norm.js';
import { Module, type Training } from '../nn/module.js';
import { add } from '../ops/pointwise/add.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';
import type { LayerBlock, Network } from './network.js';

/** A layer of Keras's list; null where the computation is that of another module. */
export type KerasLayer = readonly [name: string, module: Module | null];

/** Keras's moving statistics: `momentum` is the share that they keep, and the variance of a batch is the biased one. */
export function kerasBatchNorm(channels: number, epsilon: number, momentum: number): BatchNorm2d {
  return new BatchNorm2d(channels, { epsilon, momentum: 1 - momentum, runningVariance: 'biased' });
}

/** Layers one after another. Their names are not prefixed with the block's: Keras's are unique in the model. */
export class KerasLayers extends Module {
  /** The block's name; Keras has no such thing. */
  readonly name: string;
  readonly layers: readonly KerasLayer[];

  constructor(name: string, layers: readonly KerasLayer[]) {
    super();
    this.name = name;
    this.layers = layers;
  }

  override *members(): Iterable<readonly [string, unknown]> {
    for (const [name, module] of this.layers) if (module !== null) yield [name, module];
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.layers.reduce(
      (y: Tensor, [, module]) => (module === null ? y : module.forward(y, training)),
      asTensor(x),
    );
  }
}

/** Layers whose input is added to their output. The last is the end of the branch. */
export class KerasResidual extends KerasLayers {
  override forward(x: TensorLike, training?: Training): Tensor {
    return add(super.forward(x, training), x);
  }
}

/** A block's own layers, by name. */
export function blockOf({ name, layers }: KerasLayers): LayerBlock {
  return { name, layers: layers.map(([layer]) => layer) };
}

/** The last of a block's layers, by name: what comes out of it is what comes out of the block. */
export function lastLayer({ layers }: KerasLayers): string {
  return layers[layers.length - 1][0];
}

/** The head by itself. */
export function headBlock({ headName }: Network): LayerBlock {
  return { name: headName, layers: [headName] };
}
