/** `attune evaluate`: how often a classifier is right, and what it confuses; or how close values are. */
import {
  type Calibration,
  type EvaluatedSplit,
  type EvaluateOptions,
  evaluate,
  type Metrics,
  type RegressionReport,
  type TaskKind,
} from '../../finetune/index.js';
import { findModel } from '../../models/index.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts, table } from '../table.js';
import { count, percent } from '../../text.js';
import { accuracyText, classTable, skippedLines } from './result-text.js';
import { columnTable, figure, fitText } from './value-text.js';

export type EvaluateFlags = Omit<EvaluateOptions, 'run' | 'data'>;

const MOST_CLASSES = 10;
const MOST_CONFUSIONS = 5;

export async function evaluateCommand(
  options: EvaluateOptions,
  json: boolean,
  output: Output,
): Promise<number> {
  if (options.model !== undefined) findModel(options.model); // before anything is read
  const result = await withSession(output, (context) => evaluate<TaskKind>(options, context));
  for (const line of skippedLines(result.skipped)) output.note(line);
  if (json) output.json(result);
  else if ('per_column' in result) printValues(result, output);
  else printMetrics(result, output);
  return 0;
}

/** Figures of several columns are in several units: they stand in the table alone. */
function printValues(report: RegressionReport & EvaluatedSplit, output: Output): void {
  const { loss, r2, mae, per_column } = report;
  const lines: [string, string][] = [
    ['fit', fitText(r2, mae, per_column.length)],
    ['images', imagesText(report)],
    ['loss', `${figure(loss)}, the mean squared error of standardised values`],
  ];
  output.print(facts(lines), '', columnTable(report));
}

/** `20 of the part test`: of what the figures are. */
function imagesText({ images, split }: EvaluatedSplit & { readonly images: number }): string {
  return split === null || split === 'all' ? count(images) : `${count(images)} of the part ${split}`;
}

function printMetrics(metrics: Metrics & EvaluatedSplit, output: Output): void {
  const { bold } = output.paint;
  const { per_class } = metrics;
  output.print(facts(metricFacts(metrics)));

  const present = per_class.filter(({ support }) => support > 0);
  const worst = present.toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0)).slice(0, MOST_CLASSES);
  const isAll = worst.length === present.length;
  output.print('', bold(isAll ? 'Classes, the worst first' : 'The worst classes'), classTable(worst));

  const pairs = confusions(metrics);
  if (pairs.length === 0) return;
  const shown = pairs.slice(0, MOST_CONFUSIONS);
  output.print(
    '',
    bold('Most often confused'),
    table(
      [{ title: 'is' }, { title: 'was taken for' }, { title: 'images', align: 'right' }],
      shown.map(({ truth, predicted, images: n }) => [truth, predicted, count(n)]),
    ),
  );
}

/** What is asked first comes first: how often it is right, then how evenly, then how surely. */
function metricFacts(metrics: Metrics & EvaluatedSplit): [name: string, value: string][] {
  const { accuracy, interval, top_k, balanced_accuracy, macro, weighted, auc, loss, brier, calibration } =
    metrics;
  const lines: [string, string][] = [
    ['accuracy', accuracyText(accuracy, interval)],
    ...top_k.map((top): [string, string] => [`top ${top.k}`, percent(top.accuracy)]),
    ['images', imagesText(metrics)],
    ['classes', classesText(metrics)],
    ['balanced accuracy', percent(balanced_accuracy)],
    ['F1', `${digits(macro?.f1, 3)} over classes, ${digits(weighted?.f1, 3)} over images`],
    ['AUC', `${digits(auc, 4)}, each class against the rest`],
    ['loss', `${digits(loss, 4)}, Brier's score ${digits(brier, 4)}`],
  ];
  if (calibration !== null) lines.push(['calibration error', calibrationText(calibration)]);
  return lines;
}

/** `3, 2 of them without images`: the tables leave those out. */
function classesText({ classes, per_class }: Metrics): string {
  const absent = per_class.filter(({ support }) => support === 0).length;
  return absent === 0 ? count(classes.length) : `${count(classes.length)}, ${absent} of them without images`;
}

/** `3.1 %; 1.2 % at temperature 1.43` */
function calibrationText({ error, temperature, scaled_error }: Calibration): string {
  const scaled =
    temperature === null ? '' : `; ${percent(scaled_error)} at temperature ${temperature.toFixed(2)}`;
  return percent(error) + scaled;
}

function digits(value: number | null | undefined, places: number): string {
  return typeof value === 'number' ? value.toFixed(places) : '-';
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
