/** Random uses of the kernels of resized images: larger and smaller by any share, down to one pixel. */
import { resizeAxis, type ResizeMode, TAPS } from '#src/ops/image/resize-axis';
import { type Make, real, room } from '../operands.js';

const resized =
  (gradient: boolean, sizes: readonly number[]): Make =>
  (random) => {
    const mode = random.pick(Object.keys(TAPS) as ResizeMode[]);
    const alignCorners = mode !== 'nearest' && random.unit() < 0.5;
    const side = () => random.pick([1, 2, 3, 5, 8, 13]);
    const [batch, height, width, outHeight, outWidth] = [random.whole(1, 2), side(), side(), side(), side()];
    const channels = random.pick(sizes);
    const [image, pixels] = [batch * height * width * channels, batch * outHeight * outWidth * channels];
    const rows = resizeAxis(height, outHeight, mode, alignCorners);
    const columns = resizeAxis(width, outWidth, mode, alignCorners);
    return {
      attributes: { batch, height, width, channels, outHeight, outWidth, taps: TAPS[mode], rows, columns },
      operands: gradient ? [real(random, pixels), room(image)] : [real(random, image), room(pixels)],
      terms: gradient ? outHeight * outWidth : 4 * TAPS[mode] ** 2,
    };
  };

const WIDTHS = { vec4: [4, 8, 68], scalar: [1, 3, 5] };

export const resizeMakers: Readonly<Record<string, Make>> = {
  'resize.vec4': resized(false, WIDTHS.vec4),
  'resize.scalar': resized(false, WIDTHS.scalar),
  'resizeGradient.vec4': resized(true, WIDTHS.vec4),
  'resizeGradient.scalar': resized(true, WIDTHS.scalar),
};
