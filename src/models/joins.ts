/**
 * Tensors of a model that are made of several of another library's: put together when its files are read, taken apart when
 * they are written. All are in PyTorch's layout, and the parts of one have the same shape.
 */
import { type Shape, sizeOf } from '../tensor/shape.js';

type Floats = Float32Array | Float64Array;

/** A way to make one tensor of `count` others. */
interface Join {
  /** The shape of the whole of parts of this shape. */
  wholeShape(part: Shape, count: number): number[];
  /** The reverse. */
  partShape(whole: Shape, count: number): number[];
  /** Puts a part into the whole, whose values begin as zeros. */
  put(whole: Floats, part: Floats, place: Place): void;
  /** Takes it out. */
  take(whole: Floats, part: Floats, place: Place): void;
}

/** Which part it is, of how many, and of which shape each is. */
interface Place {
  readonly index: number;
  readonly count: number;
  readonly shape: Shape;
}

export const JOINS = {
  /** One behind the other along the first axis. */
  rows: {
    wholeShape: ([first, ...rest], count) => [first * count, ...rest],
    partShape: ([first, ...rest], count) => [first / count, ...rest],
    put: (whole, part, { index }) => whole.set(part, index * part.length),
    take: (whole, part, { index }) =>
      part.set(whole.subarray(index * part.length, (index + 1) * part.length)),
  },
  /**
   * The mean of linear layers, each of which takes features of its own, as one layer that takes them beside each other:
   * weights [outputs, inputs] beside each other, each divided by `count`, and the mean of biases. The layers that it is
   * taken apart into have the same bias.
   */
  mean: {
    wholeShape: ([outputs, ...inputs], count) => [outputs, ...inputs.map((size) => size * count)],
    partShape: ([outputs, ...inputs], count) => [outputs, ...inputs.map((size) => size / count)],
    put: (whole, part, place) => addBeside(whole, part, place, 1 / place.count),
    take: (whole, part, place) => takeBeside(whole, part, place, place.shape.length > 1 ? place.count : 1),
  },
  /** The weight of a linear layer that takes the first half of the features: zeros for the others. */
  firstHalf: {
    wholeShape: ([outputs, inputs]) => [outputs, 2 * inputs],
    partShape: ([outputs, inputs]) => [outputs, inputs / 2],
    put: (whole, part, { shape }) => addBeside(whole, part, { index: 0, count: 2, shape }, 1),
    take: (whole, part, { shape }) => takeBeside(whole, part, { index: 0, count: 2, shape }, 1),
  },
} as const satisfies Record<string, Join>;

export type JoinName = keyof typeof JOINS;

/** Where an element of a part is in rows that are `count` times as long; numbers without rows are at the same place in each. */
function beside(i: number, { index, count, shape }: Place): number {
  if (shape.length < 2) return i;
  const [, inputs] = shape;
  return Math.floor(i / inputs) * inputs * count + index * inputs + (i % inputs);
}

function addBeside(whole: Floats, part: Floats, place: Place, factor: number): void {
  for (let i = 0; i < part.length; i++) whole[beside(i, place)] += part[i] * factor;
}

function takeBeside(whole: Floats, part: Floats, place: Place, factor: number): void {
  for (let i = 0; i < part.length; i++) part[i] = whole[beside(i, place)] * factor;
}

/** The values of the whole of parts of this shape. */
export function joinValues(name: JoinName, parts: readonly Floats[], shape: Shape): Floats {
  const join: Join = JOINS[name];
  const count = parts.length;
  const length = sizeOf(join.wholeShape(shape, count));
  const whole = parts[0] instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  for (const [index, part] of parts.entries()) join.put(whole, part, { index, count, shape });
  return whole;
}

/** The values of a part of a whole of this shape. */
export function partOf(name: JoinName, whole: Floats, shape: Shape, index: number, count: number): Floats {
  const join: Join = JOINS[name];
  const partShape = join.partShape(shape, count);
  const length = sizeOf(partShape);
  const part = whole instanceof Float64Array ? new Float64Array(length) : new Float32Array(length);
  join.take(whole, part, { index, count, shape: partShape });
  return part;
}
