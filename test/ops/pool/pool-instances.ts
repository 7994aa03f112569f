/** Random uses of the kernels of average pooling: windows that overlap, leave gaps, and hang over the edges. */
import { type Make, real, room } from '../operands.js';
import { randomPool } from './pool-cases.js';

const averagePool =
  (gradient: boolean, sizes: readonly number[]): Make =>
  (random) => {
    const geometry = randomPool(() => random.unit(), random.pick(sizes));
    const { batch, height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth } = geometry;
    const [image, means] = [batch * height * width * channels, batch * outHeight * outWidth * channels];
    return {
      attributes: { ...geometry, countIncludePad: random.unit() < 0.5 },
      operands: gradient ? [real(random, means), room(image)] : [real(random, image), room(means)],
      terms: kernelHeight * kernelWidth,
    };
  };

const WIDTHS = { vec4: [4, 8, 12, 68], scalar: [1, 3, 5, 63] };

export const poolMakers: Readonly<Record<string, Make>> = {
  'averagePool2d.vec4': averagePool(false, WIDTHS.vec4),
  'averagePool2d.scalar': averagePool(false, WIDTHS.scalar),
  'averagePool2dGradient.vec4': averagePool(true, WIDTHS.vec4),
  'averagePool2dGradient.scalar': averagePool(true, WIDTHS.scalar),
};
