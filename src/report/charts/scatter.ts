/** Predicted values against true ones, and their errors. */
import { maxOf, minOf } from '../../extremes.js';
import type { ValuedColumn } from '../run/report-data.js';
import { type Drawing, HALF_WIDTH, labelOf } from './drawing.js';

const HEIGHT = 340;

/** A point for each image; on the diagonal the prediction is right. */
export function scatterChart(drawing: Drawing, { column, points }: ValuedColumn): string {
  const { marks, palette } = drawing;
  const all = points.flatMap(({ value, predicted }) => [value, predicted]);
  const ends = [minOf(all), maxOf(all)].map((at) => ({ x: at, y: at }));
  return drawing.render(`${labelOf(column)}: predicted values against true ones`, {
    ...FRAME,
    marks: [
      ...axes(drawing, `true ${labelOf(column)}`, 'predicted'),
      marks.line(ends, { x: 'x', y: 'y', stroke: palette.muted, strokeWidth: 1 }),
      marks.dot(points, { x: 'value', y: 'predicted', fill: palette.right, fillOpacity: 0.55, r: 3 }),
    ],
  });
}

/** Prediction less truth for each image, over the truth. */
export function residualChart(drawing: Drawing, { column, points }: ValuedColumn): string {
  const { marks, palette } = drawing;
  const errors = points.map(({ value, predicted }) => ({ value, error: predicted - value }));
  return drawing.render(`${labelOf(column)}: errors over true values`, {
    ...FRAME,
    marks: [
      ...axes(drawing, `true ${labelOf(column)}`, 'predicted less true'),
      marks.ruleY([0], { stroke: palette.muted, strokeWidth: 1 }),
      marks.dot(errors, { x: 'value', y: 'error', fill: palette.wrong, fillOpacity: 0.55, r: 3 }),
    ],
  });
}

const FRAME = {
  width: HALF_WIDTH,
  height: HEIGHT,
  marginTop: 26,
  marginLeft: 54,
  marginRight: 16,
  marginBottom: 42,
  x: { nice: true },
  y: { nice: true },
} as const;

function axes({ marks, palette }: Drawing, x: string, y: string) {
  return [
    marks.gridX({ stroke: palette.grid, strokeOpacity: 1, ticks: 5 }),
    marks.gridY({ stroke: palette.grid, strokeOpacity: 1, ticks: 5 }),
    marks.axisX({
      color: palette.muted,
      tickSize: 0,
      ticks: 5,
      label: x,
      labelAnchor: 'center',
      labelArrow: 'none',
    }),
    marks.axisY({ color: palette.muted, tickSize: 0, ticks: 5, label: null }),
    marks.text([y], { frameAnchor: 'top-left', dx: -44, dy: -16, fill: palette.muted, textAnchor: 'start' }),
  ];
}
