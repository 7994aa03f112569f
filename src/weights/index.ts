/**
 * Weights by name: the catalogue of what can be downloaded, and how it gets onto this machine.
 *
 * `resolveWeights` is what a command calls with the value of `--weights`: a file is used as it is, a
 * catalogue name is looked up in the cache, checked, and downloaded when absent.
 */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { hintForMissing } from '../formats/index.js';
import { nearest } from '../nearest.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { cacheDir } from './cache-dir.js';
import {
  type CatalogueEntry,
  catalogue,
  findWeights,
  findWeightsByHash,
  type LicenceTerms,
  licenceTerms,
} from './catalogue.js';
import {
  checkSettings,
  type DownloadedFile,
  type DownloadSettings,
  download,
  wrongFile,
} from './download.js';
import { hashFile, matchesHash } from './hash.js';
import { type HubWeights, resolveHubWeights } from './hub.js';
import { isHubName } from './hub-name.js';
import type { DownloadProgress } from './progress.js';

/** As `--weights`: no weights, random initial values. */
export const NO_WEIGHTS = 'none';

export { cacheDir } from './cache-dir.js';
export {
  type CatalogueEntry,
  catalogue,
  type ExpectedHash,
  findWeights,
  type LicenceTerms,
  licenceTerms,
} from './catalogue.js';
export { hashFile } from './hash.js';
export type { HubWeights } from './hub.js';
export { isHubName } from './hub-name.js';
export type { DownloadProgress } from './progress.js';

/** What a download tells, and what may stop it. */
export interface ResolveOptions {
  /** Called as bytes arrive. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called before a pause, after which the download goes on. */
  readonly onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  /** Called before a download begins, and awaited; throw in it to refuse the terms. */
  readonly onLicence?: ((terms: LicenceTerms, entry: CatalogueEntry) => void | Promise<void>) | undefined;
  /** Called with what a person should know of weights from the hub. */
  readonly onNote?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly settings?: Partial<DownloadSettings> | undefined;
}

const NAMES: OptionNames<ResolveOptions> = {
  onProgress: true,
  onRetry: true,
  onLicence: true,
  onNote: true,
  signal: true,
  settings: true,
};

/** A file of weights on this machine. */
export interface ResolvedWeights {
  /** Absolute. */
  readonly path: string;
  /** The catalogue entry whose hash the file has; null for a file of unknown origin. */
  readonly entry: CatalogueEntry | null;
  /** Set for weights from the Hugging Face hub. */
  readonly hub?: HubWeights;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/** Where the cache keeps, or would keep, the file of an entry. */
export function weightsPath(entry: CatalogueEntry): string {
  return join(cacheDir(), 'weights', entry.file);
}

/**
 * Finds a weights file: `nameOrPath` is a path to a file, or else a name, alias or file name of the
 * catalogue, then downloaded into `cacheDir()/weights` if it is not there; or `hf:owner/name@revision`, a repository of
 * the Hugging Face hub, downloaded into the hub's cache.
 *
 * Throws AttuneError: `usage` (an unknown option), `input` (no such file, no such name), `weights` (a file in the cache that does
 * not have its hash), and what `download` throws.
 */
export async function resolveWeights(
  nameOrPath: string,
  options: ResolveOptions = {},
): Promise<ResolvedWeights> {
  refuseUnknownOptions(options, NAMES, 'resolveWeights');
  if (options.settings !== undefined) checkSettings(options.settings);
  if (isHubName(nameOrPath)) {
    const hub = await resolveHubWeights(nameOrPath, options);
    return { path: hub.path, entry: findWeightsByHash(hub.sha256) ?? null, hub, sha256: hub.sha256 };
  }
  const path = resolve(nameOrPath);
  if (await isFile(path)) {
    const sha256 = await readable(path, () => hashFile(path, options.signal));
    return { path, entry: findWeightsByHash(sha256) ?? null, sha256 };
  }
  const entry = findWeights(nameOrPath);
  if (entry === undefined) throw await unknownWeights(nameOrPath);
  return { entry, ...(await fetchWeights(entry, options)) };
}

/**
 * The file of a catalogue entry, from the cache or the network, with its hash checked.
 *
 * Throws AttuneError as `resolveWeights` does.
 */
export async function fetchWeights(
  entry: CatalogueEntry,
  { onLicence, ...options }: ResolveOptions,
): Promise<DownloadedFile> {
  const path = weightsPath(entry);
  if (await isFile(path)) {
    const sha256 = await readable(path, () => verify(entry, path, options.signal));
    return { path, sha256 };
  }
  await onLicence?.(licenceTerms(entry), entry);
  const file = await download({ ...options, url: entry.url, path, hash: entry.hash });
  await remember(path, file.sha256);
  return file;
}

/** Checks a file in the cache; an unchanged size and time of change spare reading it again. */
async function verify(entry: CatalogueEntry, path: string, signal?: AbortSignal): Promise<string> {
  const known = await recall(path);
  const sha256 = known ?? (await hashFile(path, signal));
  if (!matchesHash(sha256, entry.hash)) throw wrongFile(path, entry.hash, sha256);
  if (known === undefined) await remember(path, sha256);
  return sha256;
}

const checkedSchema = v.object({ size: v.number(), mtimeMs: v.number(), sha256: v.string() });

function checkedPath(path: string): string {
  return `${path}.checked.json`;
}

/** Notes the hash of a file beside it. A cache that cannot be written only costs reading it again. */
async function remember(path: string, sha256: string): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  await writeFile(checkedPath(path), JSON.stringify({ size, mtimeMs, sha256 })).catch(() => {});
}

/** The noted hash of a file, if the file has not changed since. */
async function recall(path: string): Promise<string | undefined> {
  try {
    const checked = v.parse(checkedSchema, JSON.parse(await readFile(checkedPath(path), 'utf8')));
    const { size, mtimeMs } = await stat(path);
    return checked.size === size && checked.mtimeMs === mtimeMs ? checked.sha256 : undefined;
  } catch {
    return undefined;
  }
}

/** Runs a step that reads `path`; what the file system says becomes an error with the path in it. */
async function readable<T>(path: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const { name, code, message } = error as NodeJS.ErrnoException;
    if (error instanceof AttuneError) throw error;
    throw new AttuneError(
      name === 'AbortError'
        ? { code: 'interrupted', what: 'reading the weights was interrupted', where: path }
        : {
            code: 'input',
            what: `cannot read the weights: ${code ?? message}`,
            where: path,
            hint: 'check the permissions of the file',
          },
      { cause: error },
    );
  }
}

async function unknownWeights(nameOrPath: string): Promise<AttuneError> {
  const status = await stat(nameOrPath).catch(() => null);
  if (status?.isDirectory()) {
    const hint = 'name the weights file in it';
    return new AttuneError({ code: 'input', what: 'this is a folder', where: nameOrPath, hint });
  }
  const names = catalogue().flatMap(({ name, file, aliases }) => [name, ...aliases, file]);
  const guess = nearest(basename(nameOrPath), names);
  const known = guess === undefined ? 'give a path to a file' : `did you mean ${guess}?`;
  const all = 'attune weights list shows all names';
  const looksLikePath = /[\\/]|\.[a-z0-9]+$/i.test(nameOrPath);
  return new AttuneError({
    code: 'input',
    what: looksLikePath ? 'there is no such weights file' : 'no weights of this name are known',
    where: nameOrPath,
    hint: looksLikePath
      ? await hintForMissing(nameOrPath, known)
      : guess === undefined
        ? `${known}, or a name: ${all}`
        : `${known} ${all}`,
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
