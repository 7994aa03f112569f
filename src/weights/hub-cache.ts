/**
 * The hub's own cache on this machine, shared with Python's huggingface_hub:
 *
 *     hub/models--owner--name/
 *       refs/main                        the commit that the branch was at
 *       blobs/<etag>                     contents, by their hash
 *       snapshots/<commit>/<file>        links to blobs; the blob itself where a system has no links
 *       .no_exist/<commit>/<file>        empty: the repository has no such file at this commit
 */

import { randomUUID } from 'node:crypto';
import { lstat, readFile, realpath, rename, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { makeFolders } from '../formats/index.js';
import type { HubName } from './hub-name.js';
import { isCommit } from './hub-name.js';
import type { Environment } from './proxy.js';

/** The folder of the cache: HF_HUB_CACHE, else `hub` in HF_HOME, else in `huggingface` in the user's cache folder. */
export function hubCacheDir(env: Environment, home = homedir()): string {
  if (env.HF_HUB_CACHE) return resolve(env.HF_HUB_CACHE);
  const hub = env.HF_HOME || join(env.XDG_CACHE_HOME || join(home, '.cache'), 'huggingface');
  return resolve(hub, 'hub');
}

/** One repository in the cache. */
export class HubCache {
  readonly #folder: string;

  constructor(root: string, { repository }: HubName) {
    this.#folder = join(root, `models--${repository.replace('/', '--')}`);
  }

  /** The commit that a revision was at when it was last looked up; undefined when it never was. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await readFile(join(this.#folder, 'refs', revision), 'utf8').catch(() => '');
    return isCommit(text.trim()) ? text.trim() : undefined;
  }

  /** Notes the commit of a branch or tag. */
  async noteCommit(revision: string, commit: string): Promise<void> {
    if (isCommit(revision)) return;
    const path = join(this.#folder, 'refs', revision);
    await makeFolders(dirname(path));
    await writeFile(path, commit);
  }

  /** The path of a file at a commit, if it is there: through the link, to the content. */
  async find(commit: string, file: string): Promise<string | undefined> {
    return realpath(this.nameOf(commit, file)).catch(() => undefined);
  }

  /** The path of a file at a commit by its own name, beside the others of the commit. */
  nameOf(commit: string, file: string): string {
    return join(this.#folder, 'snapshots', commit, file);
  }

  /** Whether it is known that the repository has no such file at a commit. */
  async isAbsent(commit: string, file: string): Promise<boolean> {
    return (await lstat(this.#absence(commit, file)).catch(() => null)) !== null;
  }

  /** Notes that there is no such file. */
  async noteAbsent(commit: string, file: string): Promise<void> {
    const path = this.#absence(commit, file);
    await makeFolders(dirname(path));
    await writeFile(path, '');
  }

  /** Where the content with this hash belongs. */
  blob(etag: string): string {
    return join(this.#folder, 'blobs', etag);
  }

  /** Gives the content its name at a commit. Returns the path of the content. */
  async link(commit: string, file: string, etag: string): Promise<string> {
    const [name, blob] = [this.nameOf(commit, file), this.blob(etag)];
    await makeFolders(dirname(name));
    // Other processes may do the same: a link is made aside and takes the place of what is there, in one step.
    const aside = `${name}.${randomUUID()}`;
    try {
      await symlink(relative(dirname(name), blob), aside);
    } catch {
      // Windows has links for administrators and developers only.
      await rename(blob, name);
      return realpath(name);
    }
    await rename(aside, name);
    return realpath(name);
  }

  #absence(commit: string, file: string): string {
    return join(this.#folder, '.no_exist', commit, file);
  }
}
