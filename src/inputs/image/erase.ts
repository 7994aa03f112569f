/**
 * Random erasing (Zhong et al., "Random erasing data augmentation", 2017): which rectangle of a picture training does
 * not see in one epoch. As torchvision's RandomErasing by default: between 2 and 33 % of the area, a ratio of height to
 * width from 0.3 to 3.3 (uniform in the logarithm). What stands there instead is up to ops/image/erase-boxes.ts.
 *
 * Like those of augment.ts, the random numbers are a function of seed, epoch and place in the data set.
 */
import { roundHalfToEven } from './preprocess.js';
import { purpose, type Sample, seededRandom } from '../random.js';

const scale = [0.02, 0.33] as const;
const ratio = [0.3, 3.3] as const;
/** Rectangles that reach beyond the picture are drawn anew, this often. */
const attempts = 10;

/** Top, left, bottom and right in pixels, the last two not included. */
export type Box = readonly [top: number, left: number, bottom: number, right: number];

/** No pixels. */
const nothing: Box = [0, 0, 0, 0];

/** The rectangle of a `side` x `side` picture that is erased with `probability`; an empty one otherwise. */
export function erasedBox(side: number, probability: number, { seed, epoch, index }: Sample): Box {
  const { uniform } = seededRandom(seed, purpose.erasing, epoch, index);
  return uniform() < probability ? boxFromDraws({ width: side, height: side }, uniform) : nothing;
}

/**
 * The rectangle that RandomErasing takes, given its random draws (torchvision 0.14, `RandomErasing.get_params`). An
 * attempt draws area and ratio; the first that fits into the picture draws its top and its left. After ten attempts it
 * is empty.
 *
 * @param draw the next random number, uniform in [0, 1)
 */
export function boxFromDraws(
  { width, height }: { readonly width: number; readonly height: number },
  draw: () => number,
): Box {
  const [lowLog, highLog] = ratio.map(Math.log);
  for (let attempt = 0; attempt < attempts; attempt++) {
    const area = width * height * (scale[0] + draw() * (scale[1] - scale[0]));
    const aspect = Math.exp(lowLog + draw() * (highLog - lowLog));
    const boxHeight = roundHalfToEven(Math.sqrt(area * aspect));
    const boxWidth = roundHalfToEven(Math.sqrt(area / aspect));
    if (boxHeight >= height || boxWidth >= width) continue;
    const top = Math.floor(draw() * (height - boxHeight + 1));
    const left = Math.floor(draw() * (width - boxWidth + 1));
    return [top, left, top + boxHeight, left + boxWidth];
  }
  return nothing;
}
