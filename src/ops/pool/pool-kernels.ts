/** The forward kernels of pooling over NHWC images: the largest of a window, and the mean of an image. */
import type { Kernel, Variant } from '../../device/kernel.js';
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { simdEntry } from '../../device/simd-entry.js';

/**
 * Window (p, q) has the places x[b, p * strideHeight - padTop + r, q * strideWidth - padLeft + s, c] for
 * 0 <= r < kernelHeight, 0 <= s < kernelWidth. Every window must have a place inside the image.
 */
export interface PoolGeometry {
  readonly batch: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly padTop: number;
  readonly padLeft: number;
}

/** y[b, c] = mean over i of x[b, i, c], with `positions` = height * width. */
export interface GlobalAveragePoolAttributes {
  readonly batch: number;
  readonly positions: number;
  readonly channels: number;
}

type Variants<A> = Readonly<Record<'vec4' | 'scalar', Variant<A>>>;

/** `struct Constants` of the shaders of pools, or its beginning. */
export function poolWords(attributes: PoolGeometry): number[] {
  return [
    attributes.batch,
    attributes.height,
    attributes.width,
    attributes.channels,
    attributes.outHeight,
    attributes.outWidth,
    attributes.kernelHeight,
    attributes.kernelWidth,
    attributes.strideHeight,
    attributes.strideWidth,
    attributes.padTop,
    attributes.padLeft,
  ];
}

/** The two variants of a kernel with one invocation per element of its output, or per four neighbouring channels. */
export function channelVariants<A extends { readonly channels: number }>(
  file: string,
  outputSize: (attributes: A) => number,
  libraries: readonly string[] = [],
): Variants<A> {
  const variant = (width: 'vec4' | 'scalar', channels: number): Variant<A> => ({
    file,
    libraries: ['grid.wgsl', `channels-${width}.wgsl`, ...libraries],
    constants: { WORKGROUP: POINTWISE_WORKGROUP },
    grid: (attributes) => flatGrid(outputSize(attributes) / channels, POINTWISE_WORKGROUP),
    suits: (attributes) => attributes.channels % channels === 0,
  });
  return { vec4: variant('vec4', 4), scalar: variant('scalar', 1) };
}

export const chooseWidth = ({ channels }: { readonly channels: number }) =>
  channels % 4 === 0 ? 'vec4' : 'scalar';

export const POOL_BINDINGS = [
  { name: 'x', access: 'read', half: true },
  { name: 'y', access: 'write', half: true },
] as const;

/**
 * y[b, p, q, c] = the largest place of window (p, q); those outside the image do not count. NaN wins, as in PyTorch.
 * Units on the CPU: rows of the output.
 */
export const maxPool2dKernel: Kernel<PoolGeometry> = {
  name: 'maxPool2d',
  bindings: POOL_BINDINGS,
  shader: {
    variants: channelVariants(
      'pool/max-pool.wgsl',
      ({ batch, outHeight, outWidth, channels }) => batch * outHeight * outWidth * channels,
    ),
    choose: chooseWidth,
    words: poolWords,
  },
  cpu: {
    units: ({ batch, outHeight }) => batch * outHeight,
    run({ attributes, operands: [x, y], begin, end }) {
      const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = attributes;
      const { strideHeight, strideWidth, padTop, padLeft } = attributes;
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / outHeight) * height;
        const top = (unit % outHeight) * strideHeight - padTop;
        const lastRow = Math.min(height, top + kernelHeight);
        for (let q = 0; q < outWidth; q++) {
          const left = q * strideWidth - padLeft;
          const lastColumn = Math.min(width, left + kernelWidth);
          const out = (unit * outWidth + q) * channels;
          y.fill(Number.NEGATIVE_INFINITY, out, out + channels);
          for (let row = Math.max(top, 0); row < lastRow; row++) {
            for (let column = Math.max(left, 0); column < lastColumn; column++) {
              const place = ((image + row) * width + column) * channels;
              for (let c = 0; c < channels; c++) {
                const value = x[place + c];
                if (value > y[out + c] || Number.isNaN(value)) y[out + c] = value;
              }
            }
          }
        }
      }
    },
  },
  simd: simdEntry('maxPool2d', {
    arguments: (attributes, [x, y], begin, end) => ({ x, y, begin, end, ...attributes }),
  }),
};

/** Units on the CPU: images. */
export const globalAveragePoolKernel: Kernel<GlobalAveragePoolAttributes> = {
  name: 'globalAveragePool',
  bindings: POOL_BINDINGS,
  shader: {
    variants: channelVariants('pool/global-average-pool.wgsl', ({ batch, channels }) => batch * channels),
    choose: chooseWidth,
    words: ({ batch, positions, channels }) => [batch, positions, channels],
  },
  cpu: {
    units: ({ batch }) => batch,
    run({ attributes: { positions, channels }, operands: [x, y], begin, end }) {
      const sums = new Float64Array(channels);
      for (let image = begin; image < end; image++) {
        sums.fill(0);
        for (let i = 0; i < positions; i++) {
          const place = (image * positions + i) * channels;
          for (let c = 0; c < channels; c++) sums[c] += x[place + c];
        }
        for (let c = 0; c < channels; c++) y[image * channels + c] = sums[c] / positions;
      }
    },
  },
  simd: simdEntry('meanOfImages', {
    arguments: ({ positions, channels }, [x, y], begin, end) => ({
      x,
      out: y,
      begin,
      end,
      positions,
      channels,
    }),
  }),
};
