/**
 * Finding files of samples below a folder: nested folders, links, and what to leave out.
 *
 * Links to files and folders are followed, as data sets are often built from links. A folder is
 * entered once only (told by its real path), so a link that leads back up cannot loop.
 *
 * What attune itself writes may lie among the images, as after `attune finetune .`: charts of runs and heat maps are no
 * photographs, and would be classes named "runs" and "explanations".
 */

import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve, sep } from 'node:path';
import { AttuneError } from '../errors.js';
import { hintForMissing } from '../formats/index.js';
import { machineFault } from '../machine-fault.js';
import { Pauses } from '../pauses.js';
import { isNotUtf8, NOT_UTF8 } from './name-encoding.js';
import type { SampleFiles } from './sample-files.js';
import { sorted } from './sorted.js';

export interface SkippedPath {
  readonly path: string;
  readonly reason: string;
}

export interface FoundFile {
  /** Path as reached from the folder that was walked. */
  readonly path: string;
  /** The same relative to that folder, with `/` and in NFC. */
  readonly name: string;
  /** Whether the file itself is a link, and not a folder on the way to it. */
  readonly isLink?: boolean;
}

export interface WalkOptions {
  /** How many levels of nested folders to enter; default: all. */
  readonly depth?: number;
  /** What knows the real paths of folders; the caller may ask it for those that were entered. */
  readonly real?: RealFolders;
}

/**
 * The files of samples below `folder`, told by their extensions, sorted by name.
 *
 * @param skipped receives what was left out. Hidden files and other types are counted by folder.
 * @param outer a folder that counts as entered already, so that links to it are not followed
 * @throws AttuneError 'input' if a folder cannot be read
 */
export async function walkFiles(
  folder: string,
  files: SampleFiles,
  skipped: SkippedPath[],
  outer?: string,
  { depth = Infinity, real = realFolders() }: WalkOptions = {},
): Promise<FoundFile[]> {
  const isInner = outer !== undefined && outer !== folder;
  const walk: Walk = { files, found: [], skipped, entered: new Set(), real, depth, isInner };
  if (isInner) walk.entered.add(await realPath(outer));
  await enterFolder(walk, folder, '', 0);
  return sorted(walk.found, (a, b) => compareCodePoints(a.name, b.name), new Pauses());
}

/**
 * The files of samples that a path names: itself if it is a file, else all below the folder.
 * @throws AttuneError 'input' if there is nothing at the path or a folder cannot be read
 */
export async function listFiles(
  path: string,
  files: SampleFiles,
): Promise<{ found: FoundFile[]; skipped: SkippedPath[] }> {
  const absolute = resolve(path);
  const skipped: SkippedPath[] = [];
  const isFolder = (await statOrRefuse(absolute)).isDirectory();
  const found = isFolder
    ? await walkFiles(absolute, files, skipped)
    : [{ path: absolute, name: path.normalize('NFC') }];
  return { found, skipped };
}

/**
 * The names of the folders in a folder, links to folders included, sorted.
 * @throws AttuneError 'input' if it cannot be read
 */
export async function subFolders(folder: string): Promise<string[]> {
  const names: string[] = [];
  for (const entry of await readFolder(folder)) {
    if ((await kindOf(entry, join(folder, entry.name))) === 'folder') names.push(entry.name);
  }
  return names.sort(compareCodePoints);
}

/** @throws AttuneError 'input' unless there is a folder at the path */
export async function statFolder(path: string): Promise<void> {
  if ((await statOrRefuse(path)).isDirectory()) return;
  throw new AttuneError({
    code: 'input',
    what: 'this is a file, not a folder',
    where: path,
    hint: 'name the folder that holds the class folders',
  });
}

/** Folders and files that file managers and archives leave behind; never a class, never an image. */
export function isHidden(name: string): boolean {
  return name.startsWith('.') || name === '__MACOSX' || name === 'Thumbs.db';
}

/** Orders as Python sorts strings: by code point, not by UTF-16 unit. */
export function compareCodePoints(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Halves of surrogate pairs, which stand for the highest code points, behind all other units. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x10000 : unit;
}

/**
 * The path of what is in a folder, whose own path is as `resolve` gives it. As `join`, which looks at every part again: of deep
 * folders that took most of the time and of the memory.
 */
