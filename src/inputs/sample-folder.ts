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
import { AttuneError } from '../errors.js';
import { Pauses } from '../pauses.js';
import type { LabelledSample } from './labelled.js';
import { findParts, holdsClasses } from './folder-parts.js';
import { firstOf } from './first-names.js';
import type { SampleFiles } from './sample-files.js';
import { sorted } from './sorted.js';
import {
  compareCodePoints,
  isHidden,
  type RealFolders,
  realFolders,
  realPath,
  type SkippedPath,
  statFolder,
  subFolders,
  walkFiles,
  within,
} from './walk.js';

export interface SampleFolder {
  /** Absolute path of the folder that was read. */
  readonly root: string;
  readonly classes: readonly string[];
  /** Sorted by class, then by name. */
  readonly train: readonly LabelledSample[];
  /** null without a validation folder: split `train` then. */
  readonly val: readonly LabelledSample[] | null;
  /** null without a test folder. */
  readonly test: readonly LabelledSample[] | null;
  readonly skipped: readonly SkippedPath[];
}

export interface SampleFolderOptions {
  /** A validation folder; it wins over one that is found. Beside the class folders it is no class. */
  readonly val?: string | undefined;
}

/**
 * Reads a data set. Opens no file: preparing its samples finds the broken ones.
 *
 * @throws AttuneError 'usage' where the named validation folder has a sample that trains
 * @throws AttuneError 'input' if a folder is missing, is no folder or cannot be read
 * @throws AttuneError 'data' if there are no images, no class folders, fewer than two classes, a
 *   validation or test folder without images, a class in one that training does not have, a train/ with class folders in
 *   it and something else than validation and test beside it, such a val/ or test/ beside classes, parts by names
 *   that are not known, an image of training in one that is found, or links that make one image that of two classes
 */
