/** ONNX's operators of windows over images and sequences, and of images of another size. */
import * as at from '#src/index';
import type { Tensor } from '#src/tensor/tensor';
import type { OnnxCall } from './onnx-calls.js';
import { NotOffered } from './onnx-case.js';
import type { Given } from './onnx-given.js';
import { channelsFirst, channelsLast, type OnnxWindow, windowOf } from './onnx-layouts.js';

function conv(given: Given): Tensor {
  const weights = at.transpose(given.real(1), [2, 3, 1, 0]);
  const { stride, padding, dilation } = windowOf(given, given.shape(1).slice(2));
  const groups = given.integer('group', 1);
  const y = at.conv2d(channelsLast(given.real(0)), weights, { stride, padding, dilation, groups });
  return channelsFirst(given.has(2) ? at.add(y, given.real(2)) : y);
}

/** Windows of a transposed convolution: where a size is asked for, paddings follow from it. */
function transposedWindow(given: Given, kernel: readonly number[]) {
  const { stride, padding, dilation, reach } = windowOf(given, kernel);
  const places = kernel.map((_, i) => i + stride.length - kernel.length);
  const [, , ...sizes] = given.shape(0);
  const outputPadding: [number, number] = [0, 0];
  given.integers('output_padding')?.forEach((more, i) => {
    outputPadding[places[i]] = more;
  });
  const auto = given.text('auto_pad', 'NOTSET');
  const wanted =
    given.integers('output_shape') ??
    (auto.startsWith('SAME') ? sizes.map((size, i) => size * stride[places[i]]) : null);
  if (wanted === null) return { stride, padding, dilation, outputPadding };
  const [vertical, horizontal] = [0, 1].map((d) => {
    const i = d - places[0];
    if (i < 0) return [0, 0];
    const over = stride[d] * (sizes[i] - 1) + outputPadding[d] + reach[d] - wanted[i];
    // What is missing is more behind, and what is too much is cut off.
    outputPadding[d] -= Math.min(0, over);
    const [less, more] = [Math.floor(Math.max(0, over) / 2), Math.ceil(Math.max(0, over) / 2)];
    return auto === 'SAME_UPPER' ? [less, more] : [more, less];
  });
  const [[top, bottom], [left, right]] = [vertical, horizontal];
  return { stride, padding: { top, bottom, left, right }, dilation, outputPadding };
}

function convTranspose(given: Given): Tensor {
  const kernel = given.shape(1).slice(2);
  const { stride, padding, dilation, outputPadding } = transposedWindow(given, kernel);
  const groups = given.integer('group', 1);
  const x = channelsLast(given.real(0));
  const y =
    kernel.length === 1
      ? at.convTranspose1d(x, at.transpose(given.real(1), [2, 1, 0]), {
          stride: stride[1],
          padding: [padding.left, padding.right],
          outputPadding: outputPadding[1],
          dilation: dilation[1],
          groups,
        })
      : at.convTranspose2d(x, at.transpose(given.real(1), [2, 3, 1, 0]), {
          ...{ stride, padding, outputPadding, dilation, groups },
        });
  return channelsFirst(given.has(2) ? at.add(y, given.real(2)) : y);
}

type Pool = (images: Tensor, window: Omit<OnnxWindow, 'dilation' | 'reach'>) => Tensor;

/** A pool of images, or of sequences as images of one row. */
function pool(given: Given, call: Pool): Tensor {
  const [batch, channels, ...sizes] = given.shape(0);
  if (sizes.length > 2) throw new NotOffered(`pools of rank ${sizes.length + 2}`);
  const { dilation, reach, ...window } = windowOf(given, given.integers('kernel_shape') as number[]);
  if (dilation.some((step) => step !== 1)) throw new NotOffered('a pool with dilation');
  const { kernel, stride, padding } = window;
  const [height, width] = sizes.length === 1 ? [1, sizes[0]] : sizes;
  const { top, bottom, left, right } = padding;
  // Windows that reach beyond the image find there what never counts.
  const missing = (size: number, d: number) =>
    given.integer('ceil_mode', 0) === 1 ? (stride[d] - ((size - kernel[d]) % stride[d])) % stride[d] : 0;
  const beyond = {
    bottom: bottom + missing(height + top + bottom, 0),
    right: right + missing(width + left + right, 1),
  };
  const images = channelsLast(at.reshape(given.real(0), [batch, channels, height, width]));
  const y = channelsFirst(call(images, { kernel, stride, padding: { top, left, ...beyond } }));
  return sizes.length === 1 ? at.reshape(y, [batch, channels, y.shape[3]]) : y;
}

