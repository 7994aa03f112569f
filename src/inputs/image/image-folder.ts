/**
 * A folder of class folders, read as a labelled data set.
 *
 * `<data>` is either such a folder, or holds train/ and val/ (valid/, validation/) and perhaps
 * test/, each such a folder. The class list comes from the training part alone: the names of its
 * sub-folders, Unicode-normalised (NFC, as macOS hands out decomposed names), sorted by code
 * point. The other parts are mapped to it by name, so a class they lack shifts nothing.
 *
 * Nothing disappears in silence: whatever is left out stands in `skipped` with its reason.
 */

import { realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { Pauses } from '../../pauses.js';
import type { LabelledSample } from '../labelled.js';
import { validationNames } from '../part-folders.js';
import { sorted } from '../sorted.js';
import {
  compareCodePoints,
  isHidden,
  type RealFolders,
  realFolders,
  realPath,
  type SkippedPath,
  statFolder,
  subFolders,
  walkImages,
  within,
} from '../walk.js';

/** An image with what is known of it. */
export type LabelledImage = LabelledSample;

export interface ImageFolder {
  /** Absolute path of the folder that was read. */
  readonly root: string;
  readonly classes: readonly string[];
  /** Sorted by class, then by name. */
  readonly train: readonly LabelledImage[];
  /** null without a validation folder: split `train` then. */
  readonly val: readonly LabelledImage[] | null;
  /** null without a test folder. */
  readonly test: readonly LabelledImage[] | null;
  readonly skipped: readonly SkippedPath[];
}

export interface ImageFolderOptions {
  /** A validation folder; it wins over one that is found. Beside the class folders it is no class. */
  readonly val?: string | undefined;
}

const NAMES: OptionNames<ImageFolderOptions> = { val: true };

/**
 * Reads a data set. Opens no image: `prepareImages` finds the broken ones.
 *
 * @throws AttuneError 'usage' for an unknown option, and where the named validation folder has an image that trains
 * @throws AttuneError 'input' if a folder is missing, is no folder or cannot be read
 * @throws AttuneError 'data' if there are no images, no class folders, fewer than two classes, a
 *   validation or test folder without images, a class in one that training does not have, a train/ with class folders in
 *   it and something else than validation and test beside it, such a val/ or test/ beside classes, parts by names
 *   that are not known, an image of training in one that is found, or links that make one image that of two classes
 */
export async function imageFolder(path: string, options: ImageFolderOptions = {}): Promise<ImageFolder> {
  refuseUnknownOptions(options, NAMES, 'imageFolder');
  if (typeof path !== 'string') throw noPath();
  const root = resolve(path);
  await statFolder(root);
  const skipped: SkippedPath[] = [];
  const named = options.val === undefined ? null : await pathBelow(root, resolve(options.val));
  const parts = await findParts(root, named, skipped);
  const valFolder = named ?? parts.val;
  if (parts.val !== null && parts.val !== valFolder) {
    skipped.push({ path: parts.val, reason: 'another validation folder was named' });
  }

  const noted: Noted = { skipped, links: new Set(), real: realFolders() };
  const found = await readClassFolders(parts.train, { ...noted, other: named });
  const classes = [...found.keys()];
  await refuseUnlessTrainable(parts.train, classes, skipped);
  const mapped = async (folder: string | null) =>
    folder === null ? null : mapToClasses(folder, classes, noted);
  const train = await labelImages(found, classes);
  const [val, test] = [await mapped(valFolder), await mapped(parts.test)];
  const real = await realPaths(train, noted);
  refuseTwoClasses(parts.train, train, real);
  const trained = new Set(real);
  await refuseShared({ trained, noted }, val, valFolder, named !== null);
  await refuseShared({ trained, noted }, test, parts.test);
  return { root, classes, train, val, test, skipped };
}

/** `path` as it is found in `root`, where a link to that leads to it in another way. */
async function pathBelow(root: string, path: string): Promise<string> {
  const real = (folder: string) => realpath(folder).catch(() => null);
  const [above, own] = await Promise.all([dirname(path), root].map(real));
  return above !== null && above === own ? join(root, basename(path)) : path;
}

/** A link may give one folder, or one file, two names; what is in it cannot be of both classes. */
function refuseTwoClasses(root: string, images: readonly LabelledImage[], real: readonly string[]): void {
  const first = new Map<string, LabelledImage>();
  for (const [i, image] of images.entries()) {
    const other = first.get(real[i]) ?? image;
    first.set(real[i], other);
    if (other.label === image.label) continue;
    throw new AttuneError({
      code: 'data',
      what: `${other.name} and ${image.name} are one file, which cannot be of two classes`,
      where: root,
      hint: 'remove the link from one of the two classes',
    });
  }
}

/** Images that are trained on say nothing of others. */
async function refuseShared(
  { trained, noted }: { readonly trained: ReadonlySet<string>; readonly noted: Noted },
  images: readonly LabelledImage[] | null,
  folder: string | null,
  isNamed = false,
): Promise<void> {
  if (images === null || folder === null) return;
  const at = (await realPaths(images, noted)).findIndex((path) => trained.has(path));
  if (at < 0) return;
  throw new AttuneError({
    code: isNamed ? 'usage' : 'data',
    what: `${images[at].name} is among the training images, too`,
    where: isNamed ? '--val' : folder,
    hint: isNamed ? 'validate with other images' : 'put other images there, or remove the folder',
  });
}

/** Paths without links. Only what is a link itself is looked up, and each folder once: there may be a million images. */
async function realPaths(
  images: readonly LabelledImage[],
  { links, real }: Pick<Noted, 'links' | 'real'>,
): Promise<string[]> {
  const paths: string[] = [];
  for (const { path } of images) {
    if (links.has(path)) {
      paths.push(await realPath(path));
      continue;
    }
    paths.push(within(await real(dirname(path)), basename(path)));
  }
  return paths;
}

/** JavaScript may have given none. */
function noPath(): AttuneError {
  const hint = "write imageFolder('photos'), a folder with one folder of images per class";
  return new AttuneError({ code: 'usage', what: 'there is no folder', where: 'imageFolder', hint });
}

/**
 * Reads one folder of class folders against a given class list, as for evaluating a trained
 * network on other images. Classes may be absent; unknown ones are an error.
 *
 * @throws AttuneError as `imageFolder` does
 */
export async function classFolder(
  path: string,
  classes: readonly string[],
): Promise<{ images: readonly LabelledImage[]; skipped: readonly SkippedPath[] }> {
  const skipped: SkippedPath[] = [];
  const images = await mapToClasses(resolve(path), classes, {
    skipped,
    links: new Set(),
    real: realFolders(),
  });
  return { images, skipped };
}

interface Parts {
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
async function findParts(root: string, named: string | null, skipped: SkippedPath[]): Promise<Parts> {
  const folders = (await subFolders(root)).filter((name) => !isHidden(name) && join(root, name) !== named);
  const byName = new Map(folders.map((name) => [name.toLowerCase(), name]));
  const at = (name: string | undefined) => (name === undefined ? null : join(root, name));
  const train = byName.get('train');
  const test = byName.get('test');
  const vals = validationNames.flatMap((name) => byName.get(name) ?? []);
  const beside = folders.filter((name) => ![train, test, ...vals].includes(name));
  // A neighbour without images, such as the runs/ of earlier trainings, does not make a class of train/.
  if (train === undefined || (vals.length === 0 && (await anyHasImages(root, beside)))) {
    for (const part of [train, ...vals, test]) {
      if (part?.toLowerCase() === 'valid' && byName.has('invalid')) continue;
      const neighbour = folders.find((name) => name !== part);
      if (part === undefined || neighbour === undefined) continue;
      if (await holdsClasses(join(root, part))) throw unclearPart(root, part, neighbour, part === train);
    }
    await refusePartsAsClasses(root, folders);
    return { train: root, val: null, test: null };
  }
  for (const name of [...vals.slice(1), ...beside]) {
    skipped.push({ path: join(root, name), reason: 'beside train/, and not its val/ or test/' });
  }
  return { train: join(root, train), val: at(vals[0]), test: at(test) };
}

/** Whether a folder is a folder of class folders by its looks: no images, and two or more folders with some. */
async function holdsClasses(folder: string): Promise<boolean> {
  if ((await walkImages(folder, [], folder, { depth: 0 })).length > 0) return false;
  let classes = 0;
  for (const name of await subFolders(folder)) {
    if (!isHidden(name) && (await walkImages(join(folder, name), [], folder)).length > 0 && ++classes === 2)
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
async function refusePartsAsClasses(root: string, folders: readonly string[]): Promise<void> {
  const like = folders.filter((name) => partName.test(name));
  if (like.length < 2) return;
  const inner: (readonly string[])[] = [];
  for (const path of like.map((name) => join(root, name))) {
    if (!(await holdsClasses(path))) return;
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

async function anyHasImages(root: string, folders: readonly string[]): Promise<boolean> {
  for (const name of folders) if ((await walkImages(join(root, name), [], root)).length > 0) return true;
  return false;
}

type ImagesByClass = Map<string, { path: string; name: string }[]>;

/** What is noted while folders are read. */
interface Noted {
  readonly skipped: SkippedPath[];
  /** Paths of images that are links. */
  readonly links: Set<string>;
  readonly real: RealFolders;
}

/** All images below each class folder but `other`, classes in order. Empty and hidden folders are no classes. */
async function readClassFolders(
  root: string,
  { skipped, links, real, other = null }: Noted & { readonly other?: string | null },
): Promise<ImagesByClass> {
  await statFolder(root);
  const found: ImagesByClass = new Map();
  for (const folder of await subFolders(root)) {
    const path = join(root, folder);
    if (path === other) continue;
    if (isHidden(folder)) {
      skipped.push({ path, reason: 'a hidden folder' });
      continue;
    }
    const className = folder.normalize('NFC');
    const images = await walkImages(path, skipped, root, { real });
    if (images.length === 0) {
      skipped.push({ path, reason: 'a folder without images' });
      continue;
    }
    for (const { path, isLink } of images) if (isLink) links.add(path);
    const named = images.map(({ path, name }) => ({ path, name: `${className}/${name}` }));
    // Two spellings of one name become one class once they are normalised.
    found.set(className, [...(found.get(className) ?? []), ...named]);
  }
  if (found.size === 0) await refuseNoClasses(root, skipped);
  await reportLooseFiles(root, skipped);
  return new Map([...found].sort(([a], [b]) => compareCodePoints(a, b)));
}

/** No class folder holds an image: tells images in the wrong place from none at all. */
async function refuseNoClasses(root: string, skipped: readonly SkippedPath[]): Promise<never> {
  const loose = await walkImages(root, [], root, { depth: 0 });
  if (loose.length > 0) {
    throw new AttuneError({
      code: 'data',
      what: `${loose.length} images lie directly in the folder, so their classes are unknown`,
      where: root,
      hint: 'make one folder per class inside it and move the images there',
    });
  }
  throw new AttuneError({
    code: 'data',
    what: 'there are no images in the class folders',
    where: root,
    hint: `put JPEG, PNG, WebP, GIF, TIFF or AVIF files into one folder per class${leftOut(skipped)}`,
  });
}

/** Images beside the class folders belong to no class. */
async function reportLooseFiles(root: string, skipped: SkippedPath[]): Promise<void> {
  const loose = await walkImages(root, skipped, root, { depth: 0 });
  for (const { path } of loose) skipped.push({ path, reason: 'an image outside a class folder' });
}

async function refuseUnlessTrainable(
  root: string,
  classes: readonly string[],
  skipped: readonly SkippedPath[],
): Promise<void> {
  if (classes.length > 1) return;
  const inner = join(root, classes[0]);
  const isTooHigh = await holdsClasses(inner).catch(() => false);
  throw new AttuneError({
    code: 'data',
    what: `there is one class only, ${JSON.stringify(classes[0])}`,
    where: root,
    hint: isTooHigh
      ? `name ${inner}, if its folders are the classes`
      : `a classifier needs at least two folders with images in them${leftOut(skipped)}`,
  });
}

/** How many of those left out an error names. */
const MOST_LEFT_OUT = 4;

/** What was left out, for the hint of an error: perhaps the images are there, and attune does not read them. */
function leftOut(skipped: readonly SkippedPath[]): string {
  const texts = skipped.slice(0, MOST_LEFT_OUT).map(({ path, reason }) => `${basename(path)} (${reason})`);
  return texts.length === 0 ? '' : `; left out: ${texts.join(', ')}`;
}

async function mapToClasses(
  folder: string,
  classes: readonly string[],
  noted: Noted,
): Promise<LabelledImage[]> {
  const found = await readClassFolders(folder, noted);
  const unknown = [...found.keys()].filter((name) => !classes.includes(name));
  if (unknown.length > 0) {
    throw new AttuneError({
      code: 'data',
      what: `training has no class ${firstOf(unknown)}`,
      where: folder,
      hint: `name the folders as the training classes are named, ${firstOf(classes)}, or remove them`,
    });
  }
  return labelImages(found, classes);
}

/** Some of the names, and how many more there are. */
function firstOf(names: readonly string[]): string {
  const first = names.slice(0, 5).map((name) => JSON.stringify(name));
  return `${first.join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`;
}

async function labelImages(found: ImagesByClass, classes: readonly string[]): Promise<LabelledImage[]> {
  const labels = new Map(classes.map((name, label) => [name, label]));
  const pauses = new Pauses();
  const byClass: LabelledImage[][] = [];
  for (const [className, images] of found) {
    const label = labels.get(className) as number;
    const labelled = images.map((image) => ({ ...image, label }));
    byClass.push(await sorted(labelled, (a, b) => compareCodePoints(a.name, b.name), pauses));
  }
  return byClass.flat();
}
