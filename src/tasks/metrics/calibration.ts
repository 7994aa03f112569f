/**
 * Whether a network is as sure as it is right, and the temperature that makes it so (Guo et al., On Calibration of
 * Modern Neural Networks, 2017): logits are divided by T before the softmax, which changes no prediction.
 */
import * as v from 'valibot';
import { counted } from '../../text.js';
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

/** Temperatures beyond these say that logits are all but equal, or that no image is right. */
const COLDEST = 0.05;
const HOTTEST = 20;
/** What a file may say that its temperature is: with far smaller or larger ones, probabilities are no numbers, or all equal. */
export const temperatureSchema = v.pipe(v.number(), v.minValue(0.01), v.maxValue(100));
const ITERATIONS = 40;
const CONVERGED = 1e-10;

/**
 * The share of a right answer's target that n images cannot speak for: of each, the right class is expected with
 * (n + 1) / (n + 2) only, the other classes with the rest (Platt, Probabilistic Outputs for Support Vector Machines,
 * 1999; before him Laplace's rule of succession). So 20 images that are all right make answers about 95 % sure, where
 * the least cross-entropy alone would make them entirely so; of thousands of images it changes next to nothing.
 */
export function doubtOf(images: number): number {
  return 1 / (images + 2);
}

/** Why answers are no surer, for people; null where some of the images that the temperature was fitted on are wrong. */
export function limitText(images: number, accuracy: number | null): string | null {
  if (accuracy !== 1) return null;
  const doubt = doubtOf(images);
  const sure = (100 * (1 - doubt)).toFixed(Math.ceil(-Math.log10(doubt)) - 1);
  return `${counted(images, 'validated answer')}, all right: answers as clear as theirs are called ${sure} % sure, and only more data could show more`;
}

/**
 * The temperature with the least cross-entropy of `scores`, which are logits, with targets a little in doubt, from 0.05
 * to 20; null for no images, and for a single class, of which one is always sure.
 *
 * The loss is convex in b = 1 / T: its slope is the mean over images of E[z] under softmax(b z) less E[z] under the
 * targets, the slope's slope that of Var[z]. Newton's steps, halved into the bracket where they leave it.
 */
export function fitTemperature(logits: Scored): number | null {
  if (logits.labels.length === 0 || logits.classes < 2) return null;
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
  const doubt = doubtOf(labels.length);
  let slope = 0;
  let curvature = 0;
  for (let i = 0; i < labels.length; i++) {
    const at = i * classes;
    const right = scores[at + labels[i]];
    let mean = 0;
    let others = -right;
    for (let c = 0; c < classes; c++) {
      mean += probabilities[at + c] * scores[at + c];
      others += scores[at + c];
    }
    for (let c = 0; c < classes; c++) curvature += probabilities[at + c] * (scores[at + c] - mean) ** 2;
    slope += mean - (1 - doubt) * right - (doubt * others) / (classes - 1);
  }
  return { slope, curvature };
}
