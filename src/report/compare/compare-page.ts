/** The page of a comparison: a table of the runs, intervals, curves over each other, tests, and how recipes differ. */
import { count, counted, duration, significant } from '../../text.js';
import { curveChart, type Series } from '../charts/curves.js';
import type { Drawing } from '../charts/drawing.js';
import { intervalChart } from '../charts/intervals.js';
import { type Content, type Html, html } from '../page/html.js';
import { pageOf } from '../page/page.js';
import { chart, digits, interval, name, type Section, share, table } from '../page/parts.js';
import { partName } from '../page/words.js';
import { stagesOf } from '../run/stored-facts.js';
import type { CompareResult } from './compare-result.js';
import { epochsText, pText, valueText } from './compare-text.js';
import type { ComparedRun, MeasuredRun } from './compared-run.js';

/** Runs whose curves are told apart by colour and dashes. */
const MOST_CURVES = 6;
const MOST_INTERVALS = 40;

/** One HTML file, as `reportPage`. Runs are numbered from 1 in their order. */
export function comparePage(
  result: CompareResult,
  measured: readonly MeasuredRun[],
  drawing: Drawing,
): string {
  const sections = [
    runsSection(result, measured),
    accuracySection(measured, drawing),
    curvesSection(measured, drawing),
    pairedSection(result),
    recipesSection(result, measured),
  ].filter((section) => section !== null);
  return pageOf({
    title: `${measured.length} runs compared`,
    eyebrow: 'Comparison',
    lead: leadOf(result, measured),
    sections,
  });
}

function leadOf({ runs }: CompareResult, measured: readonly MeasuredRun[]): Html {
  const best = measured
    .filter(({ summary: { accuracy, r2 } }) => accuracy !== null || r2 !== null)
    .toSorted((a, b) => figureOf(b.summary) - figureOf(a.summary))[0];
  if (best === undefined) return html`None of the runs was validated yet.`;
  const { accuracy, interval: range, r2 } = best.summary;
  const said =
    accuracy === null
      ? html`the largest R², <strong>${digits(r2, 3)}</strong>`
      : html`the largest share of right answers, <strong>${share({ value: accuracy, interval: range ?? [0, 1] })}</strong>${range === null ? null : ` (${interval(range)})`}`;
  return html`${name(best.name)} has ${said}. ${isOneMeasure(runs) ? 'Where intervals overlap, runs need not differ.' : html`<strong>Not all runs were measured with the same number of images of the same kind</strong>, so that figures need not say which is better.`}`;
}

function isOneMeasure(runs: CompareResult['runs']): boolean {
  return new Set(runs.map(({ part, images }) => `${part} ${images}`)).size === 1;
}

function figureOf({ accuracy, r2 }: ComparedRun): number {
  return accuracy ?? r2 ?? Number.NEGATIVE_INFINITY;
}

function runsSection({ skipped }: CompareResult, measured: readonly MeasuredRun[]): Section {
  const isClasses = measured.some(({ summary }) => summary.task === 'classification');
  const isFit = measured.some(({ summary }) => summary.task === 'regression');
  const numbers = [
    ...(isClasses ? ['accuracy', 'interval', 'macro F1'] : []),
    ...(isFit ? ['R²', 'mean absolute error'] : []),
    'loss',
    ...(isClasses ? ['calibration'] : []),
    'images',
    'epochs',
    'time',
  ];
  const rows = measured.map(({ summary, name: title }, i): Content[] => [
    html`${i + 1} ${name(title)}`,
    ...(isClasses
      ? [
          summary.accuracy === null ? '–' : share({ value: summary.accuracy, interval: [0, 1] }),
          interval(summary.interval),
          digits(summary.macro_f1, 3),
        ]
      : []),
    ...(isFit ? [digits(summary.r2, 3), summary.mae === null ? '–' : significant(summary.mae)] : []),
    digits(summary.loss, 3),
    ...(isClasses
      ? [
          summary.calibration_error === null
            ? '–'
            : share({ value: summary.calibration_error, interval: [0, 1] }),
        ]
      : []),
    summary.images === null || summary.part === null
      ? '–'
      : `${count(summary.images)} ${partName(summary.part)}`,
    epochsText(summary),
    duration(summary.seconds),
  ]);
  const notes = measured.flatMap(({ summary: { note, finished }, name: title }) => {
    if (note !== null) return [html`<p class="note">${name(title)}: ${note}.</p>`];
    return finished ? [] : [html`<p class="note">${name(title)} is not finished.</p>`];
  });
  return {
    id: 'runs',
    title: 'Runs',
    body: html`${table(
      'Each run by its best checkpoint',
      [{ title: 'run' }, ...numbers.map((title) => ({ title, isNumber: true }))],
      rows,
    )}${notes}${skipped.map(({ path, reason }) => html`<p class="note">${name(path, 120)} was left out: ${reason}.</p>`)}`,
  };
}

