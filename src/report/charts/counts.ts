/** How many images each class has, by part. */
import { CHART_WIDTH, type Drawing, heading, labelsOf, legend, widthOf } from './drawing.js';

export interface CountRow {
  readonly name: string;
  readonly train: number;
  readonly val: number;
  readonly test: number;
}

const ROW = 22;

/** A bar for each class, of three parts. */
export function countChart(drawing: Drawing, title: string, rows: readonly CountRow[]): string {
  const { marks, palette } = drawing;
  const labels = labelsOf(rows.map(({ name }) => name));
  const parts = [
    { part: 'train', name: 'training', color: palette.series[0] },
    { part: 'val', name: 'validation', color: palette.series[1] },
    { part: 'test', name: 'test', color: palette.series[2] },
  ] as const;
  const shown = parts.filter(({ part }) => rows.some((row) => row[part] > 0));
  const bars = shown.flatMap(({ part, color }) =>
    rows.map((row, i) => ({ label: labels[i], images: row[part], color })),
  );
  return drawing.render(`${title}, by part`, {
    width: CHART_WIDTH,
    height: ROW * rows.length + 84,
    marginLeft: Math.ceil(widthOf(labels)) + 18,
    marginTop: 40,
    marginRight: 28,
    marginBottom: 40,
    x: { label: null },
    y: { domain: labels, axis: null, padding: 0.25 },
    marks: [
      marks.gridX({ stroke: palette.grid, strokeOpacity: 1, ticks: 6 }),
      marks.axisX({ color: palette.muted, tickSize: 0, ticks: 6, tickFormat: ',d', label: null }),
      marks.axisY({ color: palette.ink, tickSize: 0, tickPadding: 10, label: null }),
      marks.barX(bars, { x: 'images', y: 'label', fill: (bar) => bar.color, insetRight: 1 }),
      heading(drawing, title),
      ...legend(drawing, shown),
    ],
  });
}
