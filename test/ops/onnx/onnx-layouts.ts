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

/** Steps, padding and dilation of windows of this size over the first input, [batch, channels, height, width]. */
export function windowOf(
  given: Given,
  kernel: readonly number[],
): { readonly stride: Pair; readonly padding: Padding; readonly dilation: Pair } {
  if (kernel.length !== 2) throw new NotOffered(`windows of ${kernel.length} dimensions`);
  const [stride, dilation] = ['strides', 'dilations'].map((name) => given.integers(name) ?? [1, 1]);
  let pads = given.integers('pads') ?? [0, 0, 0, 0];
  const auto = given.text('auto_pad', 'NOTSET');
  if (auto !== 'NOTSET' && auto !== 'VALID') {
    const [, , ...sizes] = given.shape(0);
    const missing = sizes.map((size, d) => {
      const reach = (kernel[d] - 1) * dilation[d] + 1;
      return Math.max(0, (Math.ceil(size / stride[d]) - 1) * stride[d] + reach - size);
    });
    const less = missing.map((size) => Math.floor(size / 2));
    const more = missing.map((size) => Math.ceil(size / 2));
    pads = auto === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less];
  }
  const [top, left, bottom, right] = pads;
  return {
    stride: [stride[0], stride[1]],
    padding: { top, left, bottom, right },
    dilation: [dilation[0], dilation[1]],
  };
}
