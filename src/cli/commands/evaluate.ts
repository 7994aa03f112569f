/** `attune evaluate`: how often a classifier is right, and what it confuses. */
import { type EvaluateOptions, evaluate, type Metrics } from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { count, percent } from '../text.js';
import { accuracyText, classTable, skippedLines } from './result-text.js';

export type EvaluateFlags = Omit<EvaluateOptions, 'run' | 'data'>;

const MOST_CLASSES = 10;
const MOST_CONFUSIONS = 5;

export async function evaluateCommand(
  options: EvaluateOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => evaluate(options, context));
  for (const line of skippedLines(result.skipped)) output.note(line);
  if (json) output.json(result);
  else printMetrics(result, output);
  return 0;
}

function printMetrics(metrics: Metrics, output: Output): void {
  const { bold } = output.paint;
  const { accuracy, interval, top5_accuracy, loss, images, classes, per_class } = metrics;
  const lines: [string, string][] = [
    ['images', count(images)],
    ['classes', count(classes.length)],
    ['accuracy', accuracyText(accuracy, interval)],
  ];
  if (top5_accuracy !== null) lines.push(['top 5', percent(top5_accuracy)]);
  lines.push(['loss', loss === null ? '-' : loss.toFixed(4)]);
  output.print(...facts(lines));

  const present = per_class.filter(({ support }) => support > 0);
  const worst = present.toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0)).slice(0, MOST_CLASSES);
  const isAll = worst.length === present.length;
  output.print('', bold(isAll ? 'Classes, the worst first' : 'The worst classes'), ...classTable(worst));

  const pairs = confusions(metrics);
  if (pairs.length === 0) return;
  const shown = pairs.slice(0, MOST_CONFUSIONS);
  output.print(
    '',
    bold('Most often confused'),
    ...table(
      [{ title: 'is' }, { title: 'was taken for' }, { title: 'images', align: 'right' }],
      shown.map(({ truth, predicted, images: n }) => [truth, predicted, count(n)]),
    ),
  );
}

interface Confusion {
  readonly truth: string;
  readonly predicted: string;
  readonly images: number;
}

/** Pairs of a class and another it was taken for, the most frequent first. */
function confusions({ confusion, classes }: Metrics): Confusion[] {
  const pairs = confusion.flatMap((row, truth) =>
    row.flatMap((images, predicted) =>
      images > 0 && truth !== predicted
        ? [{ truth: classes[truth], predicted: classes[predicted], images }]
        : [],
    ),
  );
  return pairs.sort((a, b) => b.images - a.images);
}
