/** What the terminal shows of a classification. */
import { inputRow, type SampleWords } from '../../inputs/index.js';
import { limitText } from '../../tasks/metrics/calibration.js';
import type { Calibration, EvaluateResult, FinetuneResult, Metrics } from '../../finetune/index.js';
import { count, percent } from '../../text.js';
import { accuracyText, classTable, partText, unmeasured } from './result-text.js';
import type { Output } from '../output.js';
import { facts, table } from '../table.js';
import type { Fact, TaskText } from './task-text.js';

/** Classes up to which each has its line. */
const FEW_CLASSES = 20;
const MOST_CLASSES = 10;
const MOST_CONFUSIONS = 5;

export const CLASSIFICATION_TEXT: TaskText<'classification'> = {
  learnt: ({ classes }) => ['classes', count(classes.length)],
  reached: accuracyFacts,
  tested: ({ classes, test, input }) =>
    test !== null && classes.length <= FEW_CLASSES ? classTable(test.per_class, inputRow(input).files) : [],
  evaluated: printMetrics,
  answered: ({ predictions }) =>
    predictions.map(({ label, probability }) => [percent(probability), label] as const),
  foldColumns: [
    ['accuracy', 'accuracy'],
    ['balanced_accuracy', 'balanced'],
    ['macro_f1', 'F1'],
    ['loss', 'loss'],
  ],
  foldHeadlines: 1,
  runColumns: {
    before: [
      { title: 'accuracy', text: ({ accuracy }) => percent(accuracy) },
      { title: '95 % interval', text: ({ interval }) => intervalText(interval) },
      { title: 'F1', text: ({ macro_f1 }) => digits(macro_f1, 3) },
    ],
    behind: [{ title: 'calibration', text: ({ calibration_error }) => percent(calibration_error) }],
  },
};

function accuracyFacts({ best, images, test }: FinetuneResult): Fact[] {
  const validated =
    unmeasured(images.val, best.val_accuracy) ?? accuracyText(best.val_accuracy, best.interval);
  const lines: Fact[] = [['validation accuracy', validated]];
  if (test !== null) lines.push(['test accuracy', accuracyText(test.accuracy, test.interval)]);
  const limit = limitText(images.val, best.val_accuracy);
  if (limit !== null) lines.push(['probabilities', limit]);
  return lines;
}

function printMetrics(metrics: EvaluateResult, output: Output): void {
  const { bold } = output.paint;
  const { per_class } = metrics;
  const { files: words } = inputRow(metrics.input);
  output.print(facts(metricFacts(metrics, words)));

  const present = per_class.filter(({ support }) => support > 0);
  const worst = present.toSorted((a, b) => (a.recall ?? 0) - (b.recall ?? 0)).slice(0, MOST_CLASSES);
  const isAll = worst.length === present.length;
  output.print('', bold(isAll ? 'Classes, the worst first' : 'The worst classes'), classTable(worst, words));

  const pairs = confusions(metrics);
  if (pairs.length === 0) return;
  const shown = pairs.slice(0, MOST_CONFUSIONS);
  output.print(
    '',
    bold('Most often confused'),
    table(
      [{ title: 'is' }, { title: 'was taken for' }, { title: words.many, align: 'right' }],
      shown.map(({ truth, predicted, images: n }) => [truth, predicted, count(n)]),
    ),
  );
}

/** What is asked first comes first: how often it is right, then how evenly, then how surely. */
function metricFacts(metrics: EvaluateResult, { many }: SampleWords): [name: string, value: string][] {
  const { accuracy, interval, top_k, balanced_accuracy, macro, weighted, auc, loss, brier, calibration } =
    metrics;
  const lines: [string, string][] = [
    ['accuracy', accuracyText(accuracy, interval)],
    ...top_k.map((top): [string, string] => [`top ${top.k}`, percent(top.accuracy)]),
    [many, partText(metrics)],
    ['classes', classesText(metrics, many)],
    ['balanced accuracy', percent(balanced_accuracy)],
    ['F1', `${digits(macro?.f1, 3)} over classes, ${digits(weighted?.f1, 3)} over ${many}`],
    ['AUC', `${digits(auc, 4)}, each class against the rest`],
    ['loss', `${digits(loss, 4)}, Brier's score ${digits(brier, 4)}`],
  ];
  if (calibration !== null) lines.push(['calibration error', calibrationText(calibration)]);
  return lines;
}

/** `3, 2 of them without ${many}`: the tables leave those out. */
function classesText({ classes, per_class }: Metrics, many: string): string {
  const absent = per_class.filter(({ support }) => support === 0).length;
  return absent === 0 ? count(classes.length) : `${count(classes.length)}, ${absent} of them without ${many}`;
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

function intervalText(interval: readonly [number, number] | null): string {
  return interval === null ? '-' : `${(100 * interval[0]).toFixed(1)} to ${percent(interval[1])}`;
}
