/**
 * Stochastic depth of residual networks: the deeper a branch lies, the more often it is dropped while training (Huang et
 * al., ECCV 2016, section 3). The mathematics is in ops/pointwise/stochastic-depth.ts.
 */
import { stochasticDepth } from '../ops/pointwise/stochastic-depth.js';
import { Parameter } from '../tensor/parameter.js';
import { asTensor, type Tensor, type TensorLike } from '../tensor/tensor.js';
import { Module, requireTraining, type Training } from './module.js';

/** The end of a residual branch: in a pass that trains, drops it for an image with `probability`; else does nothing. */
export class StochasticDepth extends Module {
  /** At least 0, the default, and below 1. May be changed between steps. */
  probability: number;

  constructor(probability = 0) {
    super();
    this.probability = probability;
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    if (training === undefined) return asTensor(x);
    requireTraining(training, 'StochasticDepth');
    return stochasticDepth(x, this.probability, training.random);
  }
}

/**
 * Sets the probabilities of a model's residual branches by the paper's linear rule: branch l of L, counted from 1 at the
 * images, is dropped with l / L times `probability`, which is that of the last one. Branches below the lowest trainable
 * layer are never dropped: what is frozen computes what it always has. Returns how many may be dropped.
 */
export function setStochasticDepth(model: Module, probability: number): number {
  const branches: { readonly branch: StochasticDepth; readonly trainable: boolean }[] = [];
  let trainable = false;
  for (const module of model.modules()) {
    for (const [, member] of module.members()) {
      if (member instanceof Parameter && member.trainable) trainable = true;
    }
    if (module instanceof StochasticDepth) branches.push({ branch: module, trainable });
  }
  branches.forEach(({ branch, trainable }, i) => {
    branch.probability = trainable ? (probability * (i + 1)) / branches.length : 0;
  });
  return branches.filter(({ trainable }) => trainable).length;
}