function accuracySection(measured: readonly MeasuredRun[], drawing: Drawing): Section | null {
  const rows = measured.flatMap(({ summary: { accuracy: value, interval: range }, name: title }, i) =>
    value === null || range === null
      ? []
      : [{ name: `${i + 1} ${title}`, share: { value, interval: range } }],
  );
  if (rows.length < 2) return null;
  return {
    id: 'accuracy',
    title: 'Accuracy',
    body: chart(
      intervalChart(drawing, 'Accuracy of each run', rows.slice(0, MOST_INTERVALS), null),
      `With 95 % Wilson intervals.${rows.length > MOST_INTERVALS ? ` The first ${MOST_INTERVALS} runs.` : ''}`,
      null,
    ),
  };
}

interface Figure {
  readonly title: string;
  readonly key: 'train_loss' | 'val_loss' | 'val_accuracy' | 'val_r2';
  readonly isShare: boolean;
}

/** Curves of the full stage, one figure a chart; null where no two runs have one. */
function curvesSection(measured: readonly MeasuredRun[], drawing: Drawing): Section | null {
  const isFit = measured.every(({ summary }) => summary.task === 'regression');
  const figures: readonly Figure[] = [
    { title: 'Validation loss', key: 'val_loss', isShare: false },
    isFit
      ? { title: 'Validation R²', key: 'val_r2', isShare: false }
      : { title: 'Validation accuracy', key: 'val_accuracy', isShare: true },
    { title: 'Training loss', key: 'train_loss', isShare: false },
  ];
  const charts = figures.flatMap(({ title, key, isShare }) => {
    const series = measured
      .map(
        ({ records }, i): Series => ({
          name: String(i + 1),
          points: stagesOf(records).full.map((record) => ({ x: record.epoch, y: record[key] ?? null })),
        }),
      )
      .filter(({ points }) => points.some(({ y }) => y !== null))
      .slice(0, MOST_CURVES);
    if (series.length < 2) return [];
    const svg = curveChart(drawing, series, { title, x: 'epoch', isShare, fromZero: key.endsWith('loss') });
    return [chart(svg, null, null)];
  });
  if (charts.length === 0) return null;
  return {
    id: 'curves',
    title: 'Curves',
    body: html`<p>Of the full stage, by the number of the run${measured.length > MOST_CURVES ? `; of the first ${MOST_CURVES} that have one` : ''}.</p><div class="pair">${charts}</div>`,
  };
}

function pairedSection({ paired, runs }: CompareResult): Section | null {
  if (runs.every(({ task }) => task === 'regression')) return null;
  const text =
    paired.length === 0
      ? html`<p>No two runs answered for the same images with the same classes, so that nothing can be tested image by image.</p>`
      : html`<p>These runs answered for the same images, so that only those count on which they differ. By McNemar's exact test, p says how probable so uneven a share of them is by chance alone: below 0.05 runs are usually said to differ. Of twenty such tests one is below 0.05 by chance.</p>
${table(
  'Pairs of runs, image by image',
  [
    { title: 'runs' },
    ...['images', 'only the first is right', 'only the second is right', 'p'].map((title) => ({
      title,
      isNumber: true,
    })),
  ],
  paired.map(({ runs: [a, b], images, only, p }) => [
    `${a + 1} and ${b + 1}`,
    count(images),
    count(only[0]),
    count(only[1]),
    pText(p),
  ]),
)}`;
  return { id: 'paired', title: 'Image by image', body: text };
}

function recipesSection({ differences }: CompareResult, measured: readonly MeasuredRun[]): Section {
  const body =
    differences.length === 0
      ? html`<p>The recipes of ${counted(measured.length, 'run')} are the same.</p>`
      : table(
          'What differs between the recipes',
          [{ title: 'field' }, ...measured.map((_, i) => ({ title: `run ${i + 1}` }))],
          differences.map(({ field, values }) => [
            field,
            ...values.map((value) => name(valueText(value), 80)),
          ]),
        );
  return { id: 'recipes', title: 'Recipes', body };
}
