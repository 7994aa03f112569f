/** Fractions with their intervals, one under the other. */
import { minOf } from '../../extremes.js';
import { CHART_WIDTH, type Drawing, heading, labelsOf, widthOf } from './drawing.js';
import type { Share } from '../run/report-data.js';

export interface IntervalRow {
  readonly name: string;
  readonly share: Share;
}

const ROW = 24;

/**
 * A dot for each fraction, on a line that is its interval; a dashed line stands at `mean`.
 * @param title what the fractions are, in a few words
 * @param columns of a name at most
 */
export function intervalChart(
  drawing: Drawing,
  title: string,
  rows: readonly IntervalRow[],
  mean: number | null,
  columns?: number,
): string {
  const { marks, palette } = drawing;
  const labels = labelsOf(
    rows.map(({ name }) => name),
    columns,
  );
  const points = rows.map(({ share: { value, interval } }, i) => ({
    label: labels[i],
    value,
    low: interval[0],
    high: interval[1],
  }));
  return drawing.render(`${title}, with 95 % intervals`, {
    width: CHART_WIDTH,
    height: ROW * rows.length + 86,
    marginLeft: Math.ceil(widthOf(labels)) + 18,
    marginTop: 46,
    marginRight: 28,
    marginBottom: 40,
    x: { domain: [Math.max(0, Math.floor(10 * minOf(points.map(({ low }) => low))) / 10), 1] },
    y: { domain: labels, axis: null },
    marks: [
      marks.gridX({ stroke: palette.grid, strokeOpacity: 1, ticks: 6 }),
      marks.axisX({ color: palette.muted, tickSize: 0, tickFormat: '.0%', ticks: 6, label: null }),
      marks.axisY({ color: palette.ink, tickSize: 0, tickPadding: 10, label: null }),
      heading(drawing, title),
      ...(mean === null
        ? []
        : [
            marks.ruleX([mean], { stroke: palette.muted, strokeDasharray: '3 3' }),
            marks.text(['all'], { x: mean, frameAnchor: 'top', dy: -8, fill: palette.muted }),
          ]),
      marks.link(points, {
        x1: 'low',
        x2: 'high',
        y1: 'label',
        y2: 'label',
        stroke: palette.right,
        strokeWidth: 3,
        strokeOpacity: 0.35,
        strokeLinecap: 'round',
      }),
      marks.dot(points, { x: 'value', y: 'label', fill: palette.right, r: 4.5 }),
    ],
  });
}
