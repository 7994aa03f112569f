/**
 * The kernels of average pooling and of its gradient, in the geometry of pool-kernels.ts:
 *
 *     y[b, p, q, c] = sum over the places (r, s) of window (p, q) inside the image of x[b, r, s, c] / n(p, q)
 *     dx[b, h, w, c] = sum over the windows (p, q) that cover (h, w) of dy[b, p, q, c] / n(p, q)
 *
 * n is the size of the window, or, where padding does not count, how many of its places lie inside. Each element of
 * dx looks at the windows that cover it, in order.
 */
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { channelVariants, chooseWidth, POOL_BINDINGS, type PoolGeometry, poolWords } from './pool-kernels.js';

export interface AveragePool2dAttributes extends PoolGeometry {
  /** Whether places outside the image count as zeros. */
  readonly countIncludePad: boolean;
}

function averagePoolWords(attributes: AveragePool2dAttributes): number[] {
  return [...poolWords(attributes), Number(attributes.countIncludePad)];
}

/** Of windows along one axis the places inside, first <= place < end. */
function inside(window: number, stride: number, pad: number, kernel: number, size: number): [number, number] {
  const start = window * stride - pad;
  return [Math.max(start, 0), Math.min(start + kernel, size)];
}

/** The windows first <= window < end of `count` along one axis that cover a place. */
function windowsOver(place: number, stride: number, pad: number, kernel: number, count: number) {
  const first = Math.max(0, Math.ceil((place + pad - kernel + 1) / stride));
  return [first, Math.min(count, Math.floor((place + pad) / stride) + 1)] as const;
}

/** Units on the CPU: rows of the output. */
export const averagePool2dKernel: Kernel<AveragePool2dAttributes> = {
  name: 'averagePool2d',
  bindings: POOL_BINDINGS,
  shader: {
    variants: channelVariants(
      'pool/average-pool.wgsl',
      ({ batch, outHeight, outWidth, channels }) => batch * outHeight * outWidth * channels,
    ),
    choose: chooseWidth,
    words: averagePoolWords,
  },
  cpu: {
    units: ({ batch, outHeight }) => batch * outHeight,
    run({ attributes, operands: [x, y], begin, end }) {
      const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = attributes;
      const { strideHeight, strideWidth, padTop, padLeft, countIncludePad } = attributes;
      const sums = new Float64Array(channels);
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / outHeight) * height;
        const [top, bottom] = inside(unit % outHeight, strideHeight, padTop, kernelHeight, height);
        for (let q = 0; q < outWidth; q++) {
          const [left, right] = inside(q, strideWidth, padLeft, kernelWidth, width);
          sums.fill(0);
          for (let row = top; row < bottom; row++) {
            for (let column = left; column < right; column++) {
              const place = ((image + row) * width + column) * channels;
              for (let c = 0; c < channels; c++) sums[c] += x[place + c];
            }
          }
          const places = countIncludePad ? kernelHeight * kernelWidth : (bottom - top) * (right - left);
          const out = (unit * outWidth + q) * channels;
          for (let c = 0; c < channels; c++) y[out + c] = sums[c] / places;
        }
      }
    },
  },
  simd: simdEntry('averagePool2d', {
    arguments: (attributes, [x, y], begin, end) => ({ x, y, begin, end, ...attributes }),
  }),
};

/** Operands: dy, dx. Units on the CPU: rows of dx. */
export const averagePool2dGradientKernel: Kernel<AveragePool2dAttributes> = {
  name: 'averagePool2dGradient',
  bindings: [
    { name: 'dy', access: 'read', half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    variants: channelVariants(
      'pool/average-pool-gradient.wgsl',
      ({ batch, height, width, channels }) => batch * height * width * channels,
      ['pool-windows.wgsl'],
    ),
    choose: chooseWidth,
    words: averagePoolWords,
  },
  cpu: {
    units: ({ batch, height }) => batch * height,
    run({ attributes, operands: [dy, dx], begin, end }) {
      const { height, width, channels, kernelHeight, kernelWidth, outHeight, outWidth } = attributes;
      const { strideHeight, strideWidth, padTop, padLeft, countIncludePad } = attributes;
      const sums = new Float64Array(channels);
      for (let unit = begin; unit < end; unit++) {
        const image = Math.floor(unit / height);
        const rows = windowsOver(unit % height, strideHeight, padTop, kernelHeight, outHeight);
        for (let w = 0; w < width; w++) {
          const columns = windowsOver(w, strideWidth, padLeft, kernelWidth, outWidth);
          sums.fill(0);
          for (let p = rows[0]; p < rows[1]; p++) {
            const [top, bottom] = inside(p, strideHeight, padTop, kernelHeight, height);
            for (let q = columns[0]; q < columns[1]; q++) {
              const [left, right] = inside(q, strideWidth, padLeft, kernelWidth, width);
              const places = countIncludePad ? kernelHeight * kernelWidth : (bottom - top) * (right - left);
              const from = ((image * outHeight + p) * outWidth + q) * channels;
              for (let c = 0; c < channels; c++) sums[c] += dy[from + c] / places;
            }
          }
          const to = (unit * width + w) * channels;
          for (let c = 0; c < channels; c++) dx[to + c] = sums[c];
        }
      }
    },
  },
  simd: simdEntry('averagePool2dGradient', {
    arguments: (attributes, [dy, dx], begin, end) => ({ dy, dx, begin, end, ...attributes }),
  }),
};
