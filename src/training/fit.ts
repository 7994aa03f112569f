/**
 * Training by one call, as Keras's `model.fit`: for models and losses of one's own, without a run folder. What `finetune`
 * adds (a recipe, checkpoints, resume, micro-batches) is in finetune.ts.
 */
import { imageInput, type ImageStep, imagenetPreprocessing, type Preprocessing } from '../inputs/index.js';
import type { Module } from '../nn/index.js';
import { argmax, backward, crossEntropy } from '../ops/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { gatherGradients, type Optimizer } from '../optim/index.js';
import { type Generator, generator } from '../tensor/philox.js';
import { type Scalar, type Tensor, tensor } from '../tensor/tensor.js';
import { DEFAULT_SEED } from '../recipe/recipe.js';

/** Images and their class indices. */
export interface FitBatch {
  /** Bytes, row-major, the channels last; the images are squares. */
  readonly images: Uint8Array;
  readonly labels: Int32Array;
  /** What each image goes through on the device before it is normalised; default nothing. */
  readonly steps?: readonly (readonly ImageStep[])[];
}

/** Batches to train on and to validate with: what `prepareTraining` gives, or one's own. */
export interface FitImages {
  /** `crop` is the side of the images. */
  readonly preprocessing: Pick<Preprocessing, 'mean' | 'std' | 'crop'>;
  /** Epochs are counted from 0. */
  trainBatches(epoch: number): AsyncIterable<FitBatch>;
  /** The same images every time. */
  valBatches(): AsyncIterable<FitBatch>;
}

/** How to train. */
export interface FitOptions {
  /** Over the memory of the model that is trained. */
  readonly optimizer: Optimizer;
  readonly epochs: number;
  /** From outputs [batch, classes] and class indices int32 [batch]. Default: the cross-entropy of logits. */
  readonly loss?: (outputs: Tensor, labels: Tensor) => Scalar;
  /** Numbers for dropout. Default: seed 42. Give one on to a second call, so that it does not draw the same again. */
  readonly random?: Generator;
  /** Epochs that were trained before; the next ones shuffle and augment anew. Default 0. */
  readonly initialEpoch?: number;
  /** Called after each epoch, counted from 1, with the history up to it. */
  readonly onEpoch?: (epoch: number, history: FitHistory) => void;
}

const NAMES: OptionNames<FitOptions> = {
  optimizer: true,
  epochs: true,
  loss: true,
  random: true,
  initialEpoch: true,
  onEpoch: true,
};

/** Means over the images of each epoch: losses, and fractions that were right. Validation after the epoch. */
export interface FitHistory {
  readonly loss: number[];
  readonly accuracy: number[];
  readonly valLoss: number[];
  readonly valAccuracy: number[];
}

/**
 * Trains a model that is on a device, for some epochs, and validates after each. The batches of an epoch are those of
 * `images`; each is one step, with a pass more for every part of the optimiser that perturbs the weights. Throws
 * AttuneError 'numeric' when gradients are not finite.
 */
export async function fit(model: Module, images: FitImages, options: FitOptions): Promise<FitHistory> {
  refuseUnknownOptions(options, NAMES, 'fit');
  const { optimizer, epochs, initialEpoch = 0, onEpoch, random = generator(DEFAULT_SEED) } = options;
  const { device } = model.memory;
  const loss = options.loss ?? crossEntropy;
  const { crop } = images.preprocessing;
  const input = imageInput({ ...imagenetPreprocessing(crop ?? undefined), ...images.preprocessing });

  /** Records a forward pass over a batch of bytes, and its gradients where it trains. */
  const record = ({ images, labels, steps = [] }: FitBatch, training?: { random: Generator }) => {
    const x = input.record({ size: labels.length, arrays: { images }, steps });
    const outputs = model.forward(x, training);
    const result = loss(outputs, tensor(labels, [labels.length]));
    if (training !== undefined) backward(result);
    return { loss: result, predicted: argmax(outputs) };
  };

  const history: FitHistory = { loss: [], accuracy: [], valLoss: [], valAccuracy: [] };
  for (let epoch = initialEpoch; epoch < initialEpoch + epochs; epoch++) {
    const train = new Means();
    for await (const batch of images.trainBatches(epoch)) {
      const pass = () => device.run(() => record(batch, { random }));
      train.add(batch.labels, await gatherGradients(optimizer, pass));
      await device.run(() => {
        optimizer.step();
        optimizer.zeroGradients();
      });
      random.step++;
    }
    await optimizer.gradientNorm(); // throws for a last step that was not finite
    const val = new Means();
    for await (const batch of images.valBatches()) {
      val.add(batch.labels, await device.run(() => record(batch)));
    }
    history.loss.push(train.loss);
    history.accuracy.push(train.accuracy);
    history.valLoss.push(val.loss);
    history.valAccuracy.push(val.accuracy);
    onEpoch?.(epoch + 1, history);
  }
  return history;
}

/** Sums over batches; the last one may be smaller. */
class Means {
  private images = 0;
  private total = 0;
  private right = 0;

  add(labels: Int32Array, { loss, predicted }: { loss: number; predicted: ArrayLike<number> }): void {
    this.images += labels.length;
    this.total += loss * labels.length;
    this.right += labels.reduce((count, label, i) => count + (predicted[i] === label ? 1 : 0), 0);
  }

  get loss(): number {
    return this.total / this.images;
  }

  get accuracy(): number {
    return this.right / this.images;
  }
}