export async function sampleFolder(
  path: string,
  options: SampleFolderOptions,
  files: SampleFiles,
): Promise<SampleFolder> {
  const root = resolve(path);
  await statFolder(root);
  const skipped: SkippedPath[] = [];
  const named = options.val === undefined ? null : await pathBelow(root, resolve(options.val));
  const parts = await findParts(root, named, skipped, files);
  const valFolder = named ?? parts.val;
  if (parts.val !== null && parts.val !== valFolder) {
    skipped.push({ path: parts.val, reason: 'another validation folder was named' });
  }

  const noted: Noted = { files, skipped, links: new Set(), real: realFolders() };
  const found = await readClassFolders(parts.train, { ...noted, other: named });
  const classes = [...found.keys()];
  await refuseUnlessTrainable(parts.train, classes, noted);
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
function refuseTwoClasses(root: string, images: readonly LabelledSample[], real: readonly string[]): void {
  const first = new Map<string, LabelledSample>();
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
  images: readonly LabelledSample[] | null,
  folder: string | null,
  isNamed = false,
): Promise<void> {
  if (images === null || folder === null) return;
  const at = (await realPaths(images, noted)).findIndex((path) => trained.has(path));
  if (at < 0) return;
  throw new AttuneError({
    code: isNamed ? 'usage' : 'data',
    what: `${images[at].name} is among the training ${noted.files.many}, too`,
    where: isNamed ? '--val' : folder,
    hint: isNamed
      ? `validate with other ${noted.files.many}`
      : `put other ${noted.files.many} there, or remove the folder`,
  });
}

/** Paths without links. Only what is a link itself is looked up, and each folder once: there may be a million images. */
async function realPaths(
  images: readonly LabelledSample[],
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

/**
 * Reads one folder of class folders against a given class list, as for evaluating a trained
 * network on other images. Classes may be absent; unknown ones are an error.
 *
 * @throws AttuneError as `imageFolder` does
 */
export async function classSamples(
  path: string,
  classes: readonly string[],
  files: SampleFiles,
): Promise<{ images: readonly LabelledSample[]; skipped: readonly SkippedPath[] }> {
  const skipped: SkippedPath[] = [];
  const images = await mapToClasses(resolve(path), classes, {
    files,
    skipped,
    links: new Set(),
    real: realFolders(),
  });
  return { images, skipped };
}

type FilesByClass = Map<string, { path: string; name: string }[]>;

/** What is noted while folders are read. */
interface Noted {
  readonly files: SampleFiles;
  readonly skipped: SkippedPath[];
  /** Paths of images that are links. */
  readonly links: Set<string>;
  readonly real: RealFolders;
}

/** All images below each class folder but `other`, classes in order. Empty and hidden folders are no classes. */
async function readClassFolders(
  root: string,
  { files, skipped, links, real, other = null }: Noted & { readonly other?: string | null },
): Promise<FilesByClass> {
  await statFolder(root);
  const found: FilesByClass = new Map();
  for (const folder of await subFolders(root)) {
    const path = join(root, folder);
    if (path === other) continue;
    if (isHidden(folder)) {
      skipped.push({ path, reason: 'a hidden folder' });
      continue;
    }
    const className = folder.normalize('NFC');
    const images = await walkFiles(path, files, skipped, root, { real });
    if (images.length === 0) {
      skipped.push({ path, reason: `a folder without ${files.many}` });
      continue;
    }
    for (const { path, isLink } of images) if (isLink) links.add(path);
    const named = images.map(({ path, name }) => ({ path, name: `${className}/${name}` }));
    // Two spellings of one name become one class once they are normalised.
    found.set(className, [...(found.get(className) ?? []), ...named]);
  }
  if (found.size === 0) await refuseNoClasses(root, files, skipped);
  await reportLooseFiles(root, files, skipped);
  return new Map([...found].sort(([a], [b]) => compareCodePoints(a, b)));
}

/** No class folder holds an image: tells images in the wrong place from none at all. */
async function refuseNoClasses(
  root: string,
  files: SampleFiles,
  skipped: readonly SkippedPath[],
): Promise<never> {
  const { many, formats } = files;
  const loose = await walkFiles(root, files, [], root, { depth: 0 });
  if (loose.length > 0) {
    throw new AttuneError({
      code: 'data',
      what: `${loose.length} ${many} lie directly in the folder, so their classes are unknown`,
      where: root,
      hint: `make one folder per class inside it and move the ${many} there`,
    });
  }
  throw new AttuneError({
    code: 'data',
    what: `there are no ${many} in the class folders`,
    where: root,
    hint: `put ${formats} into one folder per class${leftOut(skipped)}`,
  });
}

/** Images beside the class folders belong to no class. */
async function reportLooseFiles(root: string, files: SampleFiles, skipped: SkippedPath[]): Promise<void> {
  const loose = await walkFiles(root, files, skipped, root, { depth: 0 });
  const reason = `${files.withArticle} outside a class folder`;
  for (const { path } of loose) skipped.push({ path, reason });
}

async function refuseUnlessTrainable(
  root: string,
  classes: readonly string[],
  { files, skipped }: Noted,
): Promise<void> {
  if (classes.length > 1) return;
  const inner = join(root, classes[0]);
  const isTooHigh = await holdsClasses(inner, files).catch(() => false);
  throw new AttuneError({
    code: 'data',
    what: `there is one class only, ${JSON.stringify(classes[0])}`,
    where: root,
    hint: isTooHigh
      ? `name ${inner}, if its folders are the classes`
      : `a classifier needs at least two folders with ${files.many} in them${leftOut(skipped)}`,
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
): Promise<LabelledSample[]> {
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

async function labelImages(found: FilesByClass, classes: readonly string[]): Promise<LabelledSample[]> {
  const labels = new Map(classes.map((name, label) => [name, label]));
  const pauses = new Pauses();
  const byClass: LabelledSample[][] = [];
  for (const [className, images] of found) {
    const label = labels.get(className) as number;
    const labelled = images.map((image) => ({ ...image, label }));
    byClass.push(await sorted(labelled, (a, b) => compareCodePoints(a.name, b.name), pauses));
  }
  return byClass.flat();
}
