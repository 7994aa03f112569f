/**
 * Augmentation: what training sees of a picture in one epoch.
 *
 * `standard` is torchvision's RandomResizedCrop and RandomHorizontalFlip: a random part of the
 * picture, between a share `scale` of its area and a ratio of 3:4 to 4:3 (uniform in the
 * logarithm), resized to the network's input, and mirrored in half of the cases. `flip` mirrors
 * the centre crop that evaluation uses; `none` is that crop.
 *
 * What else varies, as colours, is done on the device (augment-parts.ts), because it costs more.
 *
 * The random numbers are a function of seed, epoch and place in the data set. There is no state,
 * so workers may take pictures in any order, and a resumed run sees what it would have seen.
 */

import { AttuneError } from '../../errors.js';
import { refuseUnknownKind, refuseUnknownOptions } from '../../option-names.js';
import type { Augmentation } from './augment-parts.js';
import type { RgbImage } from '../picture.js';
import { centerCropImage, cropImage, roundHalfToEven } from './preprocess.js';
import { purpose, type Sample, seededRandom } from '../random.js';
import { type Interpolation, type Rectangle, resizeImage } from './resize.js';

const leastRatio = 3 / 4;
const largestRatio = 4 / 3;
/** Crops that reach beyond the picture are drawn anew, this often. */
const cropAttempts = 10;
const flipProbability = 0.5;

/**
 * The `side` x `side` picture that training sees.
 *
 * @param image the whole picture, its short side resized as for evaluation; for `none` and
 *   `flip` it may be the evaluation crop as well
 * @param interpolation the filter that resizes a crop
 * @returns pixels that share no memory with `image`
 */
export function augmentImage(
  image: RgbImage,
  side: number,
  augmentation: Augmentation,
  { seed, epoch, index }: Sample,
  interpolation: Interpolation = 'bilinear',
): RgbImage {
  if (augmentation.kind === 'none') return centerCropImage(image, side);
  const { uniform } = seededRandom(seed, purpose.augmentation, epoch, index);
  const view =
    augmentation.kind === 'flip'
      ? centerCropImage(image, side)
      : resizedCrop(image, side, cropFromDraws(image, augmentation.scale, uniform), interpolation);
  if (uniform() < flipProbability) flipLeftRight(view);
  return view;
}

/** Cuts first and resizes then, as torchvision does: pixels outside the crop do not bleed in. */
function resizedCrop(
  image: RgbImage,
  side: number,
  window: Rectangle,
  interpolation: Interpolation,
): RgbImage {
  return resizeImage(cropImage(image, window), side, side, interpolation);
}

/**
 * The part of a picture that RandomResizedCrop takes, given its random draws (torchvision 0.14,
 * `RandomResizedCrop.get_params`). An attempt draws area and ratio; the first that fits into the
 * picture draws its top and its left. After ten attempts it is the largest central part whose
 * ratio is allowed.
 *
 * @param draw the next random number, uniform in [0, 1)
 */
export function cropFromDraws(
  { width, height }: { readonly width: number; readonly height: number },
  [leastScale, largestScale]: readonly [number, number],
  draw: () => number,
): Rectangle {
  const [lowLog, highLog] = [Math.log(leastRatio), Math.log(largestRatio)];
  for (let attempt = 0; attempt < cropAttempts; attempt++) {
    const area = width * height * (leastScale + draw() * (largestScale - leastScale));
    const ratio = Math.exp(lowLog + draw() * (highLog - lowLog));
    const cropWidth = roundHalfToEven(Math.sqrt(area * ratio));
    const cropHeight = roundHalfToEven(Math.sqrt(area / ratio));
    if (cropWidth < 1 || cropWidth > width || cropHeight < 1 || cropHeight > height) continue;
    const top = Math.floor(draw() * (height - cropHeight + 1));
    const left = Math.floor(draw() * (width - cropWidth + 1));
    return { left, top, width: cropWidth, height: cropHeight };
  }
  return centralCrop(width, height);
}

/** The whole picture, or as much of a long one as has an allowed ratio. */
function centralCrop(width: number, height: number): Rectangle {
  const ratio = width / height;
  const cropWidth = ratio > largestRatio ? roundHalfToEven(height * largestRatio) : width;
  const cropHeight = ratio < leastRatio ? roundHalfToEven(width / leastRatio) : height;
  return {
    left: Math.floor((width - cropWidth) / 2),
    top: Math.floor((height - cropHeight) / 2),
    width: cropWidth,
    height: cropHeight,
  };
}

/** Exchanges left and right, in place. */
export function flipLeftRight({ width, height, pixels }: RgbImage): void {
  for (let row = 0; row < height; row++) {
    let left = row * width * 3;
    let right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const kept = pixels[left + channel];
        pixels[left + channel] = pixels[right + channel];
        pixels[right + channel] = kept;
      }
    }
  }
}

const AUGMENTATIONS = {
  none: { kind: true, parts: true },
  flip: { kind: true, parts: true },
  standard: { kind: true, scale: true, parts: true },
} as const satisfies Readonly<Record<Augmentation['kind'], Readonly<Record<string, true>>>>;

/** @throws AttuneError 'usage' for one that there is not, unknown names in it, and shares of the area that make no sense */
export function checkAugmentation(augmentation: Augmentation): void {
  refuseUnknownOptions(augmentation, AUGMENTATIONS.standard, 'augmentation');
  refuseUnknownKind(augmentation.kind, AUGMENTATIONS, 'augmentation', 'augmentation');
  refuseUnknownOptions(augmentation, AUGMENTATIONS[augmentation.kind], 'augmentation');
  if (augmentation.kind !== 'standard') return;
  const [least, largest] = augmentation.scale ?? [];
  if (least > 0 && least <= largest && largest <= 1) return;
  throw new AttuneError({
    code: 'usage',
    what: `a crop cannot take from ${least} to ${largest} of a picture's area`,
    where: '--augment',
    hint: 'give two shares above 0 and at most 1, the smaller one first',
  });
}
