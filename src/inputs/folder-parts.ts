/** Which folders of a data set are its parts, and which are classes. */
import { join } from 'node:path';
import { AttuneError } from '../errors.js';
import { firstOf } from './first-names.js';
import { validationNames } from './part-folders.js';
import type { SampleFiles } from './sample-files.js';
import { isHidden, type SkippedPath, subFolders, walkFiles } from './walk.js';

/** The folders of the parts of a data set. */
export interface Parts {
  readonly train: string;
  readonly val: string | null;
  readonly test: string | null;
}

/**
 * Decides between the two layouts. train/ with a validation folder is a split data set; so is
 * train/ with nothing else beside it but test/. Any other neighbour means that "train" is a class,
 * as in a data set of vehicles; then its images lie in it, and not in folders that look like classes; as those of "val" and
 * "test" without a train/. A validation folder that was named is no neighbour. "valid" beside "invalid" is a class.
 */
export async function findParts(
  root: string,
  named: string | null,
  skipped: SkippedPath[],
  files: SampleFiles,
): Promise<Parts> {
  const folders = (await subFolders(root)).filter((name) => !isHidden(name) && join(root, name) !== named);
  const byName = new Map(folders.map((name) => [name.toLowerCase(), name]));
  const at = (name: string | undefined) => (name === undefined ? null : join(root, name));
  const train = byName.get('train');
  const test = byName.get('test');
  const vals = validationNames.flatMap((name) => byName.get(name) ?? []);
  const beside = folders.filter((name) => ![train, test, ...vals].includes(name));
  // A neighbour without images, such as the runs/ of earlier trainings, does not make a class of train/.
  if (train === undefined || (vals.length === 0 && (await anyHasSamples(root, beside, files)))) {
    for (const part of [train, ...vals, test]) {
      if (part?.toLowerCase() === 'valid' && byName.has('invalid')) continue;
      const neighbour = folders.find((name) => name !== part);
      if (part === undefined || neighbour === undefined) continue;
      if (await holdsClasses(join(root, part), files))
        throw unclearPart(root, part, neighbour, part === train);
    }
    await refusePartsAsClasses(root, folders, files);
    return { train: root, val: null, test: null };
  }
  for (const name of [...vals.slice(1), ...beside]) {
    skipped.push({ path: join(root, name), reason: 'beside train/, and not its val/ or test/' });
  }
  return { train: join(root, train), val: at(vals[0]), test: at(test) };
}

/** Whether a folder is a folder of class folders by its looks: no images, and two or more folders with some. */
export async function holdsClasses(folder: string, files: SampleFiles): Promise<boolean> {
  if ((await walkFiles(folder, files, [], folder, { depth: 0 })).length > 0) return false;
  let classes = 0;
  for (const name of await subFolders(folder)) {
    if (
      !isHidden(name) &&
      (await walkFiles(join(folder, name), files, [], folder)).length > 0 &&
      ++classes === 2
    )
      return true;
  }
  return false;
}

/** A network for the classes "train" and "unlabelled", or "cat", "dog" and "val", is not what anybody wants. */
function unclearPart(root: string, part: string, other: string, isTrain: boolean): AttuneError {
  const [named, beside] = [part, other].map((name) => JSON.stringify(name));
  return new AttuneError({
    code: 'data',
    what: `${named} holds folders as of classes, and ${beside} stands beside it, so the classes are unclear`,
    where: root,
    hint: isTrain
      ? `move ${beside} elsewhere or name ${join(root, part)} itself; if ${named} is a class, move all classes into a folder ${join(root, 'train')}`
      : `move the class folders into ${join(root, 'train')}, with ${named} if it is a class`,
  });
}

/** Names that other programs' data sets give to their parts: "training_set", "Testing", "seg_train". */
const partName = /^(?:.*[-_ ])?(?:train|training|test|testing|val|valid|validation|dev|eval)(?:[-_ ].*)?$/i;

/** A network that tells "training_set" from "test_set" is what nobody wants, and may well be right on all images. */
async function refusePartsAsClasses(
  root: string,
  folders: readonly string[],
  files: SampleFiles,
): Promise<void> {
  const like = folders.filter((name) => partName.test(name));
  if (like.length < 2) return;
  const inner: (readonly string[])[] = [];
  for (const path of like.map((name) => join(root, name))) {
    if (!(await holdsClasses(path, files))) return;
    inner.push(await subFolders(path));
  }
  const shared = inner[0].filter((name) => inner.every((names) => names.includes(name)));
  if (shared.length < 2) return;
  const part = like.find((name) => /train/i.test(name)) ?? like[0];
  throw new AttuneError({
    code: 'data',
    what: `${firstOf(like)} hold folders of the same names, so they look like parts of a data set and not like classes`,
    where: root,
    hint: `rename them to train, val or test, or name ${join(root, part)} itself; if they are classes, move all into a folder ${join(root, 'train')}`,
  });
}

async function anyHasSamples(root: string, folders: readonly string[], files: SampleFiles): Promise<boolean> {
  for (const name of folders)
    if ((await walkFiles(join(root, name), files, [], root)).length > 0) return true;
  return false;
}
