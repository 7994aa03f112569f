/** Sentences of the page that more than one section needs. */
import { countedSamples, type SampleWords } from '../../inputs/index.js';
import type { PartName } from '../../runs/data/found-images.js';

const NAMES: Readonly<Record<PartName, string>> = { train: 'training', val: 'validation', test: 'test' };

/** `validation` */
export function partName(part: PartName): string {
  return NAMES[part];
}

/** `40 validation images` */
export function samplesOf(part: PartName, count: number, words: SampleWords): string {
  return countedSamples(count, words, partName(part));
}
