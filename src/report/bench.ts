/** The results of `attune bench` as charts. */
import type { BenchDevice, BenchRow } from '../finetune/bench/results.js';
import { percent, significant } from '../text.js';
import { type Bar, barChart, type BarChartOptions, stacked } from './charts/bars.js';
import { openDrawing, PAPER } from './charts/drawing.js';

type PlacedRow = BenchDevice & BenchRow;

/** The text of an SVG file: a chart for each part that has rows. */
export async function benchCharts(rows: readonly PlacedRow[]): Promise<string> {
  const drawing = await openDrawing(PAPER);
  const charts: [bars: Bar[], options: BarChartOptions][] = [
    [
      rows.flatMap((row) =>
        row.part === 'kernels' ? [{ label: row.name, series: seriesOf(row), value: row.share }] : [],
      ),
      {
        title: 'Kernels: share of the measured ceilings',
        format: percent,
        mark: { value: 1, label: 'ceiling' },
      },
    ],
    [
      rows.flatMap((row) => {
        if (row.part !== 'models') return [];
        const { median, min, max } = row.images_per_second;
        return [{ label: row.name, series: seriesOf(row), value: median, range: [min, max] as const }];
      }),
      { title: 'Models: images per second', format: significant },
    ],
    [
      rows.flatMap((row) =>
        row.part === 'startup'
          ? [
              { label: `${row.name}: first step`, series: seriesOf(row), value: row.first_seconds },
              { label: `${row.name}: later steps`, series: seriesOf(row), value: row.later_seconds.median },
            ]
          : [],
      ),
      { title: 'Start-up: seconds of a training step', format: significant },
    ],
  ];
  const drawn = charts.filter(([bars]) => bars.length > 0);
  return stacked(
    drawing,
    drawn.map(([bars, options]) => barChart(drawing, bars, options)),
  );
}

function seriesOf({ kind, adapter, software }: PlacedRow): string {
  return `${adapter} (${kind}${software ? ', software' : ''})`;
}
