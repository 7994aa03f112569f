/** Figures of epochs as lines. */
import { maxOf, minOf } from '../../extremes.js';
import { count } from '../../text.js';
import { type Drawing, HALF_WIDTH, heading, legend, type Palette, type Stroke } from './drawing.js';

/** A line of points; what is not known is left out. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number | null }[];
  /** Its place among all series, by which it looks the same in every chart. Default: that in the list. */
  readonly place?: number;
}

export interface CurveOptions {
  /** What is shown, in a word or two. */
  readonly title: string;
  /** What is counted from left to right. */
  readonly x: string;
  /** Whether values are fractions, written as per cent. */
  readonly isShare?: boolean;
  /** A vertical line with its label, at one place. */
  readonly mark?: { readonly x: number; readonly label: string } | null;
  readonly height?: number;
  /** Whether the scale begins at 0. Default true but for shares. */
  readonly fromZero?: boolean;
  /**
   * Default 'linear'. 'log' is for values above 0, and leaves out others; 'symlog' is for any, and linear between -1
   * and 1.
   */
  readonly scale?: 'linear' | 'log' | 'symlog';
  /** Whether the names stand above the chart. Default true; where many charts share one legend, false. */
  readonly hasLegend?: boolean;
}

/** The first series is thin and dashed: it is told from the second without its colour. */
const STROKES = [
  { strokeWidth: 1.6, strokeDasharray: '5 3' },
  { strokeWidth: 2.4, strokeDasharray: undefined },
  { strokeWidth: 1.6, strokeDasharray: '2 3' },
] as const satisfies readonly Stroke[];

/** How a series looks, by its place among all: of as many as there are colours times strokes no two are alike. */
export function lookOf(
  { series }: Palette,
  place: number,
): { readonly color: string; readonly stroke: Stroke } {
  return { color: series[place % series.length], stroke: STROKES[place % STROKES.length] };
}

/** `0.1`, `1,000`, `1e+6`: a mark of a scale that covers many powers of ten. */
function powerText(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size >= 1e5 || size < 1e-3) ? value.toExponential() : count(value);
}

/** Fewer points than this are drawn one by one, too. */
const FEW_POINTS = 40;

/** Lines over epochs or iterations. */
export function curveChart(drawing: Drawing, series: readonly Series[], options: CurveOptions): string {
  const { marks, palette } = drawing;
  const { title, x, isShare = false, mark = null, height = 250, fromZero = !isShare } = options;
  const { scale = 'linear', hasLegend = true } = options;
  const known = series.map(({ name, points, place }, i) => ({
    name,
    ...lookOf(palette, place ?? i),
    points: points.filter(({ y }) => y !== null && (scale !== 'log' || y > 0)),
  }));
  const all = known.flatMap(({ points }) => points);
  const xs = all.map((point) => point.x);
  const isShort = maxOf(known.map(({ points }) => points.length)) < FEW_POINTS;
  const [first, last] = [minOf(xs), maxOf(xs)];
  const axis = { color: palette.muted, ticks: 5 } as const;
  return drawing.render(`${title} by ${x}`, {
    width: HALF_WIDTH,
    height,
    marginTop: 40,
    marginRight: 16,
    marginLeft: scale === 'linear' ? 46 : 58,
    marginBottom: 40,
    x: { domain: first === last ? [first - 1, last + 1] : [first, last] },
    y: scale === 'linear' ? { nice: true, zero: fromZero } : { type: scale, nice: true },
    marks: [
      marks.gridY({ stroke: palette.grid, strokeOpacity: 1, ticks: 5 }),
      marks.axisY({
        ...axis,
        ...{ tickSize: 0, label: null },
        ...(isShare && { tickFormat: '.0%' }),
        ...(scale !== 'linear' && { tickFormat: powerText }),
      }),
      marks.axisX({
        ...axis,
        ticks: Math.min(8, Math.max(1, last - first)),
        tickSize: 4,
        tickFormat: 'd',
        label: x,
        labelAnchor: 'center',
        labelArrow: 'none',
      }),
      ...(mark === null
        ? []
        : [
            marks.ruleX([mark.x], { stroke: palette.muted, strokeDasharray: '1 3', strokeWidth: 1.5 }),
            marks.text([mark.label], {
              x: mark.x,
              frameAnchor: 'top',
              dy: -8,
              fill: palette.muted,
              textAnchor: mark.x > (first + last) / 2 ? 'end' : 'start',
            }),
          ]),
      ...known.flatMap(({ points, color, stroke }) => [
        marks.line(points, {
          x: 'x',
          y: 'y',
          stroke: color,
          strokeWidth: stroke.strokeWidth,
          ...(stroke.strokeDasharray && { strokeDasharray: stroke.strokeDasharray }),
          strokeLinejoin: 'round',
        }),
        ...(isShort ? [marks.dot(points, { x: 'x', y: 'y', fill: color, r: 2.4 })] : []),
      ]),
      heading(drawing, title),
      ...(hasLegend ? legend(drawing, known) : []),
    ],
  });
}
