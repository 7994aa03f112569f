/**
 * The kernels of resized images and of their gradient; resize-axis.ts says where pixels lie, and with which weights:
 *
 *     y[b, p, q, c] = sum over neighbours r of p, s of q of u[p, r] v[q, s] x[b, r, s, c]
 *     dx[b, r, s, c] = sum over the p and q that have (r, s) as a neighbour of u[p, r] v[q, s] dy[b, p, q, c]
 *
 * Each element of dx looks at the pixels that it was a neighbour of, in order.
 */
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { channelVariants, chooseWidth } from '../pool/pool-kernels.js';
import { neighbours, pixelsOver, type ResizeAxis } from './resize-axis.js';

/** x is [batch, height, width, channels], y [batch, outHeight, outWidth, channels]. */
export interface ResizeAttributes {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  /** Neighbours along each axis: 1, 2 or 4. */
  readonly taps: number;
  readonly rows: ResizeAxis;
  readonly columns: ResizeAxis;
}

/** `struct Constants` of both shaders. */
function words({
  batch,
  height,
  width,
  channels,
  outHeight,
  outWidth,
  taps,
  rows,
  columns,
}: ResizeAttributes) {
  return [
    ...[batch, height, width, channels, outHeight, outWidth, taps],
    ...[rows.step, rows.start, rows.unit, columns.step, columns.start, columns.unit],
  ];
}

/** The arguments that both SIMD entries share. */
function sizes({ height, width, channels, outHeight, outWidth, taps, rows, columns }: ResizeAttributes) {
  return {
    ...{ height, width, channels, outHeight, outWidth, taps },
    ...{ rowStep: rows.step, rowStart: rows.start, rowUnit: rows.unit },
    ...{ columnStep: columns.step, columnStart: columns.start, columnUnit: columns.unit },
  };
}

/** Units on the CPU: rows of y. */
export const resizeKernel: Kernel<ResizeAttributes> = {
  name: 'resize',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: {
    variants: channelVariants(
      'image/resize.wgsl',
      ({ batch, outHeight, outWidth, channels }) => batch * outHeight * outWidth * channels,
      ['resize-axis.wgsl'],
    ),
    choose: chooseWidth,
    words,
  },
  cpu: {
    units: ({ batch, outHeight }) => batch * outHeight,
    run({ attributes, operands: [x, y], begin, end }) {
      const { height, width, channels, outHeight, outWidth, taps, rows, columns } = attributes;
      const [lines, shares] = [new Int32Array(taps), new Float64Array(taps)];
      const [places, weights] = [new Int32Array(taps), new Float64Array(taps)];
      const sums = new Float64Array(channels);
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / outHeight) * height;
        neighbours(rows, height, unit % outHeight, lines, shares);
        for (let q = 0; q < outWidth; q++) {
          neighbours(columns, width, q, places, weights);
          sums.fill(0);
          for (let r = 0; r < taps; r++) {
            for (let s = 0; s < taps; s++) {
              const weight = shares[r] * weights[s];
              const from = ((image + lines[r]) * width + places[s]) * channels;
              for (let c = 0; c < channels; c++) sums[c] += weight * x[from + c];
            }
          }
          const out = (unit * outWidth + q) * channels;
          for (let c = 0; c < channels; c++) y[out + c] = sums[c];
        }
      }
    },
  },
  simd: simdEntry('resize', {
    arguments: (attributes, [x, y], begin, end) => ({ x, y, begin, end, ...sizes(attributes) }),
  }),
};

/** Operands: dy, dx. Units on the CPU: rows of dx. */
export const resizeGradientKernel: Kernel<ResizeAttributes> = {
  name: 'resizeGradient',
  bindings: [
    { name: 'dy', access: 'read', half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    variants: channelVariants(
      'image/resize-gradient.wgsl',
      ({ batch, height, width, channels }) => batch * height * width * channels,
      ['resize-axis.wgsl'],
    ),
    choose: chooseWidth,
    words,
  },
  cpu: {
    units: ({ batch, height }) => batch * height,
    run({ attributes, operands: [dy, dx], begin, end }) {
      const { height, width, channels, outHeight, outWidth, taps, rows, columns } = attributes;
      const across = Array.from({ length: width }, (_, place) =>
        weightsOver(columns, width, outWidth, taps, place),
      );
      const sums = new Float64Array(channels);
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / height) * outHeight;
        const down = weightsOver(rows, height, outHeight, taps, unit % height);
        for (let s = 0; s < width; s++) {
          sums.fill(0);
          for (const [i, share] of down.weights.entries()) {
            const line = (image + down.first + i) * outWidth;
            for (const [j, weight] of across[s].weights.entries()) {
              const from = (line + across[s].first + j) * channels;
              for (let c = 0; c < channels; c++) sums[c] += share * weight * dy[from + c];
            }
          }
          const to = (unit * width + s) * channels;
          for (let c = 0; c < channels; c++) dx[to + c] = sums[c];
        }
      }
    },
  },
  simd: simdEntry('resizeGradient', {
    arguments: (attributes, [dy, dx], begin, end) => ({ dy, dx, begin, end, ...sizes(attributes) }),
  }),
};

/** The pixels from `first` on that have `place` as a neighbour, and its weight in each: at an edge it may be several. */
function weightsOver(axis: ResizeAxis, size: number, outSize: number, taps: number, place: number) {
  const [places, weights] = [new Int32Array(taps), new Float64Array(taps)];
  const [first, end] = pixelsOver(axis, size, outSize, taps, place);
  const sums = Array.from({ length: Math.max(0, end - first) }, (_, i) => {
    neighbours(axis, size, first + i, places, weights);
    return weights.reduce((sum, weight, k) => (places[k] === place ? sum + weight : sum), 0);
  });
  return { first, weights: sums };
}
