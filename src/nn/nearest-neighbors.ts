/**
 * The vote of the most similar images, as a last layer:
 *
 *     share_c = sum over the k nearest i of class c of e^((s_i - 1) / T) / the same sum over all k,     y_c = ln share_c
 *
 * s_i being the cosine of the angle between the features and those of stored image i, T = 0.07. These are the weights of
 * DINO's k-NN evaluation (Caron et al., 2021, after Wu et al., 2018), but for a factor that the division takes out. The
 * softmax of y gives the shares again. A class without a vote has a share of 1e-7, so that its logit is a number.
 *
 * The k nearest are found one after the other: the largest similarity of each row, which is then moved below all others;
 * of equal ones the first. That is k passes over [batch, images], little beside the network that made the features.
 */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { add } from '../ops/pointwise/add.js';
import { argmax } from '../ops/reduce/argmax.js';
import { divide } from '../ops/pointwise/divide.js';
import { exp } from '../ops/pointwise/exp.js';
import { gather } from '../ops/shape/gather.js';
import { log } from '../ops/pointwise/log.js';
import { matmul } from '../ops/product/matmul.js';
import { max } from '../ops/reduce/max.js';
import { maximum } from '../ops/pointwise/maximum.js';
import { multiply } from '../ops/pointwise/multiply.js';
import { oneHot } from '../ops/shape/one-hot.js';
import { sqrt } from '../ops/pointwise/sqrt.js';
import { square } from '../ops/pointwise/square.js';
import { subtract } from '../ops/pointwise/subtract.js';
import { sum } from '../ops/reduce/sum.js';
import { Buffer } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { Module } from './module.js';

const TEMPERATURE = 0.07;
/** The share of a class without a vote. */
const LEAST_SHARE = 1e-7;
/** Shorter features count as of this length, as in torch.nn.functional.normalize. */
const LEAST_LENGTH = 1e-12;
/** More than any two similarities differ by. */
const OUT_OF_REACH = 4;

/** How large the head is, and how many of its images vote. */
export interface NearestNeighborsSizes {
  /** Features of an image. */
  readonly inputs: number;
  /** Classes. */
  readonly outputs: number;
  readonly images: number;
  /** How many of them vote, at most all. */
  readonly neighbors: number;
}

const NAMES: OptionNames<NearestNeighborsSizes> = {
  inputs: true,
  outputs: true,
  images: true,
  neighbors: true,
};

/** [batch, inputs] to logits [batch, outputs] over the classes of stored images. It learns nothing by gradients. */
export class NearestNeighbors extends Module {
  readonly inputs: number;
  readonly outputs: number;
  /** How many images vote. */
  readonly neighbors: number;
  /** Their features [images, inputs], each of length 1. */
  readonly features: Buffer;
  /** 1 at the class of each, 0 elsewhere: [images, outputs]. */
  readonly labels: Buffer;

  /** With zeros for images, to load others into. */
  constructor(sizes: NearestNeighborsSizes) {
    super();
    refuseUnknownOptions(sizes, NAMES, 'NearestNeighbors');
    const { inputs, outputs, images, neighbors } = sizes;
    this.inputs = inputs;
    this.outputs = outputs;
    this.neighbors = neighbors;
    this.features = new Buffer(() => new Float32Array(images * inputs), [images, inputs]);
    this.labels = new Buffer(() => new Float32Array(images * outputs), [images, outputs]);
  }

  /** The same images once more, for another device. */
  copy(): NearestNeighbors {
    const { inputs, outputs, images, neighbors } = this;
    const copy = new NearestNeighbors({ inputs, outputs, images, neighbors });
    copy.features.set(this.features.hostValues);
    copy.labels.set(this.labels.hostValues);
    return copy;
  }

  get images(): number {
    return this.labels.shape[0];
  }

  override forward(x: TensorLike): Tensor {
    const { features, labels, neighbors, images } = this;
    const length = sqrt(sum(square(x), 1, true));
    let similarity = matmul(divide(x, maximum(length, LEAST_LENGTH)), features, { transposeB: true });
    let votes: Tensor | null = null;
    for (let rank = 0; rank < neighbors; rank++) {
      const nearest = argmax(similarity);
      const weight = exp(multiply(subtract(max(similarity, 1, true), 1), 1 / TEMPERATURE));
      const vote = multiply(gather(labels, nearest), weight);
      votes = votes === null ? vote : add(votes, vote);
      similarity = subtract(similarity, multiply(oneHot(nearest, images), OUT_OF_REACH));
    }
    const all = votes as Tensor;
    return log(maximum(divide(all, sum(all, 1, true)), LEAST_SHARE));
  }
}

const VOTES_NAMES: OptionNames<Pick<NearestNeighborsSizes, 'outputs' | 'neighbors'>> = {
  outputs: true,
  neighbors: true,
};

/**
 * A head of images whose features [images, inputs], of any length, and classes are known; `neighbors` of them vote, at most
 * all.
 */
export function nearestNeighbors(
  features: Float32Array,
  labels: ArrayLike<number>,
  votes: Pick<NearestNeighborsSizes, 'outputs' | 'neighbors'>,
): NearestNeighbors {
  refuseUnknownOptions(votes, VOTES_NAMES, 'nearestNeighbors');
  const { outputs, neighbors } = votes;
  const images = labels.length;
  const inputs = features.length / images;
  const head = new NearestNeighbors({ inputs, outputs, images, neighbors: Math.min(neighbors, images) });
  head.features.set(normalizedRows(features, inputs));
  head.labels.set(oneHotRows(labels, outputs));
  return head;
}

function normalizedRows(values: Float32Array, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += columns) {
    const row = values.subarray(at, at + columns);
    const length = Math.sqrt(row.reduce((total, value) => total + value * value, 0));
    for (let i = at; i < at + columns; i++) result[i] = values[i] / Math.max(length, LEAST_LENGTH);
  }
  return result;
}

function oneHotRows(labels: ArrayLike<number>, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) rows[i * classes + labels[i]] = 1;
  return rows;
}
