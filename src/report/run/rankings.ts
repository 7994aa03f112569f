/** From the answers to all images to the few that are shown, and to figures that charts are of. Pure functions. */
import { wilsonInterval } from '../../tasks/metrics/metrics.js';
import type { Metrics } from '../../tasks/metrics/metrics.js';
import { likeliest, type Scored } from '../../tasks/metrics/scores.js';
import type { ClassRow, ReliabilityBin, Share } from './report-data.js';

/** An answer by the place of its image and the indices of classes. */
export interface Answer {
  readonly image: number;
  readonly label: number;
  readonly predicted: number;
  readonly probability: number;
  readonly ofLabel: number;
}

/** The answers of rows of probabilities. */
export function answersOf({ scores: probabilities, labels, classes }: Scored): Answer[] {
  return Array.from(labels, (label, image) => {
    const predicted = likeliest({ scores: probabilities, classes }, image);
    const at = image * classes;
    return {
      image,
      label,
      predicted,
      probability: probabilities[at + predicted],
      ofLabel: probabilities[at + label],
    };
  });
}

/** The answers whose class was found least likely: those of the largest loss. */
export function worstOf(answers: readonly Answer[], most: number): Answer[] {
  return answers.toSorted((a, b) => a.ofLabel - b.ofLabel || a.image - b.image).slice(0, most);
}

/** Wrong answers, the surest first. */
export function missesOf(answers: readonly Answer[], most: number): Answer[] {
  return answers
    .filter(({ label, predicted }) => label !== predicted)
    .sort((a, b) => b.probability - a.probability || a.image - b.image)
    .slice(0, most);
}

/** Right answers, the surest first, of as many classes as there are: one of each, then the second of each. */
export function hitsOf(answers: readonly Answer[], most: number): Answer[] {
  const seen = new Map<number, number>();
  return answers
    .filter(({ label, predicted }) => label === predicted)
    .sort((a, b) => b.probability - a.probability || a.image - b.image)
    .map((answer) => {
      const round = seen.get(answer.label) ?? 0;
      seen.set(answer.label, round + 1);
      return { answer, round };
    })
    .sort((a, b) => a.round - b.round)
    .slice(0, most)
    .map(({ answer }) => answer);
}

/** Pairs of classes by how often the first was taken for the second; with their answers, the surest first. */
export function confusedPairs(
  answers: readonly Answer[],
  most: number,
): { readonly label: number; readonly predicted: number; readonly answers: readonly Answer[] }[] {
  const pairs = new Map<string, Answer[]>();
  for (const answer of missesOf(answers, answers.length)) {
    const key = `${answer.label} ${answer.predicted}`;
    const pair = pairs.get(key);
    if (pair === undefined) pairs.set(key, [answer]);
    else pair.push(answer);
  }
  return [...pairs.values()]
    .map((of) => ({ label: of[0].label, predicted: of[0].predicted, answers: of }))
    .sort((a, b) => b.answers.length - a.answers.length || a.label - b.label || a.predicted - b.predicted)
    .slice(0, most);
}

/** Answers in bins of equal width by their probability, open to the left, as in `calibrationError`. */
export function reliabilityBins(answers: readonly Answer[], bins: number): ReliabilityBin[] {
  const sums = Array.from({ length: bins }, () => ({ images: 0, confidence: 0, right: 0 }));
  for (const { probability, label, predicted } of answers) {
    const sum = sums[Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1))];
    sum.images++;
    sum.confidence += probability;
    if (label === predicted) sum.right++;
  }
  return sums.map(({ images, confidence, right }, i) => ({
    low: i / bins,
    high: (i + 1) / bins,
    images,
    confidence: images === 0 ? null : confidence / images,
    accuracy: images === 0 ? null : right / images,
  }));
}

/** Recall and precision of each class with their intervals. */
export function classRows({ per_class, confusion }: Metrics): ClassRow[] {
  const predicted = per_class.map((_, c) => confusion.reduce((sum, row) => sum + row[c], 0));
  return per_class.map(({ class: name, support, f1 }, c) => ({
    class: name,
    support,
    recall: shareOf(confusion[c][c], support),
    precision: shareOf(confusion[c][c], predicted[c]),
    f1,
  }));
}

/** Null for none of none. */
export function shareOf(right: number, all: number): Share | null {
  return all === 0 ? null : { value: right / all, interval: wilsonInterval(right, all) };
}

/** At most `most` of the indices from 0 to `count`, evenly spread. */
export function spread(count: number, most: number): number[] {
  const length = Math.min(count, most);
  return Array.from({ length }, (_, i) => Math.floor((i * count) / length));
}
