/**
 * Several views of one picture, whose predictions are averaged: test-time augmentation. Five crops and ten are those of
 * torchvision 0.14 (`five_crop`, `ten_crop`), in its order.
 */
import { AttuneError } from '../../errors.js';
import { refuseUnknownKind } from '../../option-names.js';
import { flipLeftRight } from './augment.js';
import type { RgbImage } from '../picture.js';
import { centerCropImage, cropImage } from './preprocess.js';

/** Which views are averaged. */
export type TestViews = 'flip' | 'five-crop' | 'ten-crop';

/** How many views each has. */
export const TEST_VIEWS: Readonly<Record<TestViews, number>> = { flip: 2, 'five-crop': 5, 'ten-crop': 10 };

/**
 * The pictures of `side` x `side`: the middle and its mirror image; or the four corners and the middle; or those of the
 * picture and then those of its mirror image.
 *
 * @param image resized as for evaluation; for `flip` it may be the evaluation crop as well
 * @throws AttuneError 'usage' if corners are larger than the picture, and for views that there are not
 */
export function testViews(image: RgbImage, side: number, views: TestViews): RgbImage[] {
  refuseUnknownKind(views, TEST_VIEWS, 'set of views', 'testViews');
  switch (views) {
    case 'flip': {
      const middle = centerCropImage(image, side);
      return [middle, mirrored(middle)];
    }
    case 'five-crop':
      return fiveCrops(image, side);
    case 'ten-crop':
      return [...fiveCrops(image, side), ...fiveCrops(mirrored(image), side)];
  }
}

function fiveCrops(image: RgbImage, side: number): RgbImage[] {
  const [right, bottom] = [image.width - side, image.height - side];
  if (right < 0 || bottom < 0) {
    throw new AttuneError({
      code: 'usage',
      what: `a picture of ${image.width} x ${image.height} pixels has no corners of ${side} x ${side}`,
      where: '--tta',
      hint: 'use flip',
    });
  }
  const corner = (left: number, top: number) => cropImage(image, { left, top, width: side, height: side });
  return [
    ...[corner(0, 0), corner(right, 0), corner(0, bottom), corner(right, bottom)],
    centerCropImage(image, side),
  ];
}

function mirrored({ width, height, pixels }: RgbImage): RgbImage {
  const mirror = { width, height, pixels: pixels.slice() };
  flipLeftRight(mirror);
  return mirror;
}
