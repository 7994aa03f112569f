/**
 * Heads that are read off cached features, without a fit: prototypes, and the images themselves. Both know a class from
 * its first image on. Either kind of head is applied here as well.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Head } from '../../models/index.js';
import { Linear, linear, type NearestNeighbors } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import { tensor } from '../../tensor/tensor.js';
import type { FeatureSet, LinearHead } from '../../tasks/heads/head-problem.js';
import { throwIfAborted } from '../../interruption.js';

/**
 * The mean c of each class's features as a linear layer: the logit 2 c . x - |c|^2 is -|x - c|^2 but for |x|^2, which all
 * classes share. So the class is that of the nearest mean, as in scikit-learn's NearestCentroid, and the softmax is that of
 * prototypical networks (Snell et al., 2017): over squared Euclidean distances, which worked better for them than cosines.
 */
export function prototypes({ values, labels, length }: FeatureSet, classes: number): LinearHead {
  const means = new Float64Array(classes * length);
  const counts = new Float64Array(classes);
  for (const label of labels) counts[label]++;
  labels.forEach((label, row) => {
    for (let f = 0; f < length; f++) means[label * length + f] += values[row * length + f] / counts[label];
  });
  const weight = new Float32Array(length * classes);
  const bias = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    for (let f = 0; f < length; f++) {
      const mean = means[c * length + f];
      weight[f * classes + c] = 2 * mean;
      bias[c] -= mean * mean;
    }
  }
  return { weight, bias: Float32Array.from(bias) };
}

/** A layer with these values. */
export function linearLayer({ weight, bias }: LinearHead): Linear {
  const layer = linear(weight.length / bias.length, bias.length);
  layer.weight.set(weight);
  layer.bias?.set(bias);
  return layer;
}

/** Logits [images, outputs] that a head gives for features. Throws AttuneError 'interrupted' on the signal. */
export async function applyHead(
  head: Head,
  set: FeatureSet,
  device: Device,
  signal?: AbortSignal,
): Promise<Float32Array> {
  return head instanceof Linear ? applyLinear(head, set, signal) : applyOnDevice(head, set, device, signal);
}

/** Multiplications of `applyLinear` before the event loop has its turn: some milliseconds. */
const PRODUCTS_AT_ONCE = 4e6;

/** Features times weights plus bias, in float64: done once, and on this thread, which must stay able to answer. */
async function applyLinear(
  { weight, bias, outputs: width }: Linear,
  { values, labels, length }: FeatureSet,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const weights = weight.hostValues;
  const outputs = new Float32Array(labels.length * width);
  const row = new Float64Array(width);
  const rowsAtOnce = Math.ceil(PRODUCTS_AT_ONCE / (length * width));
  for (let i = 0; i < labels.length; i++) {
    if (i % rowsAtOnce === rowsAtOnce - 1) {
      await nextTurn();
      throwIfAborted(signal);
    }
    row.fill(0);
    if (bias !== null) row.set(bias.hostValues);
    for (let f = 0; f < length; f++) {
      const feature = values[i * length + f];
      for (let c = 0; c < width; c++) row[c] += feature * weights[f * width + c];
    }
    outputs.set(row, i * width);
  }
  return outputs;
}

/** Images whose neighbours are found in one program. */
const ROWS_AT_ONCE = 64;

/** On a copy of the head: a module of a model cannot be on a device alone. */
async function applyOnDevice(
  head: NearestNeighbors,
  { values, labels, length }: FeatureSet,
  device: Device,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const outputs = new Float32Array(labels.length * head.outputs);
  const copy = head.copy();
  await copy.to(device);
  try {
    for (let first = 0; first < labels.length; first += ROWS_AT_ONCE) {
      throwIfAborted(signal);
      const rows = Math.min(ROWS_AT_ONCE, labels.length - first);
      const some = values.subarray(first * length, (first + rows) * length);
      const logits = await device.run(() => copy.forward(tensor(some, [rows, length])));
      outputs.set(logits as Float32Array, first * head.outputs);
    }
  } finally {
    copy.close();
  }
  return outputs;
}
