/** Sentences of the page that more than one section needs. */
import { counted } from '../../text.js';
import type { PartName } from '../../runs/data/found-images.js';

const NAMES: Readonly<Record<PartName, string>> = { train: 'training', val: 'validation', test: 'test' };

/** `validation` */
export function partName(part: PartName): string {
  return NAMES[part];
}

/** `40 validation images` */
export function imagesOf(part: PartName, images: number): string {
  return counted(images, `${partName(part)} image`);
}
