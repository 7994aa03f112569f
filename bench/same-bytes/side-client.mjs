/** One of the builds that same-bytes.mjs compares: asks side.mjs for its runs. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LineProcess } from '../lib/line-process.mjs';
import { COMMON } from './recipes.mjs';

const SIDE = fileURLToPath(new URL('side.mjs', import.meta.url));

/** A build in a process of its own. */
export class Side {
  #folder;
  #job;
  #key;
  #process = null;

  /** `hash`: of a commit, whose runs are used again where nothing has changed since. */
  constructor(name, { checkout, hash, folder, adapter }) {
    this.#folder = join(folder, name);
    this.#job = { checkout, shared: join(folder, 'shared'), cache: join(folder, name, 'cache'), adapter };
    this.#key = hash;
  }

  /** Makes the runs of a recipe; `failed` is null, or says how. */
  async run(recipe) {
    const folder = join(this.#folder, recipe.name.replaceAll(/[^\w-]+/g, '_'));
    const mark = `${folder}.json`;
    const made = JSON.stringify([this.#key, this.#job, COMMON, recipe]);
    const isThere = this.#key !== undefined && existsSync(mark) && (await readFile(mark, 'utf8')) === made;
    if (isThere) return { folder, failed: null };
    await rm(mark, { force: true });
    await rm(folder, { recursive: true, force: true });
    const failed = await this.#ask({ name: recipe.name, folder });
    if (failed === null) await writeFile(mark, made);
    return { folder, failed };
  }

  /** A process that has ended in the middle of a run is not asked again. */
  async #ask(question) {
    this.#process ??= new LineProcess('the build', process.execPath, [SIDE, JSON.stringify(this.#job)]);
    try {
      return (await this.#process.ask(question)).failed;
    } catch (error) {
      this.close();
      const lines = error.message.split('\n');
      return lines.find((line) => line.includes('Error')) ?? lines.at(-1);
    }
  }

  close() {
    this.#process?.close();
    this.#process = null;
  }
}
