/** From ONNX's layouts to those of here and back, and ONNX's windows. */
import type { Padding, Pair } from '#src/ops/conv2d/window';
import { transpose } from '#src/ops/shape/transpose';
import type { Tensor } from '#src/tensor/tensor';
import { NotOffered } from './onnx-case.js';
import type { Given } from './onnx-given.js';

/** The permutation that makes an axis the last, and the one that undoes it. */
export function axisLast(rank: number, axis: number): { readonly to: number[]; readonly back: number[] } {
  const last = axis < 0 ? axis + rank : axis;
  const to = Array.from({ length: rank }, (_, d) => d).filter((d) => d !== last);
  to.push(last);
  return { to, back: to.map((_, d) => to.indexOf(d)) };
}

/** [batch, channels, ...] to [batch, ..., channels]. */
export function channelsLast(x: Tensor): Tensor {
  return transpose(x, axisLast(x.shape.length, 1).to);
}

/** [batch, ..., channels] to [batch, channels, ...]. */
export function channelsFirst(x: Tensor): Tensor {
  return transpose(x, axisLast(x.shape.length, 1).back);
}

/** Windows over images; those over sequences are of one row. */
export interface OnnxWindow {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
  /** From the first tap of a window to behind its last. */
  readonly reach: Pair;
}

/** Windows of this size over the first input, [batch, channels, height, width] or [batch, channels, length]. */
export function windowOf(given: Given, size: readonly number[]): OnnxWindow {
  if (size.length < 1 || size.length > 2) throw new NotOffered(`windows of ${size.length} dimensions`);
  const pair = (list: readonly number[], first: number): Pair =>
    list.length === 1 ? [first, list[0]] : [list[0], list[1]];
  const [stride, dilation] = ['strides', 'dilations'].map((name) => pair(given.integers(name) ?? [1, 1], 1));
  const kernel = pair(size, 1);
  const reach = pair(
    kernel.map((taps, d) => (taps - 1) * dilation[d] + 1),
    1,
  );
  const [, , ...sizes] = given.shape(0);
  const pads = given.integers('pads') ?? sizes.flatMap(() => [0, 0]);
  let [before, behind] = [pads.slice(0, sizes.length), pads.slice(sizes.length)].map((side) => pair(side, 0));
  const auto = given.text('auto_pad', 'NOTSET');
  if (auto !== 'NOTSET' && auto !== 'VALID') {
    const missing = pair(sizes, 1).map((places, d) =>
      Math.max(0, (Math.ceil(places / stride[d]) - 1) * stride[d] + reach[d] - places),
    );
    const less = pair(
      missing.map((places) => Math.floor(places / 2)),
      0,
    );
    const more = pair(
      missing.map((places) => Math.ceil(places / 2)),
      0,
    );
    [before, behind] = auto === 'SAME_UPPER' ? [less, more] : [more, less];
  }
  const [[top, left], [bottom, right]] = [before, behind];
  return { kernel, stride, padding: { top, left, bottom, right }, dilation, reach };
}
