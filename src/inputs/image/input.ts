/** Images as an input: bytes on the host, varied and normalised on the device. */
import { AttuneError } from '../../errors.js';
import { normalizeImages } from '../../ops/image/normalize-images.js';
import { type HostSample, stack } from '../host-batch.js';
import type { Input } from '../input.js';
import { variedImages } from './apply-steps.js';
import type { ImageStep } from './augment-parts.js';
import type { RgbImage } from '../picture.js';
import { imageKey } from './prepared-cache.js';
import type { Preprocessing } from './preprocess.js';

/**
 * Images of the crop's side: `images` of a batch are bytes [n, side, side, 3]; each goes through its steps (apply-steps.ts),
 * and is normalised. Throws AttuneError 'usage' without a crop, as images have to be of one size.
 */
export function imageInput(preprocessing: Preprocessing): Input {
  const { mean, std } = preprocessing;
  const side = sideOf(preprocessing);
  const shape = [side, side, 3];
  const picture = ({ images }: HostSample) => ({
    width: side,
    height: side,
    pixels: Uint8Array.from(images),
  });
  return {
    key: imageKey(preprocessing),
    shape,
    blank: (size) => ({ size, arrays: { images: new Uint8Array(size * side * side * 3) } }),
    batch: stack,
    record({ arrays: { images }, steps = [] }) {
      const varied = variedImages(images as Uint8Array, side, steps as readonly (readonly ImageStep[])[]);
      return normalizeImages(varied, mean, std);
    },
    picture,
    // Back from what the network takes to bytes.
    seen: (values) =>
      picture({
        images: new Uint8Array(
          Uint8ClampedArray.from(values, (value, i) => 255 * (value * std[i % 3] + mean[i % 3])),
        ),
      }),
  };
}

/** A black square. */
export function blackImage(side: number): RgbImage {
  return { width: side, height: side, pixels: new Uint8Array(side * side * 3) };
}

/** A picture as a sample. */
export function sampleOf({ pixels }: RgbImage): HostSample {
  return { images: pixels };
}

/** The side of a network's images. Throws AttuneError 'usage' when they are not cropped to one size. */
export function sideOf({ crop }: Pick<Preprocessing, 'crop'>): number {
  if (crop !== null) return crop;
  throw new AttuneError({
    code: 'usage',
    what: 'a network needs images of one size',
    where: 'preprocessing',
  });
}
