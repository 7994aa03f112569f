/**
 * Downloads one file to its place: whole and with the right hash, or not at all.
 *
 * It grows as `<name>.part`, under a lock, so that two processes do not fetch it twice. A cut
 * connection, Ctrl-C or a full disk leaves the partial file, and the next call goes on from it. Passing
 * failures are retried with growing pauses; the count begins anew whenever bytes arrived.
 */

import { stat, statfs } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { AttuneError } from '../errors.js';
import { makeFolders } from '../formats/index.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { ExpectedHash } from './catalogue.js';
import { describeHash, hashFile, matchesHash } from './hash.js';
import { withLock } from './lock.js';
import { PartialFile, type WriteAll, writeAll } from './partial-file.js';
import { type DownloadProgress, RateMeter } from './progress.js';
import { Connections, type Environment } from './proxy.js';
import { withRetries } from './retry.js';
import { type Authorization, type LeastSpeed, TransferFailure, transfer } from './transfer.js';

export interface DownloadRequest {
  readonly url: string;
  /** Where the file goes; folders on the way are made. */
  readonly path: string;
  readonly hash: ExpectedHash;
  /** For one host; those that it redirects to never see it. */
  readonly authorization?: Authorization | undefined;
  /** Called for every piece that arrives, some hundred times a second. */
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  /** Called before a pause after a failure that may pass. */
  readonly onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  /** Aborting keeps the partial file for the next call. */
  readonly signal?: AbortSignal | undefined;
  readonly settings?: Partial<DownloadSettings> | undefined;
}

export interface DownloadSettings {
  /** Until the server's answer begins. */
  readonly answerTimeoutMs: number;
  /** Without a single byte arriving. */
  readonly stallTimeoutMs: number;
  /** Below which an attempt ends, and counts as one that brought nothing new. */
  readonly leastSpeed: LeastSpeed;
  /** Attempts that bring nothing new before giving up. */
  readonly attempts: number;
  /** The first pause; each further one is twice as long. */
  readonly firstPauseMs: number;
  readonly env: Environment;
  readonly write: WriteAll;
  /** Bytes that this user may still write into a folder. */
  readonly freeBytes: (folder: string) => Promise<number>;
}

const SETTING_NAMES: OptionNames<DownloadSettings> = {
  answerTimeoutMs: true,
  stallTimeoutMs: true,
  leastSpeed: true,
  attempts: true,
  firstPauseMs: true,
  env: true,
  write: true,
  freeBytes: true,
};

/** Throws AttuneError 'usage' for names that settings have not. */
export function checkSettings(settings: Partial<DownloadSettings>): void {
  refuseUnknownOptions(settings, SETTING_NAMES, 'settings');
  if (settings.leastSpeed !== undefined)
    refuseUnknownOptions(settings.leastSpeed, { bytesPerSecond: true, windowMs: true }, 'leastSpeed');
}

export const DOWNLOAD_DEFAULTS: DownloadSettings = {
  answerTimeoutMs: 20_000,
  stallTimeoutMs: 30_000,
  leastSpeed: { bytesPerSecond: 1_000, windowMs: 60_000 },
  attempts: 5,
  firstPauseMs: 1_000,
  env: process.env,
  write: writeAll,
  freeBytes: async (folder) => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  },
};

export interface DownloadedFile {
  readonly path: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
}

/**
 * Downloads `url` to `path`; if another process finished it meanwhile, checks that file instead.
 *
 * Throws AttuneError: `download` (network, server, wrong hash; the hint names the URL and where to
 * put the file by hand), `disk` (no space, no permission), `interrupted` (the signal).
 */
export async function download(wanted: DownloadRequest): Promise<DownloadedFile> {
  const { path, signal } = wanted;
  const settings = { ...DOWNLOAD_DEFAULTS, ...wanted.settings };
  try {
    signal?.throwIfAborted();
    await makeFolders(dirname(path));
    const onWait = () => reportWaiting(wanted);
    return await withLock(`${path}.lock`, { onWait, signal }, async (lock) => {
      if (await exists(path)) return checkExisting(wanted);
      const partial = await PartialFile.open(path, wanted.url, settings.write, signal);
      try {
        await complete(partial, wanted, settings);
        if (!(await lock.isHeld())) throw takenOver(wanted);
        return await publish(partial, wanted);
      } finally {
        await partial.close();
      }
    });
  } catch (error) {
    throw asAttuneError(error, wanted);
  }
}

