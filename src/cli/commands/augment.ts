/** `attune augment`: a sheet of training images as the network would see them. */
import { resolve } from 'node:path';
import {
  assertOwn,
  contactSheet,
  encodeOwnPng,
  PNG_MARK,
  resizeImage,
  type RgbImage,
} from '../../inputs/index.js';
import { type AugmentPreview, previewAugment } from '../../finetune/index.js';
import { replaceFile } from '../../formats/index.js';
import type { AugmentFlags } from '../augment-flags.js';
import { usageError } from '../errors.js';
import type { Output } from '../output.js';
import { withSession } from '../session.js';
import { facts } from '../table.js';
import { count, percent } from '../../text.js';

const DEFAULT_FILE = 'augment.png';
/** Larger pictures are made smaller on the sheet. */
const MOST_SIDE = 224;

export async function augmentCommand(
  { out = DEFAULT_FILE, ...options }: AugmentFlags & { readonly data: string },
  json: boolean,
  output: Output,
): Promise<number> {
  if (!/\.png$/i.test(out)) {
    throw usageError(`${JSON.stringify(out)} does not end in .png`, '--out', 'the sheet is a PNG file');
  }
  const path = resolve(out);
  await assertOwn(path, PNG_MARK);
  const preview = await withSession(output, (context) => previewAugment(options, context));
  await replaceFile(path, [await encodeOwnPng(sheetOf(preview))]);
  const { images, ...rest } = preview;
  if (json) output.json({ out: path, ...rest, images: images.map(({ path, label }) => ({ path, label })) });
  else print(preview, path, output);
  return 0;
}

function sheetOf({ images }: AugmentPreview): RgbImage {
  const columns = ['original', ...images[0].views.map((_, epoch) => `epoch ${epoch + 1}`)];
  const rows = images.map(({ label, path, original, views }) => ({
    label: `${label}  ${path.split(/[\\/]/).at(-1)}`,
    images: [original, ...views].map(shown),
  }));
  return contactSheet(columns, rows);
}

function shown(image: RgbImage): RgbImage {
  return image.width <= MOST_SIDE ? image : resizeImage(image, MOST_SIDE, MOST_SIDE, 'bilinear');
}

function print({ augment, crop_scale, seed, images }: AugmentPreview, path: string, output: Output): void {
  output.print(
    facts([
      ['augmentation', augment],
      ...(crop_scale === null ? [] : [['smallest crop', percent(crop_scale)] as const]),
      ['seed', String(seed)],
      ['images', `${count(images.length)}, in ${count(images[0].views.length)} epochs`],
      ['sheet', path],
    ]),
  );
}
