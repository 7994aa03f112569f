/** How sure a network is against how often it is right (Guo et al., On Calibration of Modern Neural Networks, 2017). */
import { maxOf } from '../../extremes.js';
import { wilsonInterval } from '../../tasks/metrics/metrics.js';
import type { ReliabilityBin } from '../run/report-data.js';
import { type Drawing, legend } from './drawing.js';

const SIDE = 340;
const MARGINS = { marginTop: 40, marginLeft: 64, marginRight: 26, marginBottom: 44 };
/** Radius of the smallest dot, and what the largest has more. */
const SMALLEST = 2.5;
const MORE = 8;

/**
 * A dot for each bin that has images, at its mean probability and its accuracy, on a line that is the 95 % interval of
 * the latter; the larger, the more images.
 */
export function reliabilityChart(
  drawing: Drawing,
  title: string,
  raw: readonly ReliabilityBin[],
  scaled: readonly ReliabilityBin[] | null,
): string {
  const { marks, palette } = drawing;
  const all = [
    {
      name: scaled === null ? 'probabilities' : 'as the network gives them',
      color: palette.wrong,
      bins: raw.flatMap(dotOf),
    },
    ...(scaled === null
      ? []
      : [{ name: 'with the temperature', color: palette.right, bins: scaled.flatMap(dotOf) }]),
  ];
  const most = maxOf(all.flatMap(({ bins }) => bins.map(({ images }) => images)));
  const ends = [0, 1].map((at) => ({ x: at, y: at }));
  const axis = { color: palette.muted, tickSize: 0, tickFormat: '.0%', ticks: 5 } as const;
  return drawing.render(title, {
    width: SIDE + MARGINS.marginLeft + MARGINS.marginRight,
    height: SIDE + MARGINS.marginTop + MARGINS.marginBottom,
    ...MARGINS,
    x: { domain: [0, 1] },
    y: { domain: [0, 1] },
    marks: [
      marks.gridX({ stroke: palette.grid, strokeOpacity: 1, ticks: 5 }),
      marks.gridY({ stroke: palette.grid, strokeOpacity: 1, ticks: 5 }),
      marks.axisX({
        ...axis,
        label: 'mean probability of the answer',
        labelAnchor: 'center',
        labelArrow: 'none',
      }),
      marks.axisY({ ...axis, label: null }),
      marks.text(['share that is right'], {
        frameAnchor: 'left',
        dx: -52,
        rotate: -90,
        fill: palette.muted,
        textAnchor: 'middle',
      }),
      marks.line(ends, { x: 'x', y: 'y', stroke: palette.muted, strokeWidth: 1 }),
      ...all.flatMap(({ bins, color }) => [
        marks.ruleX(bins, {
          x: 'confidence',
          y1: 'low',
          y2: 'high',
          stroke: color,
          strokeOpacity: 0.5,
          strokeWidth: 1.5,
        }),
        marks.dot(bins, {
          x: 'confidence',
          y: 'accuracy',
          fill: color,
          stroke: palette.surface,
          r: { value: radiusOf(most), scale: null },
        } as never),
      ]),
      ...legend(drawing, all),
    ],
  });
}

function dotOf({ images, confidence, accuracy }: ReliabilityBin) {
  if (confidence === null || accuracy === null) return [];
  const [low, high] = wilsonInterval(accuracy * images, images);
  return [{ images, confidence, accuracy, low, high }];
}

/** The area of a dot grows with its images. */
function radiusOf(most: number) {
  return ({ images }: { readonly images: number }) => SMALLEST + MORE * Math.sqrt(images / most);
}
