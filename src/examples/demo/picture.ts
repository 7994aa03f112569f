/**
 * The picture that the demo ends with: every test image twice as large, in a frame that is green where the prediction
 * is right and red where it is wrong, with the predicted class above it.
 */
import { PNG } from 'pngjs';
import { isSet, LETTER_HEIGHT, LETTER_WIDTH } from '../../inputs/image/letters.js';
import { SIDE } from './placing.js';

export interface PredictedImage {
  /** Red, green and blue of SIDE x SIDE pixels. */
  readonly pixels: Uint8Array;
  readonly predicted: string;
  readonly isRight: boolean;
}

type Colour = readonly [red: number, green: number, blue: number];

const BACKGROUND: Colour = [24, 24, 28];
const RIGHT: Colour = [60, 180, 90];
const WRONG: Colour = [235, 64, 52];

const ENLARGED = 2;
const FRAME = 2;
const GAP = 4;
const COLUMNS = 20;
const LABEL_HEIGHT = LETTER_HEIGHT * ENLARGED + 4;
const TILE = SIDE * ENLARGED + 2 * FRAME;

/** The picture as the bytes of a PNG file; images from left to right, twenty in a row. */
export function predictionsPicture(images: readonly PredictedImage[]): Uint8Array {
  const rows = Math.ceil(images.length / COLUMNS);
  const width = GAP + COLUMNS * (TILE + GAP);
  const png = new PNG({ width, height: GAP + rows * (LABEL_HEIGHT + TILE + GAP) });
  fill(png, 0, 0, png.width, png.height, BACKGROUND);
  images.forEach((image, i) => {
    const left = GAP + (i % COLUMNS) * (TILE + GAP);
    const top = GAP + Math.floor(i / COLUMNS) * (LABEL_HEIGHT + TILE + GAP);
    const colour = image.isRight ? RIGHT : WRONG;
    drawText(png, left, top, image.predicted, colour);
    fill(png, left, top + LABEL_HEIGHT, TILE, TILE, colour);
    drawImage(png, left + FRAME, top + LABEL_HEIGHT + FRAME, image.pixels);
  });
  return PNG.sync.write(png);
}

function drawImage(png: PNG, left: number, top: number, pixels: Uint8Array): void {
  for (let at = 0; at < SIDE * SIDE; at++) {
    const [red, green, blue] = pixels.subarray(3 * at, 3 * at + 3);
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    fill(png, left + x * ENLARGED, top + y * ENLARGED, ENLARGED, ENLARGED, [red, green, blue]);
  }
}

/** As many letters as a tile is wide. */
function drawText(png: PNG, left: number, top: number, text: string, colour: Colour): void {
  const advance = (LETTER_WIDTH + 1) * ENLARGED;
  [...text.slice(0, Math.floor(TILE / advance))].forEach((letter, i) => {
    for (let at = 0; at < LETTER_WIDTH * LETTER_HEIGHT; at++) {
      const [x, y] = [at % LETTER_WIDTH, Math.floor(at / LETTER_WIDTH)];
      if (!isSet(letter, x, y)) continue;
      fill(png, left + i * advance + x * ENLARGED, top + y * ENLARGED, ENLARGED, ENLARGED, colour);
    }
  });
}

function fill(png: PNG, left: number, top: number, width: number, height: number, colour: Colour): void {
  for (let y = top; y < top + height; y++) {
    for (let x = left; x < left + width; x++) {
      png.data.set([...colour, 255], (y * png.width + x) * 4);
    }
  }
}
