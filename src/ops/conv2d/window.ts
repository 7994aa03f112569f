/** The geometry that convolution and pooling share: windows that slide over an image. */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { shapeError } from '../../tensor/shape.js';

/** [height, width]. */
export type Pair = readonly [height: number, width: number];

/** Places around an image, side by side. */
export interface Padding {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

const SIDES: OptionNames<Padding> = { top: true, bottom: true, left: true, right: true };

/** What is none of both, JavaScript's, is refused where its numbers are checked. */
export function pairOf(value: number | Pair): Pair {
  return Array.isArray(value) ? (value as Pair) : [value as number, value as number];
}

/**
 * TensorFlow's padding `same` of one dimension: with it ceil(size / stride) windows fit, and an odd number of zeros has
 * one more behind than before. At stride 1 the size stays; at stride 2 a kernel of 3 has 0 before and 1 behind an even
 * size, 1 and 1 around an odd one.
 */
export function samePadding(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
): readonly [before: number, behind: number] {
  const needed = (Math.ceil(size / stride) - 1) * stride + dilation * (kernel - 1) + 1 - size;
  const total = Math.max(0, needed);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** The padding of each side. Throws for a side that there is not, and unless all four are whole numbers of at least 0. */
export function paddingOf(value: number | Pair | Padding = 0): Padding {
  const sides = sidesOf(value);
  if (Object.values(sides).every((side) => Number.isInteger(side) && side >= 0)) return sides;
  const { top, bottom, left, right } = sides;
  throw shapeError(
    'padding',
    `top ${top}, bottom ${bottom}, left ${left}, right ${right} are not whole numbers of at least 0`,
    'cut an image smaller with slice',
  );
}

function sidesOf(value: number | Pair | Padding): Padding {
  if (typeof value === 'object' && !Array.isArray(value)) {
    refuseUnknownOptions(value, SIDES, 'padding');
    return value as Padding;
  }
  const [vertical, horizontal] = pairOf(value as number | Pair);
  return { top: vertical, bottom: vertical, left: horizontal, right: horizontal };
}

/**
 * How many windows fit along one dimension: floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1.
 * `padding` counts both sides (paddingOf has checked them). Throws when none fits.
 */
export function outputSize(
  operation: string,
  size: number,
  kernel: number,
  stride: number,
  { padding, dilation }: { readonly padding: number; readonly dilation: number },
): number {
  requireSteps(operation, kernel, stride, dilation);
  const result = Math.floor((size + padding - dilation * (kernel - 1) - 1) / stride) + 1;
  if (result < 1) {
    throw shapeError(
      operation,
      `a window of ${kernel} (dilation ${dilation}) does not fit a size of ${size} with padding ${padding}`,
      'pad more, or use a smaller window',
    );
  }
  return result;
}

/**
 * How many places `size` windows have along one dimension of a transposed convolution: (size - 1) stride - padding +
 * dilation (kernel - 1) + outputPadding + 1. Throws when there are none, and for an output padding that a larger size would
 * make up for.
 */
export function transposedSize(
  operation: string,
  size: number,
  kernel: number,
  stride: number,
  sides: { readonly padding: number; readonly outputPadding: number; readonly dilation: number },
): number {
  const { padding, outputPadding, dilation } = sides;
  requireSteps(operation, kernel, stride, dilation);
  if (!Number.isInteger(outputPadding) || outputPadding < 0 || outputPadding >= Math.max(stride, dilation)) {
    throw shapeError(
      operation,
      `output padding ${outputPadding} is not a whole number from 0 to less than stride ${stride} or dilation ${dilation}`,
      'leave outputPadding out for the smallest of the sizes',
    );
  }
  const result = (size - 1) * stride - padding + dilation * (kernel - 1) + outputPadding + 1;
  if (size < 1 || result < 1) {
    throw shapeError(
      operation,
      `nothing is left of a size of ${size} with kernel ${kernel}, stride ${stride}, dilation ${dilation} and padding ${padding}`,
      'cut off less padding, or use a larger window',
    );
  }
  return result;
}

function requireSteps(operation: string, kernel: number, stride: number, dilation: number): void {
  if ([kernel, stride, dilation].every((value) => Number.isInteger(value) && value >= 1)) return;
  throw shapeError(
    operation,
    `kernel ${kernel}, stride ${stride} and dilation ${dilation} are not whole numbers of at least 1`,
    'a window has at least one tap, and steps go forward',
  );
}
