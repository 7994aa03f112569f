/** What a report shows of a multi-label classification. */
import type { TaskTable } from '../../tasks/index.js';
import { countedSamples, type SampleWords } from '../../inputs/index.js';
import { count, counted, percent } from '../../text.js';
import { intervalChart } from '../charts/intervals.js';
import type { Drawing } from '../charts/drawing.js';
import { chart, digits, name, type Section, table } from '../html/elements.js';
import { type Html, html } from '../html/html.js';
import { partName, samplesOf } from '../html/words.js';
import { shareOf } from '../run/rankings.js';
import type { EvaluatedPart } from '../run/report-data.js';
import type { EpochColumn, TaskReport } from './task-report.js';

type Metrics = TaskTable['multi-label']['metrics'];

/** What the best checkpoint answers for the images of a part. */
export interface LabelledPart extends EvaluatedPart {
  readonly kind: 'multi-label';
  readonly metrics: Metrics;
}

/** Its figures in a comparison of runs. */
interface ComparedLabels {
  readonly mean_average_precision: number | null;
  readonly micro_f1: number | null;
  readonly macro_f1: number | null;
  readonly exact_match: number | null;
}

/** Labels that have their dot in the chart, and their line in the table and in the picture of the results. */
const MOST_DOTS = 40;
const MOST_LINES = 1000;
const MOST_DRAWN = 30;

const PRECISION: EpochColumn = {
  title: 'mean average precision',
  text: ({ val_mean_average_precision: value }) => digits(value, 3),
};
const F1: EpochColumn = { title: 'micro F1', text: ({ val_micro_f1: value }) => digits(value, 3) };
const MATCH: EpochColumn = {
  title: 'exact match',
  text: ({ val_exact_match: value = null }) => percent(value),
};

export const MULTI_LABEL_REPORT: TaskReport<'multi-label', LabelledPart> = {
  async evaluate({ images, values, words }, { part, task }) {
    return { kind: 'multi-label', part, words, metrics: task.metrics(values, images, null) as Metrics };
  },

  learnt: ({ classes }) => html`${counted(classes.length, 'label')}, any number of them each`,
  sentence: ({ part, words, metrics: { mean_average_precision: precision, exact_match: right, images } }) =>
    html`Its mean average precision is <strong>${digits(precision, 3)}</strong>; of ${samplesOf(part, images, words)}, ${percent(right)} have all labels right.`,
  tiles: ({ part, words, metrics }) => [
    [
      `Mean average precision, ${partName(part)}`,
      digits(metrics.mean_average_precision, 3),
      `of ${countedSamples(metrics.images, words)}`,
    ],
    ['Micro F1', digits(metrics.micro_f1, 3), `macro F1 ${digits(metrics.macro_f1, 3)}`],
    ['Exact match', percent(metrics.exact_match), `${words.many} whose labels are all right`],
    ['Loss', digits(metrics.loss, 3), 'binary cross-entropy in nats'],
  ],
  sections: (part, drawing) => [labelsSection(part, drawing)],
  testSections: (part, drawing) => [labelsSection(part, drawing)],
  dataTable: () => null,
  pictures({ metrics }, paper) {
    const rows = dotsOf(metrics.per_class);
    return rows.length === 0 || rows.length > MOST_DRAWN
      ? []
      : [intervalChart(paper, 'Recall of each label', rows, null)];
  },
  confusion: () => null,

  lossCaption: 'Mean binary cross-entropy in nats.',
  curve: {
    key: 'mean_average_precision',
    title: 'Mean average precision',
    caption: 'The mean over labels of their average precision.',
    isShare: true,
  },
  epochColumns: () => [PRECISION, F1, MATCH],
  isOfClasses: false,

  unknown: { mean_average_precision: null, micro_f1: null, macro_f1: null, exact_match: null },
  figures: ({ mean_average_precision, micro_f1, macro_f1, exact_match }) => ({
    mean_average_precision,
    micro_f1,
    macro_f1,
    exact_match,
  }),
  noted: (epoch) => ({
    mean_average_precision: epoch.val_mean_average_precision ?? null,
    micro_f1: epoch.val_micro_f1 ?? null,
    exact_match: epoch.val_exact_match ?? null,
  }),
  right: () => null,
  runColumns: {
    before: [
      {
        title: 'mean average precision',
        text: (run: unknown) => digits((run as ComparedLabels).mean_average_precision, 3),
      },
      { title: 'micro F1', text: (run: unknown) => digits((run as ComparedLabels).micro_f1, 3) },
      { title: 'exact match', text: (run: unknown) => percent((run as ComparedLabels).exact_match) },
    ],
    behind: [],
  },
  headline(run: unknown) {
    const { mean_average_precision: figure } = run as ComparedLabels;
    if (figure === null) return null;
    return { figure, said: html`the largest mean average precision, <strong>${digits(figure, 3)}</strong>` };
  },
};

function labelsSection({ metrics, part, words }: LabelledPart, drawing: Drawing): Section {
  const isTest = part === 'test';
  const dots = dotsOf(metrics.per_class);
  const shown = dots.toSorted((a, b) => a.share.value - b.share.value).slice(0, MOST_DOTS);
  const few = shown.length < dots.length ? ` The ${MOST_DOTS} labels with the least recall.` : '';
  return {
    id: isTest ? 'test-labels' : 'labels',
    title: isTest ? 'Test labels' : 'Labels',
    body: html`<p>Each label by itself, over ${samplesOf(part, metrics.images, words)}: it is given where its probability is above 0.5.</p>
${shown.length === 0 ? null : chart(intervalChart(drawing, 'Recall of each label', dots.length > MOST_DOTS ? shown : dots, null), `Share of the ${words.many} with a label that were given it, with its 95 % Wilson interval.${few}`, null)}
${labelTable(metrics.per_class, words)}`,
  };
}

/** The recall of each label that samples have. */
function dotsOf(labels: Metrics['per_class']) {
  return labels.flatMap(({ class: label, recall, support }) => {
    const share = recall === null ? null : shareOf(Math.round(recall * support), support);
    return share === null ? [] : [{ name: label, share }];
  });
}

/** A line for each label, of very many those of the least average precision. */
function labelTable(labels: Metrics['per_class'], words: SampleWords): Html {
  const worst = labels.toSorted((a, b) => (a.average_precision ?? 2) - (b.average_precision ?? 2));
  const shown = labels.length > MOST_LINES ? worst.slice(0, MOST_LINES) : labels;
  const some =
    shown.length < labels.length
      ? `; the ${count(MOST_LINES)} of ${count(labels.length)} with the least average precision`
      : '';
  const numbers = [words.many, 'average precision', 'recall', 'precision', 'F1'];
  return table(
    `Each label by itself${some}`,
    [{ title: 'label' }, ...numbers.map((title) => ({ title, isNumber: true }))],
    shown.map(({ class: label, support, recall, precision, f1, average_precision }) => [
      name(label),
      count(support),
      digits(average_precision, 3),
      percent(recall),
      percent(precision),
      digits(f1, 3),
    ]),
  );
}
