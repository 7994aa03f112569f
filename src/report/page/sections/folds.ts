/** The folds of a cross-validation beside each other. */
import { count, percent } from '../../../text.js';
import type { Drawing } from '../../charts/drawing.js';
import { intervalChart } from '../../charts/intervals.js';
import type { FoldRow, ReportData } from '../../run/report-data.js';
import { html } from '../html.js';
import { chart, digits, interval, type Section, share, table } from '../parts.js';

export function foldsSection(folds: NonNullable<ReportData['folds']>, drawing: Drawing): Section {
  const { rows, planned } = folds;
  const measured = rows.flatMap(({ fold, accuracy }) =>
    accuracy === null ? [] : [{ name: `fold ${fold}`, share: accuracy }],
  );
  const values = measured.map(({ share: { value } }) => value);
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const deviation = Math.sqrt(
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1),
  );
  const spread =
    values.length < 2
      ? ''
      : ` Over the folds the accuracy is ${percent(mean)}, with a standard deviation of ${percent(deviation)}.`;
  return {
    id: 'folds',
    title: 'Folds',
    body: html`<p>${rows.length} of ${planned} folds are done. Each image was judged once, by the network of the fold that had not seen it.${spread}</p>
${chart(
  intervalChart(drawing, 'Accuracy of each fold', measured, mean),
  'Over the images of the fold, with 95 % Wilson intervals. The dashed line is the mean.',
  null,
)}
${foldTable(rows)}`,
  };
}

function foldTable(rows: readonly FoldRow[]) {
  const numbers = ['trained', 'validated', 'accuracy', 'interval', 'loss'];
  return table(
    'Each fold, with its images',
    [{ title: 'fold' }, ...numbers.map((title) => ({ title, isNumber: true }))],
    rows.map(({ fold, trained, validated, accuracy, loss }) => [
      String(fold),
      count(trained),
      count(validated),
      share(accuracy),
      interval(accuracy?.interval),
      digits(loss, 4),
    ]),
  );
}
