/** A tensor read as [outer, length, inner] around one of its axes: what kernels along an axis work on. */
import { type Shape, sizeOf } from '../../tensor/shape.js';

export interface AlongAxis {
  /** The elements before the axis, along it, and behind it. */
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** `shape` around its axis, which is counted from the front. */
export function alongAxis(shape: Shape, axis: number): AlongAxis {
  return {
    outer: sizeOf(shape.slice(0, axis)),
    length: shape[axis],
    inner: sizeOf(shape.slice(axis + 1)),
  };
}

/** Runs along the axis that are one unit of CPU work. */
const CPU_RUNS = 16;

/** Units of CPU loops that take one run along the axis after another; `runRange` turns units into runs. */
export function runUnits({ outer, inner }: AlongAxis): number {
  return Math.ceil((outer * inner) / CPU_RUNS);
}

/** The runs first <= i < last of units begin <= u < end. */
export function runRange(
  { outer, inner }: AlongAxis,
  begin: number,
  end: number,
): [first: number, last: number] {
  return [begin * CPU_RUNS, Math.min(outer * inner, end * CPU_RUNS)];
}

/** Where run i begins; its elements are `inner` apart. */
export function runStart({ length, inner }: AlongAxis, run: number): number {
  const outer = Math.floor(run / inner);
  return outer * length * inner + run - outer * inner;
}
