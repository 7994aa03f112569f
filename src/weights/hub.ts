/**
 * Weights from the Hugging Face hub: found, downloaded into the hub's own cache, checked, and described by what the
 * repository says of their images. What is in the cache is used without a network, too.
 */

import { readFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { makeFolders, replaceFile } from '../formats/index.js';
import type { ModelPreprocessing } from './preprocessing.js';
import { DOWNLOAD_DEFAULTS, download, type DownloadSettings, wrongFile } from './download.js';
import { hashFile } from './hash.js';
import { HubCache, hubCacheDir } from './hub-cache.js';
import { HubClient, type HubFile, isUnreachable } from './hub-client.js';
import { hubLabels, hubPreprocessing } from './hub-config.js';
import { type HubName, isCommit, parseHubName, pinnedName } from './hub-name.js';
import type { DownloadProgress } from './progress.js';

/** Names the files of safetensors that a large model is split into. */
const INDEX = 'model.safetensors.index.json';
/** Names of weights files, the best first. */
const WEIGHTS_FILES = [
  ...['model.safetensors', 'pytorch_model.bin', INDEX],
  ...['model.keras', 'model.weights.h5', 'tf_model.h5'],
];
const CONFIG = 'config.json';
const PREPROCESSOR = 'preprocessor_config.json';

export interface HubOptions {
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
  /** Called with what a person should know: whose terms hold, and that the hub could not be asked. */
  readonly onNote?: ((text: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly settings?: Partial<DownloadSettings> | undefined;
}

/** Weights of a repository on this machine. */
export interface HubWeights {
  /** In the hub's cache; of weights in several files that of their index. */
  readonly path: string;
  /** 64 lower-case hex digits. */
  readonly sha256: string;
  /** `hf:owner/name@` and the commit. */
  readonly name: string;
  /** What the repository says of its images; null when it says nothing. */
  readonly preprocessing: ModelPreprocessing | null;
  /** The labels of the outputs; null when the repository has none. */
  readonly labels: readonly string[] | null;
}

/**
 * The weights that `hf:owner/name@revision` names. A commit that is in the cache is not asked for again; a branch or tag is
 * looked up, unless HF_HUB_OFFLINE is set.
 *
 * Throws AttuneError 'usage' (a bad name), 'download' (no such repository, revision or file, no access, the network, a
 * wrong hash), 'disk', 'interrupted', 'weights' (a damaged cache, or preprocessing that attune does not have).
 */
export async function resolveHubWeights(text: string, options: HubOptions = {}): Promise<HubWeights> {
  const name = parseHubName(text);
  const settings = { ...DOWNLOAD_DEFAULTS, ...options.settings };
  const repository = new Repository(name, text, { ...options, settings });
  const commit = await repository.commit();
  const path = await repository.weights(commit);
  const [config, preprocessor] = [
    await repository.json(commit, CONFIG),
    await repository.json(commit, PREPROCESSOR),
  ];
  return {
    path,
    sha256: await checkedHash(path, options.signal),
    name: pinnedName(name, commit),
    preprocessing: hubPreprocessing(config, preprocessor, text),
    labels: hubLabels(config),
  };
}

/** A repository in the cache and on the hub. */
class Repository {
  readonly #name: HubName;
  readonly #text: string;
  readonly #options: HubOptions & { readonly settings: DownloadSettings };
  readonly #cache: HubCache;
  readonly #client: HubClient;
  #offline: boolean;

  constructor(name: HubName, text: string, options: HubOptions & { readonly settings: DownloadSettings }) {
    const { env } = options.settings;
    this.#name = name;
    this.#text = text;
    this.#options = options;
    this.#cache = new HubCache(hubCacheDir(env), name);
    this.#client = new HubClient(name, options);
    this.#offline = /^(?:1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? '');
  }

  /** The commit that the revision is at: the hub's answer, or the last one when it cannot be asked. */
  async commit(): Promise<string> {
    const { revision } = this.#name;
    if (isCommit(revision)) return revision;
    const known = await this.#cache.commitOf(revision);
    if (!this.#offline) {
      try {
        const { commit } = (await this.#firstWeights(revision)).remote;
        await this.#cache.noteCommit(revision, commit);
        return commit;
      } catch (error) {
        if (known === undefined || !isUnreachable(error)) throw error;
        this.#offline = true;
        this.#options.onNote?.(`${error.what}; ${this.#text} is taken as it was last`);
      }
    }
    if (known !== undefined) return known;
    throw this.#notCached();
  }

  /** The path of the weights, downloaded if they are not there. */
  async weights(commit: string): Promise<string> {
    for (const file of WEIGHTS_FILES) {
      const path = await this.#cache.find(commit, file);
      if (path !== undefined) return file === INDEX ? this.#sharded(commit, path) : path;
    }
    if (this.#offline) throw this.#notCached();
    const { file, remote } = await this.#firstWeights(commit);
    if (file !== INDEX) return this.#fetch(commit, file, remote);
    return this.#sharded(commit, await this.#store(commit, file, remote));
  }

  /** The name of an index at the commit, where the files that it names are too, downloaded and checked. */
  async #sharded(commit: string, index: string): Promise<string> {
    for (const file of shardsOf(await readJson(index), index)) {
      const known = await this.#cache.find(commit, file);
      await checkedHash(known ?? (await this.#fetchShard(commit, file)), this.#options.signal);
    }
    return this.#cache.nameOf(commit, INDEX);
  }

  async #fetchShard(commit: string, file: string): Promise<string> {
    if (this.#offline) throw this.#notCached();
    const remote = await this.#client.locate(file, commit);
    if (remote !== null) return this.#fetch(commit, file, remote);
    const what = `the repository lacks ${file}, which its ${INDEX} names`;
    throw new AttuneError({
      code: 'download',
      what,
      where: this.#client.page,
      hint: 'take another repository',
    });
  }

  /** A JSON file at the commit; undefined when there is none, or none in the cache without a network. */
  async json(commit: string, file: string): Promise<unknown> {
    const path = (await this.#cache.find(commit, file)) ?? (await this.#fetchSmall(commit, file));
    return path === undefined ? undefined : readJson(path);
  }

  /** The best weights file that the repository has. */
  async #firstWeights(revision: string): Promise<{ file: string; remote: HubFile }> {
    for (const file of WEIGHTS_FILES) {
      const remote = await this.#client.locate(file, revision);
      if (remote !== null) return { file, remote };
    }
    throw new AttuneError({
      code: 'download',
      what: `the repository has no weights by a name that is looked for: ${WEIGHTS_FILES.join(', ')}`,
      where: this.#client.page,
      hint: 'download its weights, and pass the path of the file',
    });
  }

  async #fetch(commit: string, file: string, remote: HubFile): Promise<string> {
    const { onNote, onProgress, onRetry, signal, settings } = this.#options;
    if (remote.etag.length !== 64) {
      const what = `${this.#text} has no hash by which ${file} could be checked`;
      throw new AttuneError({ code: 'download', what, where: remote.url, hint: 'take another repository' });
    }
    onNote?.(`Downloading ${file} of ${this.#text}. Its terms stand at ${this.#client.page}.`);
    await download({
      url: remote.url,
      path: this.#cache.blob(remote.etag),
      hash: { check: 'sha256', hex: remote.etag },
      authorization: this.#client.authorization,
      ...{ onProgress, onRetry, signal, settings },
    });
    return this.#cache.link(commit, file, remote.etag);
  }

  /** A configuration from the hub. Without a network the weights are used all the same, and it is said. */
  async #fetchSmall(commit: string, file: string): Promise<string | undefined> {
    if (await this.#cache.isAbsent(commit, file)) return undefined;
    try {
      const remote = this.#offline ? undefined : await this.#client.locate(file, commit);
      if (remote === null) {
        await this.#cache.noteAbsent(commit, file);
        return undefined;
      }
      if (remote !== undefined) return await this.#store(commit, file, remote);
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      this.#offline = true;
    }
    this.#options.onNote?.(
      `${file} of ${this.#text} is not in the cache; what it may say of images is not used`,
    );
    return undefined;
  }

  async #store(commit: string, file: string, remote: HubFile): Promise<string> {
    const bytes = await this.#client.read(remote);
    const blob = this.#cache.blob(remote.etag);
    await makeFolders(dirname(blob));
    await replaceFile(blob, [bytes]);
    return this.#cache.link(commit, file, remote.etag);
  }

  #notCached(): AttuneError {
    return new AttuneError({
      code: 'download',
      what: 'these weights are not in the cache, and HF_HUB_OFFLINE forbids to fetch them',
      where: this.#text,
      hint: 'unset it, or name what was downloaded before',
    });
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    const fields = { code: 'weights', what: 'the file is no JSON', where: path } as const;
    throw new AttuneError(
      { ...fields, hint: 'delete it, and it will be downloaded again' },
      { cause: error },
    );
  }
}

/** The most files of one model. */
const MAX_SHARDS = 500;

/** Names beside the index alone: none that climbs or leads into another folder. */
const shardName = v.pipe(v.string(), v.regex(/^[\w-][\w.-]*\.safetensors$/));
const indexSchema = v.object({ weight_map: v.record(v.string(), shardName) });

/** The files that an index names. Throws AttuneError 'weights'. */
function shardsOf(json: unknown, where: string): string[] {
  const parsed = v.safeParse(indexSchema, json);
  const names = new Set(parsed.success ? Object.values(parsed.output.weight_map) : []);
  if (names.size > 0 && names.size <= MAX_SHARDS) return [...names];
  throw new AttuneError({
    code: 'weights',
    what: `the index does not name 1 to ${MAX_SHARDS} files of safetensors`,
    where,
    hint: 'take another repository',
  });
}

/** The hash of a file; a content that is named by its hash must have it. */
async function checkedHash(path: string, signal: AbortSignal | undefined): Promise<string> {
  const sha256 = await hashFile(path, signal);
  const name = basename(path);
  if (/^[0-9a-f]{64}$/.test(name) && name !== sha256) {
    throw wrongFile(path, { check: 'sha256', hex: name }, sha256);
  }
  return sha256;
}
