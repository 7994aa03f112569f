/**
 * Whether a network is as sure as it is right, and the temperature that makes it so (Guo et al., On Calibration of
 * Modern Neural Networks, 2017): logits are divided by T before the softmax, which changes no prediction.
 */
import { likeliest, type Scored, softmaxRows } from './scores.js';

const BINS = 15;

/**
 * Expected calibration error: images in bins of equal width by the probability of their predicted class; the mean of
 * |accuracy - mean probability| over bins, weighted by their images. Bins are open to the left.
 */
export function calibrationError({ scores: probabilities, labels, classes }: Scored, bins = BINS): number {
  const gaps = new Float64Array(bins);
  for (let i = 0; i < labels.length; i++) {
    const predicted = likeliest({ scores: probabilities, classes }, i);
    const confidence = probabilities[i * classes + predicted];
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidence * bins) - 1));
    gaps[bin] += (predicted === labels[i] ? 1 : 0) - confidence;
  }
  return gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / labels.length;
}

/** Temperatures beyond these say that there are too few images, or that all are right. */
const COLDEST = 0.05;
const HOTTEST = 20;
const ITERATIONS = 40;
const CONVERGED = 1e-10;

/**
 * The temperature with the least cross-entropy of `scores`, which are logits, from 0.05 to 20; null for no images.
 *
 * The loss is convex in b = 1 / T: its slope is the mean over images of E[z] - z_label under softmax(b z), the
 * slope's slope that of Var[z]. Newton's steps, halved into the bracket where they leave it.
 */
export function fitTemperature(logits: Scored): number | null {
  if (logits.labels.length === 0) return null;
  let [low, high] = [1 / HOTTEST, 1 / COLDEST];
  let b = 1;
  for (let i = 0; i < ITERATIONS; i++) {
    const { slope, curvature } = slopeAt(logits, b);
    if (slope > 0) high = b;
    else low = b;
    const step = curvature > 0 ? b - slope / curvature : Number.NaN;
    const next = step > low && step < high ? step : Math.sqrt(low * high);
    if (Math.abs(next - b) <= CONVERGED * b) break;
    b = next;
  }
  return 1 / b;
}

function slopeAt(logits: Scored, b: number): { slope: number; curvature: number } {
  const { scores, labels, classes } = logits;
  const probabilities = softmaxRows(logits, 1 / b);
  let slope = 0;
  let curvature = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    let mean = 0;
    for (let c = 0; c < classes; c++) mean += probabilities[at + c] * scores[at + c];
    for (let c = 0; c < classes; c++) curvature += probabilities[at + c] * (scores[at + c] - mean) ** 2;
    slope += mean - scores[at + labels[i]];
  }
  return { slope, curvature };
}
