/** Accuracies, classes and left-out images in lines for people; shared by the commands that measure. */
import type { SampleWords } from '../../inputs/index.js';
import type { ClassMetrics } from '../../tasks/metrics/metrics.js';
import type { EvaluatedSplit, SkippedImage } from '../../recipe/results.js';
import { table } from '../table.js';
import { count, counted, oneLine, percent } from '../../text.js';

/** Left-out images that are named one by one. */
const MOST_SKIPPED = 10;

/** `93.1 % (95 % interval 88.1 to 96.1 %)` */
export function accuracyText(accuracy: number | null, interval: readonly [number, number] | null): string {
  if (accuracy === null || interval === null) return percent(accuracy);
  const [low, high] = interval;
  return `${percent(accuracy)} (95 % interval ${(low * 100).toFixed(1)} to ${percent(high)})`;
}

/** The classes in the given order, a line for each, with the number of their samples. */
export function classTable(classes: readonly ClassMetrics[], { many }: SampleWords): string[] {
  return table(
    [
      { title: 'class' },
      { title: many, align: 'right' },
      { title: 'recall', align: 'right' },
      { title: 'precision', align: 'right' },
      { title: 'F1', align: 'right' },
    ],
    classes.map(({ class: name, support, recall, precision, f1 }) => [
      name,
      count(support),
      percent(recall),
      percent(precision),
      f1 === null ? '-' : f1.toFixed(2),
    ]),
  );
}

/** `20 of the part test`: of what the figures are. */
export function partText({ images, split }: EvaluatedSplit & { readonly images: number }): string {
  return split === null || split === 'all' ? count(images) : `${count(images)} of the part ${split}`;
}

/** Why there is no figure of the validation; null when there is one. */
export function unmeasured(images: number, figure: number | null): string | null {
  if (images === 0) return 'nothing to measure by';
  return figure === null ? 'not yet measured' : null;
}

/** What was left out, with the reasons; the first few by name. */
export function skippedLines(skipped: readonly SkippedImage[]): string[] {
  if (skipped.length === 0) return [];
  const named = skipped
    .slice(0, MOST_SKIPPED)
    .map(({ path, reason }) => `  ${oneLine(`${path}: ${reason}`)}`);
  const rest = skipped.length - named.length;
  const more = rest === 0 ? [] : [`  and ${count(rest)} more; --json lists all`];
  return [`Left out: ${counted(skipped.length, 'file or folder', 'files or folders')}`, ...named, ...more];
}