/** Attempts until the partial file is complete, or until several in a row brought nothing new. */
async function complete(
  partial: PartialFile,
  wanted: DownloadRequest,
  settings: DownloadSettings,
): Promise<void> {
  const { url, path, signal, onProgress, onRetry } = wanted;
  const { answerTimeoutMs, stallTimeoutMs, leastSpeed } = settings;
  // An earlier call may have been stopped between the last byte and the renaming.
  if (partial.version?.total === partial.received) return;
  const connections = new Connections(settings.env);
  const meter = new RateMeter();
  let furthest = partial.received;
  let total: number | null = null;
  const report = () => {
    const bytesPerSecond = meter.update(partial.received, performance.now());
    onProgress?.({ received: partial.received, total, bytesPerSecond, waiting: false });
  };
  const onBegin = async (length: number | null) => {
    total = length;
    meter.reset();
    report();
    if (total !== null) await demandSpace(dirname(path), total - partial.received, settings);
  };
  const { authorization } = wanted;
  const options = {
    ...{ connections, authorization, answerTimeoutMs, stallTimeoutMs, leastSpeed, signal },
    ...{ onBegin, onBytes: report },
  };
  const hasProgressed = () => {
    const before = furthest;
    furthest = Math.max(furthest, partial.received);
    return furthest > before;
  };
  try {
    await withRetries(() => transfer(partial, url, options), { ...settings, hasProgressed, onRetry, signal });
  } finally {
    await connections.close();
  }
}

async function demandSpace(folder: string, bytes: number, { freeBytes }: DownloadSettings): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  throw new AttuneError({
    code: 'disk',
    what: `the download needs ${megabytes(bytes)} and the disk has ${megabytes(free)} left`,
    where: folder,
    hint: 'free some space, or name a folder on another disk in ATTUNE_CACHE',
  });
}

/** Checks the hash of the complete file and gives it its final name. */
async function publish(partial: PartialFile, wanted: DownloadRequest): Promise<DownloadedFile> {
  const sha256 = partial.digest();
  if (!matchesHash(sha256, wanted.hash)) {
    await partial.discard();
    throw new AttuneError({
      code: 'download',
      what: `the download of ${basename(wanted.path)} was damaged or is another file: expected ${describeHash(wanted.hash)}, got ${sha256}`,
      where: wanted.url,
      hint: `the partial file was deleted; try again, or ${byHand(wanted)}`,
    });
  }
  await partial.publish(wanted.path);
  return { path: wanted.path, sha256 };
}

/** Another process made the file while this one waited, or it was put there by hand. */
async function checkExisting({ path, hash, signal }: DownloadRequest): Promise<DownloadedFile> {
  const sha256 = await hashFile(path, signal);
  if (!matchesHash(sha256, hash)) throw wrongFile(path, hash, sha256);
  return { path, sha256 };
}

/** The error for a file in the cache that is not what its name says. */
export function wrongFile(path: string, hash: ExpectedHash, sha256: string): AttuneError {
  return new AttuneError({
    code: 'weights',
    what: `the file is damaged or another one: expected ${describeHash(hash)}, got ${sha256}`,
    where: path,
    hint: 'delete it, and it will be downloaded again',
  });
}

async function reportWaiting({ path, onProgress }: DownloadRequest): Promise<void> {
  const partial = await stat(`${path}.part`).catch(() => undefined);
  onProgress?.({ received: partial?.size ?? 0, total: null, bytesPerSecond: null, waiting: true });
}

function takenOver({ path }: DownloadRequest): AttuneError {
  return new AttuneError({
    code: 'download',
    what: 'another attune process took this download over, because this one stood still',
    where: path,
    hint: 'run the command again',
  });
}

function asAttuneError(error: unknown, wanted: DownloadRequest): AttuneError {
  const { path, url, signal } = wanted;
  if (error instanceof AttuneError) return error;
  if (signal?.aborted) {
    return new AttuneError(
      {
        code: 'interrupted',
        what: `the download of ${basename(path)} was interrupted`,
        where: `${path}.part`,
        hint: 'run the command again to go on from there',
      },
      { cause: error },
    );
  }
  if (error instanceof TransferFailure) {
    const hint = error.hint === undefined ? byHand(wanted) : `${error.hint}; or ${byHand(wanted)}`;
    const what = `cannot download ${basename(path)}: ${error.message}`;
    return new AttuneError({ code: 'download', what, where: url, hint }, { cause: error });
  }
  return diskError(error as NodeJS.ErrnoException, path);
}

function diskError(error: NodeJS.ErrnoException, path: string): AttuneError {
  const full = ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(error.code ?? '');
  return new AttuneError(
    {
      code: 'disk',
      what: full ? 'the disk is full' : `cannot write the download: ${error.message}`,
      where: `${path}.part`,
      hint: full
        ? 'free some space and run the command again to go on, or name a folder on another disk in ATTUNE_CACHE'
        : 'name a folder that you may write to in ATTUNE_CACHE',
    },
    { cause: error },
  );
}

function byHand({ url, path }: DownloadRequest): string {
  return `download ${url} yourself and save it as ${path}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
