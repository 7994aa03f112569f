/** Cutting images into the folds of a cross-validation, stratified: each class is spread over all of them. */
import { minOf } from '../../extremes.js';
import { join } from 'node:path';
import {
  type ImageFolder,
  type InputKind,
  isCsvFile,
  type LabelledImage,
  type NamedColumns,
  stratifiedFolds,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { counted } from '../../text.js';
import type { SkippedImage } from '../../recipe/results.js';
import type { TaskKind } from '../../tasks/index.js';
import type { FoundImages } from './found-images.js';

/**
 * The images with one fold to validate and the others to train. Throws AttuneError 'usage' where a fold would be left
 * without images of a class, and for a fold without folds.
 */
export function foldOf(
  { train, val, data }: Pick<ImageFolder, 'train' | 'val'> & { readonly data: string },
  folds: number | null,
  fold: number | null,
  seed: number,
): Pick<FoundImages, 'train' | 'val'> {
  const refuse = (what: string, where: string, hint: string) => {
    throw new AttuneError({ code: 'usage', what, where, hint });
  };
  if (folds === null || fold === null) {
    const [what, where] =
      folds === null ? ['there is no --folds', '--fold'] : ['a single run has one of the folds', '--folds'];
    return refuse(what, where, 'give both, as in --folds 5 --fold 1') as never;
  }
  if (fold > folds) refuse(`there are ${folds} folds`, '--fold', `give one of 1 to ${folds}`);
  if (val !== null) {
    const hint = isCsvFile(data)
      ? 'leave out --val, and write train in the column split'
      : `leave out --val, and name the folder of training data: ${join(data, 'train')}`;
    refuse('folds validate by turns, and there is validation data of its own', '--folds', hint);
  }
  const smallest = smallestOf(train);
  if (folds > smallest) {
    // Where all are of one kind, there are no classes.
    const what =
      smallest === train.length
        ? `${folds} folds need as many samples, and there are ${smallest}`
        : `${folds} folds need as many samples of each class, and the smallest has ${smallest}`;
    refuse(what, '--folds', smallest < 2 ? 'add samples' : `give ${smallest} at most, or add samples`);
  }
  const place = stratifiedFolds(
    train.map(({ label }) => label),
    folds,
    seed,
  );
  return {
    train: train.filter((_, i) => place[i] !== fold - 1),
    val: train.filter((_, i) => place[i] === fold - 1),
  };
}

/** Folds choose a recipe; what tests is for the network that is trained by it in the end, on all images. */
export function unusedTest(path: string, test: readonly LabelledImage[]): SkippedImage[] {
  const reason = `${counted(test.length, 'test sample')}, which folds do not use: they test the network of the final run`;
  return test.length === 0 ? [] : [{ path, reason }];
}

/**
 * What defaults follow from. It is the same for all folds of a cross-validation, whose sizes may differ by one: that of
 * the smallest.
 */
export function factsOf(
  { train, val, learnt, task, inputKind }: FoundImages,
  folds: number | null = null,
): ImageFacts {
  const known = { learnt, task: task.info.kind, input: inputKind };
  if (folds === null) return { images: train.length, smallestClass: smallestOf(train), ...known };
  const all = [...train, ...val];
  const least = (count: number) => count - Math.ceil(count / folds);
  return { images: least(all.length), smallestClass: least(smallestOf(all)), ...known };
}

export interface ImageFacts {
  readonly images: number;
  readonly smallestClass: number;
  readonly learnt: NamedColumns;
  readonly task: TaskKind;
  readonly input: InputKind;
}

/** Images of the class that has the fewest, of those that have any. */
export function smallestOf(images: readonly LabelledImage[]): number {
  const counts = new Map<number, number>();
  for (const { label } of images) counts.set(label, (counts.get(label) ?? 0) + 1);
  return minOf(counts.values());
}
