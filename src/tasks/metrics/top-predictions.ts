/** What a row of logits says, the likeliest first. */
import { softmaxRows } from './scores.js';

/** One class for an image. */
export interface Prediction {
  readonly label: string;
  readonly index: number;
  /** Calibrated by the temperature of the checkpoint, where it has one (calibration.ts). */
  readonly probability: number;
  /** As the network gives it. */
  readonly logit: number;
}

/**
 * The `top` labels of largest logit with the probabilities that softmax gives for logits divided by `temperature`: that
 * of the checkpoint, for calibrated ones. The logits stay as they are.
 */
export function topPredictions(
  logits: ArrayLike<number>,
  classes: readonly string[],
  top: number,
  temperature = 1,
): Prediction[] {
  const row = { scores: logits, labels: [0], classes: logits.length };
  return Array.from(softmaxRows(row, temperature), (probability, index) => ({
    label: classes[index],
    index,
    probability,
    logit: logits[index],
  }))
    .sort((a, b) => b.logit - a.logit || a.index - b.index)
    .slice(0, top);
}
