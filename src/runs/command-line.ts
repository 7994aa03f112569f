/** The lines that a person is told to type: how this program is called here, with every word quoted for the shell. */
import { realpathSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shellWord } from '../text.js';

/** Where it is called from is not known, as in a file that others read: what works wherever attune is installed. */
export const ANYWHERE = 'npx attune';

const PACKAGE = realOf(fileURLToPath(new URL('../../', import.meta.url)));
const PROGRAM = join(PACKAGE ?? '', 'src', 'cli', 'attune.mjs');

/** Folders that npm puts on the PATH of what it runs: the shell that the next line is typed in does not have them. */
const OF_NPM = /node_modules[\\/]\.bin[\\/]?$|node-gyp-bin[\\/]?$/;

/**
 * `attune`, where a shell finds this very program by that name; `npx attune`, where npx does, in a checkout or in a
 * project that attune is installed in; else its file by its path.
 */
export function programCall(
  { PATH: path = '' }: Readonly<Record<string, string | undefined>> = process.env,
  folder: string | null = workingFolder(),
): string {
  const onPath = path.split(delimiter).filter((place) => isAbsolute(place) && !OF_NPM.test(place));
  if (onPath.some(isInstalledIn)) return 'attune';
  return folder === null || isReachedByNpx(folder) ? ANYWHERE : `node ${shellWord(PROGRAM)}`;
}

/** A line to type: the words behind the program's name, as they are. */
export function commandLine(words: readonly string[], call: string = programCall()): string {
  return [call, ...words.map((word) => shellWord(word))].join(' ');
}

/** A path as one would type it from here: relative where it lies below, and never like a flag. */
export function pathFromHere(path: string): string {
  const way = relative('', path) || '.';
  if (way.startsWith('..') || isAbsolute(way)) return path;
  return way.startsWith('-') ? `./${way}` : way;
}

function workingFolder(): string | null {
  try {
    return process.cwd();
  } catch {
    return null; // the folder was removed
  }
}

/** On Windows the file beside the folder of packages is a script, elsewhere a link to the program. */
function isInstalledIn(place: string): boolean {
  return process.platform === 'win32'
    ? isThisPackage(join(place, 'node_modules', 'attune'))
    : realOf(join(place, 'attune')) === PROGRAM;
}

/** npx takes a package's own programs in its folder, and those that are installed there or above. */
function isReachedByNpx(folder: string): boolean {
  let isInside = false;
  for (let at = folder, below = ''; at !== below; below = at, at = dirname(at)) {
    if (isThisPackage(join(at, 'node_modules', 'attune'))) return true;
    const isProject = realOf(join(at, 'package.json')) !== null;
    if (isProject && !isInside && isThisPackage(at)) return true;
    isInside ||= isProject;
  }
  return false;
}

function isThisPackage(folder: string): boolean {
  return PACKAGE !== null && realOf(folder) === PACKAGE;
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
