/** What a report shows of a regression. */
import { countedSamples } from '../../inputs/index.js';
import { counted, percent, significant } from '../../text.js';
import { scatterChart } from '../charts/scatter.js';
import { html } from '../html/html.js';
import { digits, name, table } from '../html/elements.js';
import { valuesSection } from './sections/values.js';
import { partName, samplesOf } from '../html/words.js';
import { valuedPart } from '../run/valued-part.js';
import type { ValuedPart } from '../run/report-data.js';
import type { EpochColumn, TaskReport } from './task-report.js';

/** Most columns of which the picture of the results has a chart. */
const MOST_COLUMNS = 3;

const ERROR: EpochColumn = { title: 'mean absolute error', text: ({ val_mae }) => digits(val_mae, 4) };
const FIT: EpochColumn = { title: 'R²', text: ({ val_r2 }) => digits(val_r2, 4) };

export const REGRESSION_REPORT: TaskReport<'regression', ValuedPart> = {
  evaluate: valuedPart,

  learnt: ({ columns }) => html`${counted(columns.length, 'column')} of values`,
  sentence: ({ part, words, metrics: { r2, images } }) =>
    html`It explains <strong>${percent(r2)}</strong> of the variance of ${samplesOf(part, images, words)}.`,
  /** Errors of several columns are in several units: what has none is their squared error by the deviation of each. */
  tiles({ part, words, metrics, columns }) {
    const { r2, mae, rmse, loss, images } = metrics;
    const seen = `of ${countedSamples(images, words)}`;
    if (columns.length > 1) {
      return [
        [`R², ${partName(part)}`, digits(r2, 3), `the mean over ${columns.length} columns, ${seen}`],
        ['Loss', digits(loss, 3), 'mean squared error of values divided by their deviation'],
      ];
    }
    return [
      [`R², ${partName(part)}`, digits(r2, 3), seen],
      ['Mean absolute error', figure(mae), 'in the unit of the values'],
      ['RMSE', figure(rmse), null],
    ];
  },
  sections: (part, drawing) => [valuesSection(part, drawing)],
  testSections: (part, drawing) => [valuesSection(part, drawing)],
  dataTable: ({ columns }) =>
    table(
      'Columns, with mean and deviation over the training part',
      [{ title: 'column' }, { title: 'mean', isNumber: true }, { title: 'deviation', isNumber: true }],
      columns.map(({ name: column, mean, deviation }) => [
        name(column),
        mean.toPrecision(4),
        deviation.toPrecision(4),
      ]),
    ),
  pictures: ({ columns }, paper) =>
    columns.slice(0, MOST_COLUMNS).map((column) => scatterChart(paper, column)),
  confusion: () => null,

  lossCaption: 'Mean squared error of standardised values.',
  curve: {
    key: 'r2',
    title: 'R²',
    caption: 'Share of the variance that is explained.',
    isShare: false,
  },
  // The mean of errors in different units says nothing.
  epochColumns: ({ columns }) => (columns.length === 1 ? [ERROR, FIT] : [FIT]),
  isOfClasses: false,

  unknown: { r2: null, mae: null },
  figures: ({ r2, mae, per_column }) => ({ r2, mae: per_column.length > 1 ? null : mae }),
  noted: ({ val_r2: r2 = null, val_mae: mae = null }, names) => ({
    r2,
    mae: names.length === 1 ? mae : null,
  }),
  right: () => null,
  runColumns: {
    before: [
      { title: 'R²', text: ({ r2 }) => digits(r2, 3) },
      { title: 'mean absolute error', text: ({ mae }) => figure(mae) },
    ],
    behind: [],
  },
  headline: ({ r2 }) =>
    r2 === null ? null : { figure: r2, said: html`the largest R², <strong>${digits(r2, 3)}</strong>` },
};

function figure(value: number | null): string {
  return value === null ? '–' : significant(value);
}