export function within(folder: string, name: string): string {
  return folder.endsWith(sep) ? folder + name : folder + sep + name;
}

interface Walk {
  readonly files: SampleFiles;
  readonly found: FoundFile[];
  readonly skipped: SkippedPath[];
  /** Real paths of the folders entered so far. */
  readonly entered: Set<string>;
  readonly real: RealFolders;
  readonly depth: number;
  /** Whether the folder is one of a data set, and not one that somebody named. */
  readonly isInner: boolean;
}

/** The path of a folder without links. Throws AttuneError 'input' for one that cannot be followed. */
export type RealFolders = (folder: string) => Promise<string>;

/**
 * Remembers what it has found of a folder and of those above it, so that only the own name of each is looked at. The
 * system looks at all parts of every path, which takes a quarter of a minute in a thousand nested folders.
 */
export function realFolders(): RealFolders {
  const known = new Map<string, string>();
  const find = async (folder: string): Promise<string> => {
    const above = known.get(dirname(folder));
    const isPlain = above !== undefined && (await lstat(folder).catch(() => null))?.isDirectory() === true;
    return isPlain ? within(above, basename(folder)) : realPath(folder);
  };
  return async (folder) => {
    const unknown: string[] = [];
    for (let at = folder; !known.has(at); at = dirname(at)) {
      unknown.push(at);
      if (dirname(at) === at) break;
    }
    for (const above of unknown.reverse()) {
      // Where one above may not be looked at, the folder itself may be known all the same.
      const real = await (above === folder ? find(above) : find(above).catch(() => null));
      if (real !== null) known.set(above, real);
    }
    return known.get(folder) as string;
  };
}

async function enterFolder(walk: Walk, folder: string, name: string, level: number) {
  const real = await walk.real(folder);
  if (walk.entered.has(real)) {
    walk.skipped.push({ path: folder, reason: 'a link to a folder that is read already' });
    return;
  }
  walk.entered.add(real);
  const entries = await readFolder(folder);
  const isInner = level > 0 || walk.isInner;
  if (isInner && isRunFolder(entries)) {
    walk.skipped.push({ path: folder, reason: 'a run folder of attune' });
    return;
  }
  const holdsMaps = isInner && holdsHeatMaps(entries);
  const isSample = (file: string) => walk.files.extensions.has(extname(file).toLowerCase());
  const others = new Map<string, number>();
  const count = (kind: string) => others.set(kind, (others.get(kind) ?? 0) + 1);

  for (const entry of entries) {
    const path = within(folder, entry.name);
    const kind = await kindOf(entry, path);
    if (kind === 'folder') {
      if (level < walk.depth) await visitNested(walk, path, name, entry.name, level);
    } else if (isHidden(entry.name)) count('hidden');
    else if (!isSample(entry.name)) count(extname(entry.name));
    else if (holdsMaps) count(HEAT_MAP);
    else if (kind === 'file') {
      const isLink = entry.isSymbolicLink();
      walk.found.push({ path, name: nested(name, entry.name), isLink });
    } else walk.skipped.push({ path, reason: kind });
  }
  for (const [kind, files] of others) {
    const what = reasonFor(kind, walk.files);
    walk.skipped.push({ path: folder, reason: files === 1 ? `1 file: ${what}` : `${files} files: ${what}` });
  }
}

/** Told by files that stand together in every run, and in every cross-validation with charts, and in nothing else. */
function isRunFolder(entries: readonly Dirent[]): boolean {
  const names = new Set(entries.map(({ name }) => name));
  const holds = (...files: string[]) => files.every((name) => names.has(name));
  return holds('recipe.json', 'metrics.jsonl') || holds('folds.json', 'report.html');
}

const HEAT_MAP = 'heat map';
const MAP_NAME = /\.(grad-cam(\+\+)?|attention-(gradients|rollout)|integrated-gradients|occlusion)\.png$/;
/** How pictures end that may lie beside heat maps. */
const PICTURE = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif)$/i;

/** Whether all pictures in a folder have the names that `attune explain` gives: one alone may be a photograph. */
function holdsHeatMaps(entries: readonly Dirent[]): boolean {
  const pictures = entries.filter(({ name }) => !isHidden(name) && PICTURE.test(name));
  const isMap = ({ name }: Dirent) => MAP_NAME.test(name);
  return pictures.length > 0 && pictures.every(isMap);
}

