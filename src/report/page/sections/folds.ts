/** The folds of a cross-validation beside each other. */
import { deviationOf, meanOf } from '../../../finetune/cross-validation.js';
import { LOSS, type Measures, measureText, rowOf } from '../../../tasks/index.js';
import { capitalized, count, percent } from '../../../text.js';
import type { Drawing } from '../../charts/drawing.js';
import { intervalChart } from '../../charts/intervals.js';
import type { FoldRow, ReportData } from '../../run/report-data.js';
import { type Html, html } from '../../html/html.js';
import { chart, interval, type Section, share, table } from '../../html/elements.js';

export function foldsSection({ folds, task, data: { words } }: ReportData, drawing: Drawing): Section | null {
  if (folds === null) return null;
  const { rows, planned } = folds;
  const { measures } = rowOf(task.kind);
  return {
    id: 'folds',
    title: 'Folds',
    body: html`<p>${rows.length} of ${planned} folds are done. Each of the ${words.many} was judged once, by the network of the fold that had not seen it.${spreadText(rows, measures)}</p>
${shareChart(rows, measures, drawing)}
${foldTable(rows, measures)}`,
  };
}

/** The shares of right answers, where answers are right or wrong. */
export function sharesOf(rows: readonly FoldRow[]) {
  return rows.flatMap(({ fold, share: of }) => (of === null ? [] : [{ name: `fold ${fold}`, share: of }]));
}

function spreadText(rows: readonly FoldRow[], { rightShare }: Measures): string {
  const values = sharesOf(rows).map(({ share: { value } }) => value);
  const deviation = deviationOf(values);
  if (deviation === null) return '';
  return ` Over the folds the ${rightShare?.name} is ${percent(meanOf(values))}, with a standard deviation of ${percent(deviation)}.`;
}

function shareChart(rows: readonly FoldRow[], measures: Measures, drawing: Drawing): Html | null {
  const measured = sharesOf(rows);
  if (measured.length === 0) return null;
  const mean = meanOf(measured.map(({ share: { value } }) => value));
  return chart(
    intervalChart(drawing, titleOf(measures), measured, mean),
    'Over what the fold validates with, with 95 % Wilson intervals. The dashed line is the mean.',
    null,
  );
}

/** `Accuracy of each fold` */
export function titleOf({ rightShare }: Measures): string {
  const name = rightShare?.name ?? 'share';
  return `${capitalized(name)} of each fold`;
}
/** The share that is right and the loss; where nothing is right or wrong, all that is measured. */
function foldTable(rows: readonly FoldRow[], { fold: all, rightShare }: Measures) {
  const shown = rightShare === null ? all : all.filter(({ key }) => key === LOSS.key);
  const titles = [
    ...['trained', 'validated'],
    ...(rightShare === null ? [] : [rightShare.name, 'interval']),
    ...shown.map(({ name }) => name),
  ];
  return table(
    'Each fold, with what it trained and validated with',
    [{ title: 'fold' }, ...titles.map((title) => ({ title, isNumber: true }))],
    rows.map(({ fold, trained, validated, share: of, figures }) => [
      String(fold),
      count(trained),
      count(validated),
      ...(rightShare === null ? [] : [share(of), interval(of?.interval)]),
      ...shown.map(({ key, format }) => measureText(format, figures[key] ?? null).replace(/^-$/, '–')),
    ]),
  );
}
