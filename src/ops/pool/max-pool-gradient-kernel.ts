/**
 * The kernel of maximum pooling's gradient:
 *
 *     dx[b, h, w, c] = sum of dy[b, p, q, c] over the windows (p, q) whose largest element is x[b, h, w, c]
 *
 * in the geometry of pool-kernels.ts. Every window has one winner: of equal elements the first in the order of rows,
 * of several NaN the last, as on PyTorch's CPU. Each element of dx looks at the windows that cover it, in order.
 */
import type { Kernel } from '../../device/kernel.js';
import { simdEntry } from '../../device/simd-entry.js';
import { channelVariants, chooseWidth, type PoolGeometry, poolWords } from './pool-kernels.js';

/** Operands: x, dy, dx. Units on the CPU: rows of dx. */
export const maxPool2dGradientKernel: Kernel<PoolGeometry> = {
  name: 'maxPool2dGradient',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: {
    variants: channelVariants(
      'pool/max-pool-gradient.wgsl',
      ({ batch, height, width, channels }) => batch * height * width * channels,
      ['pool-windows.wgsl'],
    ),
    choose: chooseWidth,
    words: poolWords,
  },
  cpu: {
    units: ({ batch, height }) => batch * height,
    run({ attributes, operands: [x, dy, dx], begin, end }) {
      const { height, width, channels, kernelHeight, outHeight, outWidth, strideHeight, padTop } = attributes;
      const winners = new Int32Array(channels);
      for (let unit = begin; unit < end; unit++) {
        const row = unit % height;
        const image = Math.floor(unit / height);
        const first = unit * width * channels;
        dx.fill(0, first, first + width * channels);
        // The windows that cover the row.
        const firstWindow = Math.max(0, Math.ceil((row + padTop - kernelHeight + 1) / strideHeight));
        const lastWindow = Math.min(outHeight - 1, Math.floor((row + padTop) / strideHeight));
        for (let p = firstWindow; p <= lastWindow; p++) {
          for (let q = 0; q < outWidth; q++) {
            findWinners(attributes, x, image, p, q, winners);
            const out = ((image * outHeight + p) * outWidth + q) * channels;
            for (let c = 0; c < channels; c++) {
              const winner = winners[c];
              if (winner >= first && winner < first + width * channels) dx[winner] += dy[out + c];
            }
          }
        }
      }
    },
  },
  simd: simdEntry('maxPool2dGradient', {
    arguments: (attributes, [x, dy, dx], begin, end) => ({ x, dy, dx, begin, end, ...attributes }),
  }),
};

/** winners[c] = where in x the largest element of window (p, q) of an image lies, for each channel c. */
function findWinners(
  attributes: PoolGeometry,
  x: ArrayLike<number>,
  image: number,
  p: number,
  q: number,
  winners: Int32Array,
): void {
  const { height, width, channels, kernelHeight, kernelWidth, strideHeight, strideWidth, padTop, padLeft } =
    attributes;
  const top = p * strideHeight - padTop;
  const left = q * strideWidth - padLeft;
  const endRow = Math.min(height, top + kernelHeight);
  const endColumn = Math.min(width, left + kernelWidth);
  const firstPlace = ((image * height + Math.max(top, 0)) * width + Math.max(left, 0)) * channels;
  for (let c = 0; c < channels; c++) winners[c] = firstPlace + c;
  for (let row = Math.max(top, 0); row < endRow; row++) {
    for (let column = Math.max(left, 0); column < endColumn; column++) {
      const place = ((image * height + row) * width + column) * channels;
      for (let c = 0; c < channels; c++) {
        const value = x[place + c];
        if (value > x[winners[c]] || Number.isNaN(value)) winners[c] = place + c;
      }
    }
  }
}
