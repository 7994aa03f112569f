/** transformImages on the CPU: one row of one image. */
import { blendBytes, greyOf, turnHue } from './image-colors.js';
import { hasTable, TABLE_BYTES } from './image-tables-kernel.js';
import { AMOUNTS, CODES, TRANSFORM } from './image-transform.js';

/** Bytes as the loops index them: arrays of any number type. */
export interface TransformOperands {
  readonly images: number[];
  readonly codes: number[];
  readonly amounts: number[];
  readonly tables: number[];
  readonly y: number[];
}

/** Row `row` of all images together. */
export function transformRow(operands: TransformOperands, row: number, height: number, width: number): void {
  const { images, codes, amounts, tables, y } = operands;
  const image = Math.floor(row / height);
  const kind = codes[image * CODES];
  const [amount, rest] = [amounts[image * AMOUNTS], amounts[image * AMOUNTS + 1]];
  const [first, last] = [row * width * 3, (row + 1) * width * 3];
  if (hasTable(kind)) {
    const table = image * TABLE_BYTES;
    for (let i = first; i < last; i += 3) {
      y[i] = tables[table + images[i]];
      y[i + 1] = tables[table + 256 + images[i + 1]];
      y[i + 2] = tables[table + 512 + images[i + 2]];
    }
  } else if (kind === TRANSFORM.saturation) {
    for (let i = first; i < last; i += 3) {
      const grey = greyOf(images[i], images[i + 1], images[i + 2]);
      for (let c = i; c < i + 3; c++) y[c] = blendBytes(images[c], grey, amount, rest);
    }
  } else if (kind === TRANSFORM.hue) {
    for (let i = first; i < last; i += 3) turnHue(images[i], images[i + 1], images[i + 2], amount, y, i);
  } else if (kind === TRANSFORM.sharpness && height > 2 && width > 2) {
    sharpenRow(operands, row, height, width, amount, rest);
  } else if (kind === TRANSFORM.affine) {
    sampleRow(operands, image, row - image * height, height, width);
  } else for (let i = first; i < last; i++) y[i] = images[i];
}

/** Blends with the image blurred by [1 1 1; 1 5 1; 1 1 1] / 13, whose outermost pixels stay (`adjust_sharpness`). */
function sharpenRow(
  { images, y }: TransformOperands,
  row: number,
  height: number,
  width: number,
  factor: number,
  rest: number,
): void {
  const line = width * 3;
  const inside = row % height > 0 && row % height < height - 1;
  for (let x = 0; x < width; x++) {
    for (let i = row * line + x * 3; i < row * line + x * 3 + 3; i++) {
      let blurred = images[i];
      if (inside && x > 0 && x < width - 1) {
        let total = 4 * images[i];
        for (let j = i - line; j <= i + line; j += line) total += images[j - 3] + images[j] + images[j + 3];
        // Thirteenths are never half-way between two bytes.
        blurred = Math.floor((2 * total + 13) / 26);
      }
      y[i] = blendBytes(images[i], blurred, factor, rest);
    }
  }
}

/** Reads each pixel of a row from where its image's code says; see `sampledPositions`. */
function sampleRow(
  { images, codes, y }: TransformOperands,
  image: number,
  row: number,
  height: number,
  width: number,
): void {
  const code = image * CODES;
  const [bilinear, places, fill] = [codes[code + 1] === 1, codes[code + 2], codes[code + 3]];
  const [stepX, stepY] = [codes[code + 4], codes[code + 7]];
  let atX = codes[code + 5] * row + codes[code + 6];
  let atY = codes[code + 8] * row + codes[code + 9];
  const start = image * height * width * 3;
  const half = bilinear ? 0 : 2 ** (places - 1);
  const unit = 2 ** places;
  const byte = (x: number, line: number, channel: number) =>
    x >= 0 && x < width && line >= 0 && line < height
      ? images[start + (line * width + x) * 3 + channel]
      : (fill >> (8 * channel)) & 255;
  for (let column = 0; column < width; column++, atX += stepX, atY += stepY) {
    const x = (atX + half) >> places;
    const line = (atY + half) >> places;
    const to = start + (row * width + column) * 3;
    const [right, down] = [atX / unit - x, atY / unit - line];
    // Most pixels have all four neighbours.
    const inside = x >= 0 && x < width - 1 && line >= 0 && line < height - 1;
    const at = start + (line * width + x) * 3;
    for (let channel = 0; channel < 3; channel++) {
      if (!bilinear) y[to + channel] = byte(x, line, channel);
      else if (inside) {
        const i = at + channel;
        const above = images[i] * (1 - right) + images[i + 3] * right;
        const below = images[i + 3 * width] * (1 - right) + images[i + 3 * width + 3] * right;
        y[to + channel] = roundHalfToEven(above * (1 - down) + below * down);
      } else {
        const above = byte(x, line, channel) * (1 - right) + byte(x + 1, line, channel) * right;
        const below = byte(x, line + 1, channel) * (1 - right) + byte(x + 1, line + 1, channel) * right;
        y[to + channel] = roundHalfToEven(above * (1 - down) + below * down);
      }
    }
  }
}

/** As PyTorch rounds: of two equally near whole numbers the even one. */
export function roundHalfToEven(value: number): number {
  const nearest = Math.floor(value + 0.5);
  return nearest - value === 0.5 && (nearest & 1) === 1 ? nearest - 1 : nearest;
}
