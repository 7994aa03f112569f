/** The small files of a run folder. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { readRegularText } from '../formats/index.js';
import type { EpochRecord } from '../recipe/results.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { RUN_FILES, writeJson, writeText } from './run-folder.js';
import type { Task } from '../tasks/index.js';

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

/** recipe.json, and classes.json or columns.json: what is needed to run it again. No time in them: the same run gives the same bytes. */
export async function writeRecipe(
  folder: string,
  recipe: Recipe,
  choices: Readonly<Record<string, unknown>>,
  task: Task,
): Promise<void> {
  await writeJson(folder, RUN_FILES.recipe, {
    ...recipe,
    made_by: madeBy(choices),
  });
  for (const [name, names] of Object.entries(task.document)) await writeJson(folder, `${name}.json`, names);
}

/** What recipe.json says of who wrote it: such a file has been checked, and may have fields without effect. */
export function madeBy(choices: Readonly<Record<string, unknown>> = {}) {
  return { attune: version, node: process.version, ...choices };
}

/** The record `made_by` of recipe.json: versions, device and what was chosen for it. Empty where there is none. */
export async function readMadeBy(folder: string): Promise<Readonly<Record<string, unknown>>> {
  // It was read before as a recipe, so that it is an object of JSON.
  const text = await readRegularText(join(folder, RUN_FILES.recipe), 'follow');
  const stored = JSON.parse(text.replace(/^\uFEFF/, '')) as Record<string, unknown>;
  const { made_by: madeBy } = stored;
  return typeof madeBy === 'object' && madeBy !== null ? (madeBy as Record<string, unknown>) : {};
}

/** metrics.jsonl: a line for each epoch. */
export async function writeMetrics(folder: string, epochs: readonly EpochRecord[]): Promise<void> {
  await writeText(folder, RUN_FILES.metrics, epochs.map((epoch) => `${JSON.stringify(epoch)}\n`).join(''));
}
