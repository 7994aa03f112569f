/**
 * Pictures in rows and columns on one sheet: each row with its label above it and each column with its own at the top, or
 * each picture with its own above it.
 */
import type { RgbImage } from '../picture.js';
import { isSet, LETTER_HEIGHT, LETTER_WIDTH } from './letters.js';

/** One row of the sheet; all pictures are of one size. */
export interface SheetRow {
  readonly label: string;
  readonly images: readonly RgbImage[];
}

/** A picture with a label of its own. */
export interface LabelledPicture {
  readonly label: string;
  readonly image: RgbImage;
}

type Color = readonly [red: number, green: number, blue: number];

const BACKGROUND: Color = [24, 24, 28];
const TEXT: Color = [200, 200, 205];
const GAP = 8;
/** Pixels of the sheet for one of a letter. */
const LETTER_SCALE = 2;
const LABEL_HEIGHT = LETTER_HEIGHT * LETTER_SCALE + 6;

/** The sheet. A label is cut off where its row, or column, ends. */
export function contactSheet(columns: readonly string[], rows: readonly SheetRow[]): RgbImage {
  const { width: tileWidth, height: tileHeight } = rows[0].images[0];
  const width = GAP + columns.length * (tileWidth + GAP);
  const rowHeight = LABEL_HEIGHT + tileHeight + GAP;
  const height = 2 * GAP + LABEL_HEIGHT + rows.length * rowHeight;
  const sheet = emptySheet(width, height);
  const leftOf = (column: number) => GAP + column * (tileWidth + GAP);
  columns.forEach((label, i) => {
    drawText(sheet, leftOf(i), GAP, label, tileWidth);
  });
  rows.forEach(({ label, images }, row) => {
    const top = 2 * GAP + LABEL_HEIGHT + row * rowHeight;
    drawText(sheet, GAP, top, label, width - 2 * GAP);
    images.forEach((image, i) => {
      drawImage(sheet, leftOf(i), top + LABEL_HEIGHT, image);
    });
  });
  return sheet;
}

/** Pictures of one size from left to right, `columns` in a row. A label is cut off where its picture ends. */
export function pictureGrid(pictures: readonly LabelledPicture[], columns: number): RgbImage {
  const { width: tileWidth, height: tileHeight } = pictures[0].image;
  const across = Math.min(columns, pictures.length);
  const rowHeight = LABEL_HEIGHT + tileHeight + GAP;
  const rows = Math.ceil(pictures.length / columns);
  const sheet = emptySheet(GAP + across * (tileWidth + GAP), GAP + rows * rowHeight);
  pictures.forEach(({ label, image }, i) => {
    const left = GAP + (i % columns) * (tileWidth + GAP);
    const top = GAP + Math.floor(i / columns) * rowHeight;
    drawText(sheet, left, top, label, tileWidth);
    drawImage(sheet, left, top + LABEL_HEIGHT, image);
  });
  return sheet;
}

/** A sheet without pictures. */
export function emptySheet(width: number, height: number): RgbImage {
  const sheet = { width, height, pixels: new Uint8Array(width * height * 3) };
  fill(sheet, 0, 0, width, height, BACKGROUND);
  return sheet;
}

/** Puts a picture, which must fit, on a sheet. */
export function drawImage(
  sheet: RgbImage,
  left: number,
  top: number,
  { width, height, pixels }: RgbImage,
): void {
  for (let y = 0; y < height; y++) {
    const row = pixels.subarray(y * width * 3, (y + 1) * width * 3);
    sheet.pixels.set(row, ((top + y) * sheet.width + left) * 3);
  }
}

/** As many letters as fit into `room` pixels; of letters that there are no pixels for, a gap. */
export function drawText(
  sheet: RgbImage,
  left: number,
  top: number,
  text: string,
  room: number,
  scale = LETTER_SCALE,
): void {
  const advance = (LETTER_WIDTH + 1) * scale;
  [...text].slice(0, Math.floor(room / advance)).forEach((letter, i) => {
    for (let at = 0; at < LETTER_WIDTH * LETTER_HEIGHT; at++) {
      const [x, y] = [at % LETTER_WIDTH, Math.floor(at / LETTER_WIDTH)];
      if (!isSet(letter, x, y)) continue;
      fill(sheet, left + i * advance + x * scale, top + y * scale, scale, scale, TEXT);
    }
  });
}

function fill(
  { width: sheetWidth, pixels }: RgbImage,
  left: number,
  top: number,
  width: number,
  height: number,
  color: Color,
): void {
  for (let y = top; y < top + height; y++)
    for (let x = left; x < left + width; x++) pixels.set(color, (y * sheetWidth + x) * 3);
}