function averagePool(given: Given): Tensor {
  const countIncludePad = given.integer('count_include_pad', 0) === 1;
  if (countIncludePad && given.integer('ceil_mode', 0) === 1)
    throw new NotOffered('zeros that count and places beyond that do not');
  return pool(given, (images, window) => at.averagePool2d(images, { ...window, countIncludePad }));
}

/** Where pixel i of `out` lies among `size`, by ONNX's names; `scale` is given, or out / size. */
const COORDINATES: Readonly<
  Record<string, (i: number, axis: { scale: number; size: number; out: number }) => number>
> = {
  align_corners: (i, { size, out }) => (out === 1 ? 0 : (i * (size - 1)) / (out - 1)),
  asymmetric: (i, { scale }) => i / scale,
  half_pixel: (i, { scale }) => (i + 0.5) / scale - 0.5,
};

const ROUNDINGS: Readonly<Record<string, (place: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  round_prefer_ceil: (place) => Math.floor(place + 0.5),
  round_prefer_floor: (place) => Math.ceil(place - 0.5),
};

/** The sizes of images, and of what they become. */
interface Sizes {
  readonly from: readonly number[];
  readonly to: readonly [number, number];
  /** As they are given; they need not be the ratios of the sizes. */
  readonly scales: readonly number[];
}

function sizesOf(given: Given, scales: readonly number[] | null, whole: readonly number[] | null): Sizes {
  const shape = given.shape(0);
  if (shape.length !== 4) throw new NotOffered(`resizing of rank ${shape.length}`);
  const to = whole ?? shape.map((size, d) => Math.floor(size * (scales?.[d] ?? 1)));
  if (to[0] !== shape[0] || to[1] !== shape[1]) throw new NotOffered('resizing of channels');
  const ratios = scales ?? to.map((size, d) => size / shape[d]);
  return { from: shape.slice(2), to: [to[2], to[3]], scales: ratios.slice(2) };
}

/** Pixels by PyTorch's rule, where ONNX's rules give the same ones. */
function resizeNearest(given: Given, { from, to, scales }: Sizes): Tensor {
  const coordinates = COORDINATES[given.text('coordinate_transformation_mode', 'half_pixel')];
  const round = ROUNDINGS[given.text('nearest_mode', 'round_prefer_floor')];
  const same = from.every((size, d) =>
    Array.from({ length: to[d] }, (_, i) => {
      const place = round(coordinates(i, { scale: scales[d], size, out: to[d] }));
      return Math.min(Math.max(place, 0), size - 1) === Math.floor((i * size) / to[d]);
    }).every(Boolean),
  );
  if (!same) throw new NotOffered('nearest pixels by other rules than the one of PyTorch');
  return channelsFirst(at.resize(channelsLast(given.real(0)), { size: to }));
}

function resize(given: Given): Tensor {
  const scales = given.has(2) && given.array(2).values.length > 0 ? given.array(2).values : null;
  const sizes = sizesOf(given, scales, given.has(3) ? given.whole(3) : null);
  const { from, to } = sizes;
  const coordinates = given.text('coordinate_transformation_mode', 'half_pixel');
  const mode = given.text('mode', 'nearest');
  if (mode === 'nearest') return resizeNearest(given, sizes);
  if (given.float('cubic_coeff_a', -0.75) !== -0.75 || given.integer('exclude_outside', 0) === 1)
    throw new NotOffered('another cubic');
  // Its corner, not its centre, is what a single pixel shows.
  const corner = coordinates === 'pytorch_half_pixel' && to.includes(1);
  const known = ['align_corners', 'half_pixel', 'pytorch_half_pixel'].includes(coordinates);
  if (corner || !known) throw new NotOffered(`pixels placed by ${coordinates}`);
  if (from.some((size, d) => Math.abs(size * sizes.scales[d] - to[d]) > 1e-4))
    throw new NotOffered('scales that leave a part of a pixel');
  return channelsFirst(
    at.resize(channelsLast(given.real(0)), {
      size: to,
      mode: mode === 'cubic' ? 'bicubic' : 'bilinear',
      alignCorners: coordinates === 'align_corners',
    }),
  );
}

export const imageCalls: Readonly<Record<string, OnnxCall>> = {
  AveragePool: averagePool,
  Conv: conv,
  ConvTranspose: convTranspose,
  GlobalAveragePool(given) {
    const y = at.globalAveragePool(channelsLast(given.real(0)));
    return at.reshape(y, [...y.shape, 1, 1]);
  },
  GlobalMaxPool: (given) => at.max(given.real(0), [2, 3], true),
  // The places of the largest, a second output, are not given.
  MaxPool: (given) => pool(given, at.maxPool2d),
  Resize: resize,
  Upsample: (given) => resizeNearest(given, sizesOf(given, given.array(1).values, null)),
};
