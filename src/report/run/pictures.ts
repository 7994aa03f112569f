/** Pictures small enough to lie within a page. */
import { loadSharp, type RgbImage } from '../../inputs/index.js';
import type { Picture } from './report-data.js';

/** The longer side of a picture on the page is shown at half of this, so that it is sharp on fine screens. */
const LONGEST_SIDE = 240;
const JPEG_QUALITY = 72;
/** Below this, pixels are to be seen one by one: no JPEG blurs them. */
const TINY = 96;

/** As a JPEG of at most 240 pixels a side; a tiny one as it is, as a PNG. */
export async function pictureOf({ width, height, pixels }: RgbImage): Promise<Picture> {
  const image = loadSharp()(pixels, { raw: { width, height, channels: 3 } });
  const isTiny = Math.max(width, height) < TINY;
  const { data, info } = isTiny
    ? await image.png().toBuffer({ resolveWithObject: true })
    : await image
        .resize(LONGEST_SIDE, LONGEST_SIDE, { fit: 'inside', withoutEnlargement: true })
        .jpeg({ quality: JPEG_QUALITY })
        .toBuffer({ resolveWithObject: true });
  return {
    uri: `data:image/${isTiny ? 'png' : 'jpeg'};base64,${data.toString('base64')}`,
    width: info.width,
    height: info.height,
  };
}
