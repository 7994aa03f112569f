/**
 * The folder of a run: created once, never overwritten; every file is written beside its name, flushed and
 * renamed, so that a name always stands for a whole file.
 */
import { copyFile, link, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { AttuneError } from '../errors.js';
import { kindOf, makeFolders, namesIn, replaceFile, tryFolder } from '../formats/index.js';
import { EVENT_FILE } from './event-log.js';

/** Names inside a run folder. */
export const RUN_FILES = {
  recipe: 'recipe.json',
  classes: 'classes.json',
  /** In its place for a regression. */
  columns: 'columns.json',
  metrics: 'metrics.jsonl',
  state: 'state.safetensors',
  /** The state before it, and the one that is being saved (saved-states.ts). */
  previous: 'state.previous.safetensors',
  next: 'state.next.safetensors',
  /** What states there are. */
  manifest: 'manifest.json',
  best: 'best.safetensors',
  last: 'last.safetensors',
  /** Which images a probe has left out, and why. All layers have it in their state. */
  leftOut: 'left-out.json',
  /** Written with `--profile` only. */
  trace: 'trace.json',
} as const;

/** What `attune report` writes into a run folder. */
export const REPORT_FILES = {
  report: 'report.html',
  results: 'results.png',
  confusion: 'confusion.png',
} as const;

/** The mark of the process that works on the run (run-lock.ts); others beside it begin with this name and a dot. */
export const LOCK_FILE = '.running';

/** Name of the file in which a cross-validation notes its folds, and of the folder of each. */
export const FOLDS_FILE = 'folds.json';
const FOLD_FOLDER = /^fold-\d+$/;

/** `2026-11-24_153012_resnet50`, from local time. */
export function runName(model: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `${date}_${time}_${model}`;
}

/**
 * Creates the folder of a run: `out`, which must not exist or be empty, else runs/<name>, with -2, -3, ...
 * behind it when that exists. Throws AttuneError 'input' or 'disk'.
 */
export async function createRunFolder(out: string | undefined, name: string): Promise<string> {
  if (out !== undefined) return createNamed(resolve(out));
  await makeFolder('runs', true);
  for (let attempt = 1; ; attempt++) {
    const folder = resolve('runs', attempt === 1 ? name : `${name}-${attempt}`);
    if (await makeFolder(folder, false)) return folder;
  }
}

/**
 * Throws what `createRunFolder` would throw, as far as it can be known before: `out` is taken, or nothing can be
 * made there. For before anything costly is begun.
 */
export async function assertRunFolderCanBeMade(out: string | undefined): Promise<void> {
  if (out !== undefined) await assertFree(out);
  await assertWritable(resolve(out ?? 'runs'));
}

/** A folder that does not exist yet can be made when the one above it is writable. */
async function assertWritable(folder: string): Promise<void> {
  try {
    if (!(await stat(folder)).isDirectory()) throw isFile(folder);
    await tryFolder(folder);
  } catch (error) {
    if (error instanceof AttuneError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const missing = code === 'ENOENT' || code === 'ENOTDIR';
    if (!missing || dirname(folder) === folder) throw diskError(folder, error as NodeJS.ErrnoException);
    await assertWritable(dirname(folder));
  }
}

async function assertFree(out: string): Promise<void> {
  const entries = await readdir(resolve(out)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw isFile(out);
    throw diskError(out, error);
  });
  if (entries.length > 0) throw taken(out, 'the run folder exists already and is not empty');
}

async function createNamed(folder: string): Promise<string> {
  await assertFree(folder);
  await makeFolder(folder, true);
  return folder;
}

/** False when the folder exists already and `recursive` is false. */
async function makeFolder(folder: string, recursive: boolean): Promise<boolean> {
  try {
    await (recursive ? makeFolders(folder) : mkdir(folder));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && !recursive) return false;
    throw diskError(folder, error as NodeJS.ErrnoException);
  }
}

/** Writes a text file of the run. */
export async function writeText(folder: string, name: string, text: string): Promise<void> {
  await replaceFile(join(folder, name), [new TextEncoder().encode(text)]);
}

/** Characters of a text that are written at a time. */
const PIECE = 2 ** 16;

/** Writes a text file of the run that is made piece by piece, and is never whole in memory. */
export async function writePieces(folder: string, name: string, pieces: Iterable<string>): Promise<void> {
  await replaceFile(join(folder, name), encoded(pieces));
}

function* encoded(pieces: Iterable<string>): Generator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < PIECE) continue;
    yield encoder.encode(text);
    text = '';
  }
  yield encoder.encode(text);
}

/** Writes a JSON file of the run, indented for people. */
export async function writeJson(folder: string, name: string, value: unknown): Promise<void> {
  await writeText(folder, name, `${JSON.stringify(value, null, 2)}\n`);
}

/**
 * What has a name of the run's in its folder has to be a file of its own, and a fold a folder of its own: somebody else's
 * run may name files of the user's by links. Throws AttuneError 'input' before anything is opened.
 */
export async function assertOwnFiles(folder: string): Promise<void> {
  const files: readonly string[] = [
    ...Object.values(RUN_FILES),
    ...Object.values(REPORT_FILES),
    FOLDS_FILE,
    LOCK_FILE,
  ];
  for (const name of await namesIn(folder)) {
    const isFold = FOLD_FOLDER.test(name);
    const isFile = files.includes(name) || EVENT_FILE.test(name) || name.startsWith(`${LOCK_FILE}.`);
    if (!isFold && !isFile) continue;
    const where = join(folder, name);
    const status = await lstat(where).catch(() => null); // a mark of the lock may be gone since
    // A folder in the place of a file harms nothing: no file can be opened or written there.
    if (status === null || status.isDirectory() || (isFile && status.isFile())) continue;
    throw new AttuneError({
      code: 'input',
      what: `this is ${kindOf(status)}, where a run has a ${isFold ? 'folder' : 'file'} of its own`,
      where,
      hint: 'remove it; in a run folder from somebody else it may stand for a file of yours',
    });
  }
}

/**
 * Removes what a kill in the middle of writing has left beside the files of the run: hidden, and named by `replaceFile`; and
 * a state that never came to its place. For whoever alone works on the run.
 */
export async function removeLeftovers(folder: string): Promise<void> {
  const names: readonly string[] = [...Object.values(RUN_FILES), FOLDS_FILE];
  for (const entry of await readdir(folder)) {
    const [, name] = /^\.(.+)\.[0-9a-f]{12}\.tmp$/.exec(entry) ?? [];
    const isLeftover = name !== undefined && names.includes(name);
    if (isLeftover || entry === RUN_FILES.next) await rm(join(folder, entry), { force: true });
  }
}

/** Gives a file of the run a second name: a hard link, or a copy where the file system has none. */
export async function duplicate(folder: string, name: string, second: string): Promise<void> {
  const [from, to] = [join(folder, name), join(folder, second)];
  try {
    await link(from, to);
  } catch {
    await copyFile(from, to).catch((error: NodeJS.ErrnoException) => {
      throw diskError(to, error);
    });
  }
}

function isFile(where: string): AttuneError {
  return taken(where, 'a file has this name already');
}

function taken(where: string, what: string): AttuneError {
  return new AttuneError({ code: 'input', what, where, hint: 'give another --out, or remove it' });
}

function diskError(where: string, error: NodeJS.ErrnoException): AttuneError {
  const parts = {
    code: 'disk',
    what: `the run folder cannot be written: ${error.code ?? error.message}`,
    where,
    hint: 'check permissions and free space, or give another --out',
  } as const;
  return new AttuneError(parts, { cause: error });
}
