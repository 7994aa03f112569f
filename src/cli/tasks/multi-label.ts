/** What the terminal shows of a multi-label classification. */
import { inputRow, type SampleWords } from '../../inputs/index.js';
import type { EvaluateResult, FinetuneResult } from '../../finetune/index.js';
import type { TaskTable } from '../../tasks/index.js';
import { count, percent } from '../../text.js';
import type { Output } from '../output.js';
import { facts, table } from '../table.js';
import { partText, unmeasured } from './result-text.js';
import type { Fact, TaskText } from './task-text.js';

type LabelMetrics = TaskTable['multi-label']['metrics'];

/** Labels up to which each has its line behind a run, and in an evaluation. */
const FEW_LABELS = 20;
const MOST_LABELS = 100;

/** Its figures in a comparison of runs. */
interface ComparedLabels {
  readonly mean_average_precision: number | null;
  readonly micro_f1: number | null;
  readonly exact_match: number | null;
}

export const MULTI_LABEL_TEXT: TaskText<'multi-label'> = {
  learnt: ({ classes }) => ['labels', count(classes.length)],
  reached: labelFacts,
  tested: ({ classes, test, input }) =>
    test !== null && classes.length <= FEW_LABELS ? labelTable(test.per_class, inputRow(input).files) : [],
  evaluated: printLabels,
  answered: ({ predictions }) =>
    predictions.map(
      ({ label, probability, logit }) =>
        [percent(probability), logit > 0 ? `${label}, above 0.5` : label] as const,
    ),
  foldColumns: [
    ['mean_average_precision', 'mAP'],
    ['micro_f1', 'micro F1'],
    ['macro_f1', 'macro F1'],
    ['exact_match', 'exact match'],
    ['loss', 'loss'],
  ],
  foldHeadlines: 2,
  runColumns: {
    before: [
      {
        title: 'mAP',
        text: (run: unknown) => digits((run as ComparedLabels).mean_average_precision, 3),
      },
      { title: 'micro F1', text: (run: unknown) => digits((run as ComparedLabels).micro_f1, 3) },
      { title: 'exact match', text: (run: unknown) => percent((run as ComparedLabels).exact_match) },
    ],
    behind: [],
  },
};

function labelFacts({ best, images, test }: FinetuneResult<'multi-label'>): Fact[] {
  const validated =
    unmeasured(images.val, best.val_loss) ??
    figuresText(best.val_mean_average_precision, best.val_micro_f1, best.val_exact_match);
  const lines: Fact[] = [
    ['validation', validated],
    ['validation loss', digits(best.val_loss, 4)],
  ];
  if (test !== null)
    lines.push(['test', figuresText(test.mean_average_precision, test.micro_f1, test.exact_match)]);
  return lines;
}

function figuresText(precision: number | null, f1: number | null, match: number | null): string {
  return `mean average precision ${digits(precision, 3)}, micro F1 ${digits(f1, 3)}, all labels right ${percent(match)}`;
}

function printLabels(metrics: EvaluateResult<'multi-label'>, output: Output): void {
  const { per_class: labels } = metrics;
  const { files: words } = inputRow(metrics.input);
  const lines: Fact[] = [
    ['mean average precision', digits(metrics.mean_average_precision, 4)],
    ['F1', `${digits(metrics.micro_f1, 3)} over all decisions, ${digits(metrics.macro_f1, 3)} over labels`],
    ['all labels right', percent(metrics.exact_match)],
    [words.many, partText(metrics)],
    ['labels', count(labels.length)],
    ['loss', `${digits(metrics.loss, 4)}, the mean binary cross-entropy`],
  ];
  const worst = labels
    .toSorted((a, b) => (a.average_precision ?? 2) - (b.average_precision ?? 2))
    .slice(0, MOST_LABELS);
  const title = worst.length === labels.length ? 'Labels, the worst first' : 'The worst labels';
  output.print(facts(lines), '', output.paint.bold(title), labelTable(worst, words));
}

/** The labels in the given order, a line for each. */
function labelTable(labels: LabelMetrics['per_class'], { many }: SampleWords): string[] {
  return table(
    [
      { title: 'label' },
      { title: many, align: 'right' },
      { title: 'average precision', align: 'right' },
      { title: 'recall', align: 'right' },
      { title: 'precision', align: 'right' },
      { title: 'F1', align: 'right' },
    ],
    labels.map(({ class: name, support, average_precision, recall, precision, f1 }) => [
      name,
      count(support),
      digits(average_precision, 3),
      percent(recall),
      percent(precision),
      digits(f1, 2),
    ]),
  );
}

function digits(value: number | null, places: number): string {
  return value === null ? '-' : value.toFixed(places);
}