/**
 * Counts the files of each kind below a folder, other than in runs of attune, and stops in the folder in which there are more
 * than `enough` of all together. A folder that cannot be read counts as empty: whoever reads it says why.
 */
export async function countFiles(
  folder: string,
  kinds: readonly SampleFiles[],
  enough: number,
): Promise<number[]> {
  const counts = kinds.map(() => 0);
  const real = realFolders();
  const entered = new Set<string>();
  const enter = (inner: string) => look(inner).catch(() => undefined);
  const look = async (inner: string): Promise<void> => {
    const path = await real(inner);
    if (entered.has(path)) return;
    entered.add(path);
    const entries = await readFolder(inner);
    if (entered.size > 1 && isRunFolder(entries)) return;
    const shown = entries.filter(({ name }) => !isHidden(name));
    for (const { name } of shown) {
      const kind = kinds.findIndex(({ extensions }) => extensions.has(extname(name).toLowerCase()));
      if (kind >= 0) counts[kind]++;
    }
    for (const entry of shown) {
      if (counts.reduce((sum, count) => sum + count, 0) > enough) return;
      const below = within(inner, entry.name);
      if ((await kindOf(entry, below)) === 'folder') await enter(below);
    }
  };
  await enter(folder);
  return counts;
}

/** @param kind 'hidden', 'heat map', or how the names of the files end */
function reasonFor(kind: string, { one, otherwise }: SampleFiles): string {
  if (kind === 'hidden') return kind;
  if (kind === HEAT_MAP) return 'heat maps of attune explain';
  return otherwise?.(kind) ?? `no ${one} by name${kind && ` (${kind})`}`;
}

async function visitNested(walk: Walk, path: string, name: string, entry: string, level: number) {
  if (isHidden(entry)) walk.skipped.push({ path, reason: 'a hidden folder' });
  else await enterFolder(walk, path, nested(name, entry), level + 1);
}

function nested(name: string, entry: string): string {
  return (name === '' ? entry : `${name}/${entry}`).normalize('NFC');
}

/** What an entry is, links followed; for anything but a file or folder, the reason to skip it. */
async function kindOf(entry: Dirent, path: string): Promise<string> {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  if (!entry.isSymbolicLink()) return 'not a regular file';
  try {
    const target = await stat(path);
    if (target.isDirectory()) return 'folder';
    return target.isFile() ? 'file' : 'not a regular file';
  } catch (error) {
    const fault = machineFault(error, path);
    if (fault !== null) throw fault;
    return `a link that leads nowhere (${(error as NodeJS.ErrnoException).code})`;
  }
}

/** The path of a file or folder without links. Throws AttuneError 'input' where there is none, or it may not be known. */
export function realPath(path: string): Promise<string> {
  return realpath(path).catch((error: unknown) => {
    throw refusal(error, path, 'the folder cannot be read');
  });
}

async function readFolder(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw refusal(error, folder, 'the folder cannot be read');
  }
}

async function statOrRefuse(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw refusal(cause, path, 'it cannot be opened');
    const what = 'there is no such file or folder';
    const hint = await hintForMissing(path, 'check the spelling and the working folder');
    throw new AttuneError({ code: 'input', what, where: path, hint }, { cause });
  }
}

/** Why the system does not let a file or folder be looked at, in a sentence. */
function refusal(cause: unknown, where: string, what: string): AttuneError {
  const fault = machineFault(cause, where);
  if (fault !== null) return fault;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'ENAMETOOLONG') {
    const hint = 'move the data set to a shorter path, or flatten its folders';
    return new AttuneError({ code: 'input', what: 'the path is too long', where, hint }, { cause });
  }
  if (code === 'ENOENT' && isNotUtf8(where)) {
    const [what, hint] = [NOT_UTF8, 'rename it'];
    return new AttuneError({ code: 'input', what, where, hint }, { cause });
  }
  const hint = 'check its permissions';
  return new AttuneError(
    { code: 'input', what: `${what}, ${code ?? String(cause)}`, where, hint },
    { cause },
  );
}
