/** Numbers as bars, grouped by their labels; and charts under each other in one picture. */
import { maxOf } from '../../extremes.js';
import { CHART_WIDTH, type Drawing, labelsOf, legend, LEGEND_SPACE, widthOf } from './drawing.js';

export interface Bar {
  /** What it is of: bars of one label stand together. */
  readonly label: string;
  /** Whose it is. */
  readonly series: string;
  readonly value: number;
  /** Least and most, as a line over the end of the bar. */
  readonly range?: readonly [least: number, most: number];
}

export interface BarChartOptions {
  /** What the numbers are, with their unit. */
  readonly title: string;
  /** How a number is written behind its bar. */
  format(value: number): string;
  /** A dashed line, with its label. */
  readonly mark?: { readonly value: number; readonly label: string };
}

const ROW = 20;
/** Between the groups. */
const GAP = 10;
/** Height of a row of the legend, where names of series stand under each other. */
const LEGEND_ROW = 16;
const LABEL_COLUMNS = 56;
/** Room for the number behind the longest bar. */
const NUMBER_WIDTH = 70;

/** Bars to the right, a colour for each series; more series than colours use them again. */
export function barChart(drawing: Drawing, bars: readonly Bar[], options: BarChartOptions): string {
  const { marks, palette } = drawing;
  const { title, format, mark } = options;
  const names = [...new Set(bars.map(({ label }) => label))];
  const labels = labelsOf(names, LABEL_COLUMNS);
  const series = [...new Set(bars.map((bar) => bar.series))];
  const colorOf = (name: string) => palette.series[series.indexOf(name) % palette.series.length];
  // Rows by hand: each group is as high as it has bars.
  let top = 0;
  const rows = names.flatMap((name, i) => {
    const group = bars.filter(({ label }) => label === name);
    const placed = group.map((bar, at) => ({ ...bar, y: top + (at + 0.5) * ROW, text: format(bar.value) }));
    const middle = top + (group.length * ROW) / 2;
    top += group.length * ROW + GAP;
    return [{ label: labels[i], middle, bars: placed }];
  });
  const all = rows.flatMap((row) => row.bars);
  const most = maxOf(
    all.map(({ value, range }) => Math.max(value, range?.[1] ?? 0)),
    mark?.value ?? 0,
  );
  const marginLeft = Math.ceil(widthOf(labels)) + 18;
  const width = Math.max(CHART_WIDTH, marginLeft + CHART_WIDTH / 2);
  // Names that are too long to stand beside each other stand under each other.
  const isWide = widthsOf(series) > width - NUMBER_WIDTH;
  const raised = isWide ? (series.length - 1) * LEGEND_ROW : 0;
  const [above, below] = [66 + raised, 14];
  return drawing.render(title, {
    width,
    height: top + above + below,
    marginLeft,
    marginTop: above,
    marginRight: NUMBER_WIDTH,
    marginBottom: below,
    x: { domain: [0, most || 1], axis: null },
    y: { domain: [0, top], reverse: true, axis: null },
    marks: [
      marks.ruleX([0], { stroke: palette.grid }),
      ...(mark === undefined
        ? []
        : [
            marks.ruleX([mark.value], { stroke: palette.muted, strokeDasharray: '3 3' }),
            marks.text([mark.label], { x: mark.value, frameAnchor: 'top', dy: -8, fill: palette.muted }),
          ]),
      marks.rect(all, {
        x1: 0,
        x2: 'value',
        y1: ({ y }) => y - ROW / 2 + 2,
        y2: ({ y }) => y + ROW / 2 - 2,
        fill: ({ series: name }) => colorOf(name),
      }),
      marks.link(
        all.filter(({ range }) => range !== undefined),
        {
          x1: ({ range }) => range[0],
          x2: ({ range }) => range[1],
          y1: 'y',
          y2: 'y',
          stroke: palette.ink,
          strokeWidth: 1.5,
        },
      ),
      marks.text(all, {
        x: ({ value, range }) => Math.max(value, range?.[1] ?? 0),
        y: 'y',
        text: 'text',
        textAnchor: 'start',
        dx: 6,
        fill: palette.ink,
      }),
      marks.text(rows, {
        x: 0,
        y: 'middle',
        text: 'label',
        textAnchor: 'end',
        dx: -10,
        fill: palette.ink,
      }),
      // Above the names of the series, which may be long, and from the left edge of the picture on.
      marks.text([title], {
        frameAnchor: 'top-left',
        dx: 8 - marginLeft,
        dy: -52 - raised,
        fill: palette.ink,
        fontWeight: 600,
        fontSize: 13,
      }),
      ...legend(
        drawing,
        series.map((name) => ({ name, color: colorOf(name) })),
        isWide ? LEGEND_ROW : 0,
      ),
    ],
  });
}

/** The width of names beside each other, with what is before and between them. */
function widthsOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + widthOf([name]) + LEGEND_SPACE, 0);
}

/** Charts under each other as one SVG file, on the palette's surface. */
export function stacked({ palette }: Drawing, charts: readonly string[]): string {
  let [width, height] = [0, 0];
  const placed = charts.map((chart) => {
    const [own, high] = ['width', 'height'].map((name) =>
      Number(new RegExp(` ${name}="([0-9.]+)"`).exec(chart)?.[1]),
    );
    const at = height;
    width = Math.max(width, own);
    height += high + GAP;
    return chart.replace('<svg', `<svg y="${at}"`);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ' font-family="system-ui, sans-serif">',
    `<rect width="100%" height="100%" fill="${palette.surface}"/>`,
    ...placed,
    '</svg>\n',
  ].join('');
}
