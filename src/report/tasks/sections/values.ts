/** What a report shows of a regression: predictions against true values, column by column. */
import { significant } from '../../../text.js';
import type { Drawing } from '../../charts/drawing.js';
import { residualChart, scatterChart } from '../../charts/scatter.js';
import type { ValuedColumn, ValuedImage, ValuedPart } from '../../run/report-data.js';
import { type Html, html } from '../../html/html.js';
import { chart, digits, fileName, image, name, type Section, table } from '../../html/elements.js';
import { samplesOf } from '../../html/words.js';

export function valuesSection({ metrics, columns, part, words }: ValuedPart, drawing: Drawing): Section {
  const isTest = part === 'test';
  return {
    id: isTest ? 'test-values' : 'values',
    title: isTest ? 'Test values' : 'Values',
    body: html`<p>Predictions for ${samplesOf(part, metrics.images, words)}, in the units of the columns.</p>
${columnTable(metrics)}
${columns.map((column) => columnCharts(column, drawing))}`,
  };
}

function columnTable({ per_column: rows }: ValuedPart['metrics']): Html {
  return table(
    'Errors of each column',
    [
      { title: 'column' },
      ...['R²', 'mean absolute error', 'RMSE'].map((title) => ({ title, isNumber: true })),
    ],
    rows.map(({ column, r2, mae, rmse }) => [
      name(column),
      digits(r2, 3),
      significant(mae),
      significant(rmse),
    ]),
  );
}

/** Charts of a column, and the pictures of its largest errors. */
export function columnCharts(column: ValuedColumn, drawing: Drawing): Html {
  const { column: title, worst } = column;
  return html`<h3>${name(title)}</h3>
<div class="pair">
${chart(scatterChart(drawing, column), 'Predicted against true: on the line, a prediction is right.', null)}
${chart(residualChart(drawing, column), 'What predictions are too high by: no pattern should be seen.', null)}
</div>
<h4>The largest errors</h4>
<ul class="images">${worst.map((one) => html`<li>${valued(one)}</li>`)}</ul>`;
}

function valued({ name: file, value, predicted, picture }: ValuedImage): Html {
  return html`<figure>${picture === null ? null : image(picture, file)}<figcaption>predicted ${significant(predicted)}, true ${significant(value)}<span class="file">${fileName(file, 40)}</span></figcaption></figure>`;
}
