/**
 * The 1,000 classes of ImageNet-1k (ILSVRC 2012), in the order of the outputs of torchvision's
 * models. `predict` names what a pretrained network sees; `evaluate` maps folders named by WordNet
 * id, as ImageNet's own folders are, to class indices.
 */

import { imagenetTable } from './imagenet-table.js';

/** One of ImageNet's 1,000 classes. */
export interface ImagenetClass {
  /** WordNet 3.0 noun synset, e.g. `n01440764`. */
  readonly wordnetId: string;
  /** torchvision's name, e.g. `tench`; no two classes share one. */
  readonly name: string;
}

const classes: readonly ImagenetClass[] = imagenetTable
  .trimEnd()
  .split('\n')
  .map((line) => ({ wordnetId: line.slice(0, 9), name: line.slice(10) }));

const indices: ReadonlyMap<string, number> = new Map(
  classes.map(({ wordnetId }, index) => [wordnetId, index]),
);

/** All classes; the position is the class index, 0 (`tench`) to 999 (`toilet tissue`). */
export function imagenetClasses(): readonly ImagenetClass[] {
  return classes;
}

/** The class index, 0 to 999, of a WordNet id such as `n01440764`; undefined if it is none. */
export function imagenetIndex(wordnetId: string): number | undefined {
  return indices.get(wordnetId);
}
