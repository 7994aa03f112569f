/** The images of a CSV file by part: what `findImages` finds for a regression. */
import {
  readValuesFile,
  isValuesFile,
  stratifiedSplit,
  type ValuedImage,
  type ValuesPart,
} from '../../data/index.js';
import { AttuneError } from '../../errors.js';
import { columnsOf, regression } from './regression.js';
import { foldOf, unusedTest } from '../folds.js';
import type { FoundImages, SplitOptions } from '../run/found-images.js';

/**
 * Reads a CSV file, and the one to validate with, where there is one; else the rows that its column split says, else
 * some that are split off. Where there is a column split, each of its rows names a part. Opens no image. Throws
 * AttuneError 'usage' for folds that cannot be, 'data' for rows that cannot be used.
 */
export async function findValues(
  data: string,
  { val, valSplit, folds = null, fold = null, seed, images, target }: SplitOptions,
): Promise<FoundImages> {
  const options = { images: images ?? undefined };
  const file = await readValuesFile(data, { ...options, columns: target ?? undefined });
  const of = (part: ValuesPart) => file.rows.flatMap(({ image, part: own }) => (own === part ? [image] : []));
  const hasParts = file.rows.some(({ part }) => part !== null);
  const all = hasParts ? of('train') : file.rows.map(({ image }) => image);
  if (all.length === 0) {
    throw new AttuneError({
      code: 'data',
      what: 'the column split names no row to train with',
      where: data,
      hint: 'write train in some of its rows',
    });
  }
  const named = of('val');
  const validation = val === null ? named : await validationOf(val, options.images, file.columns, named, all);
  const test = of('test');
  if (folds !== null || fold !== null) {
    const own = val !== null || named.length > 0 ? validation : null;
    const parts = foldOf({ train: all, val: own, data }, folds, fold, seed);
    const task = regression(columnsOf(file.columns, parts.train, file.path));
    const skipped = unusedTest(file.path, test);
    return { root: file.path, task, skipped, isSplit: false, ...parts, test: [] };
  }
  const isSplit = val === null && named.length === 0;
  const split = stratifiedSplit(new Int32Array(all.length), isSplit ? valSplit : 0, seed);
  const train = split.train.map((index) => all[index]);
  return {
    root: file.path,
    task: regression(columnsOf(file.columns, train, file.path)),
    skipped: [],
    isSplit,
    train,
    val: isSplit ? split.val.map((index) => all[index]) : validation,
    test,
  };
}

async function validationOf(
  val: string,
  images: string | undefined,
  columns: readonly string[],
  named: readonly ValuedImage[],
  train: readonly ValuedImage[],
): Promise<ValuedImage[]> {
  const refuse = (what: string, hint: string) =>
    new AttuneError({ code: 'usage', what, where: '--val', hint });
  if (!isValuesFile(val))
    throw refuse(`values are compared with those of a CSV file, and ${val} is none`, 'name a .csv file');
  if (named.length > 0) {
    throw refuse('the column split has rows to validate with, too', 'leave one of the two out');
  }
  const { rows } = await readValuesFile(val, { images, columns });
  const trained = new Set(train.map(({ path }) => path));
  const twice = rows.find(({ image }) => trained.has(image.path));
  if (twice !== undefined) {
    throw refuse(`${twice.image.name} is among the training images, too`, 'validate with other images');
  }
  return rows.map(({ image }) => image);
}
