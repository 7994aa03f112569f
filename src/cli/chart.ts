/** Curves as text: a filled area of block characters, eight levels to a row, with its scale to the left. */
import { maxOf, minOf } from '../extremes.js';
import { displayWidth } from '../text.js';

export interface ChartOptions {
  /** Columns of the whole chart, the scale included. */
  readonly columns: number;
  readonly rows: number;
  /** What stands at the foot and at the head of the scale. Default: the least and the largest value. */
  readonly range?: readonly [least: number, most: number];
  /** A value of the scale in words. */
  readonly label: (value: number) => string;
  /** Words below the two ends of the curve. */
  readonly ends: readonly [first: string, last: string];
}

const LEVELS = ' ▁▂▃▄▅▆▇█';
const EIGHTHS = LEVELS.length - 1;

/** The lines of a chart of finite values at even distances; each column is the mean of those that fall into it. */
export function chart(values: readonly number[], options: ChartOptions): string[] {
  const { columns, rows, label, ends } = options;
  const [least, most] = options.range ?? [minOf(values), maxOf(values)];
  const scale = [label(most), label(least)];
  const margin = maxOf(scale.map(displayWidth));
  const width = Math.max(1, columns - margin - 2);
  const heights = resampled(values, width).map((value) => {
    const share = most > least ? (value - least) / (most - least) : 0;
    return Math.round(Math.min(1, Math.max(0, share)) * rows * EIGHTHS);
  });
  const lines = Array.from({ length: rows }, (_, row) => {
    const below = (rows - 1 - row) * EIGHTHS;
    const blocks = heights.map((height) => LEVELS[Math.min(EIGHTHS, Math.max(0, height - below))]);
    const name = row === 0 ? scale[0] : row === rows - 1 ? scale[1] : '';
    return `${name.padStart(margin)} │${blocks.join('')}`.trimEnd();
  });
  const [first, last] = ends;
  const gap = Math.max(1, width - displayWidth(first) - displayWidth(last));
  const indent = ' '.repeat(margin + 1);
  return [...lines, `${indent}└${'─'.repeat(width)}`, `${indent} ${first}${' '.repeat(gap)}${last}`];
}

/** As many values as columns: means where there are more, repeated where there are fewer. */
function resampled(values: readonly number[], width: number): number[] {
  return Array.from({ length: width }, (_, column) => {
    const begin = Math.floor((column * values.length) / width);
    const end = Math.max(begin + 1, Math.floor(((column + 1) * values.length) / width));
    const some = values.slice(begin, end);
    return some.reduce((sum, value) => sum + value, 0) / some.length;
  });
}

/** A rate with three digits: `0.001`, `4e-8`. */
export function rateText(rate: number): string {
  return String(Number(rate.toPrecision(3)));
}
