/** ONNX's two losses, with class weights and a label to ignore. */
import * as at from '#src/index';
import type { Tensor } from '#src/tensor/tensor';
import type { OnnxCall } from './onnx-calls.js';
import type { Given } from './onnx-given.js';
import { channelsFirst, channelsLast } from './onnx-layouts.js';

/** Losses of rows, weighted, as one number where the case asks for it. */
function reduced(given: Given, losses: Tensor): Tensor {
  const labels = given.whole(1);
  const ignored = ignoredOf(given);
  const classWeights = given.has(2) ? given.array(2).values : null;
  const weights = labels.map((label) => (label === ignored ? 0 : (classWeights?.[label] ?? 1)));
  const each = at.tensor(Float32Array.from(weights), losses.shape);
  const weighted = at.multiply(losses, each);
  const reduction = given.text('reduction', 'mean');
  if (reduction === 'none') return weighted;
  return reduction === 'sum' ? at.sum(weighted) : at.divide(at.sum(weighted), at.sum(each));
}

function ignoredOf(given: Given): number | undefined {
  const none = Number.NaN;
  const ignored = given.integer('ignore_index', none);
  return Number.isNaN(ignored) ? undefined : ignored;
}

export const lossCalls: Readonly<Record<string, OnnxCall>> = {
  // Its input are logarithms of probabilities that need not add up to 1: their own, and not those of a softmax, count.
  NegativeLogLikelihoodLoss(given) {
    const x = channelsLast(given.real(0));
    const ignored = ignoredOf(given);
    const labels = given.whole(1).map((label) => (label === ignored ? 0 : label));
    const hot = at.oneHot(at.tensor(Int32Array.from(labels), [labels.length]), x.shape.at(-1) as number);
    return reduced(given, at.negate(at.sum(at.multiply(x, at.reshape(hot, x.shape)), -1)));
  },
  SoftmaxCrossEntropyLoss(given) {
    const x = channelsLast(given.real(0));
    const ignored = ignoredOf(given);
    const labels = given.indices(1);
    const loss =
      given.text('reduction', 'mean') === 'mean' && !given.has(2)
        ? at.crossEntropy(x, labels, ignored === undefined ? {} : { ignoreIndex: ignored })
        : reduced(given, at.crossEntropyLosses(x, labels, 0, ignored));
    return [loss, channelsFirst(at.logSoftmax(x))];
  },
};
