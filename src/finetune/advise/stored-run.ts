/** What a run folder tells of a run to whoever only reads it: its recipe and its curves. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import { assertRegular, readRegularText } from '../../formats/index.js';
import type { EpochRecord } from '../../recipe/results.js';
import { resolveRecipe } from '../../recipe/recipe.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { loadRecipe } from '../../recipe/recipes.js';
import { type Beginning, beginningIn } from '../../runs/beginning.js';
import { readMadeBy } from '../../runs/run-files.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import { epochSchema } from '../../runs/run-state.js';

export interface StoredCurves {
  readonly recipe: Recipe;
  readonly epochs: readonly EpochRecord[];
  /** What the full stage began with; null where the recipe does not say. */
  readonly beginning: Beginning | null;
}

/**
 * Reads recipe.json and metrics.jsonl. What an older attune did not have in its recipes is as it is by default. Throws
 * AttuneError 'input' when one is missing or damaged.
 */
export async function readCurves(run: string): Promise<StoredCurves> {
  const recipePath = join(run, RUN_FILES.recipe);
  // Only what a user names as a recipe may be a pipe.
  const status = await stat(recipePath).catch(() => null);
  if (status !== null && !status.isDirectory()) assertRegular(recipePath, status);
  const stored = await loadRecipe(recipePath);
  const { data, model, weights, image_size: side } = stored;
  if (data === undefined || model === undefined || weights === undefined || side === undefined)
    throw damaged(recipePath, 'the recipe does not say what was trained on what', undefined);
  const recipe = resolveRecipe({ ...stored, data }, { images: 1, smallestClass: 1, model, weights, side });
  const path = join(run, RUN_FILES.metrics);
  const text = await readRegularText(path, 'follow').catch((error: NodeJS.ErrnoException) => {
    if (error instanceof AttuneError) throw error;
    throw damaged(path, `the metrics of the run cannot be read: ${error.code ?? error.message}`, error);
  });
  const lines = text.split('\n').filter((line) => line !== '');
  const epochs = lines.map((line, i) => parseLine(line, i + 1, path));
  return { recipe, epochs, beginning: beginningIn(await readMadeBy(run)) };
}

function parseLine(line: string, number: number, path: string): EpochRecord {
  try {
    return v.parse(epochSchema, JSON.parse(line));
  } catch (cause) {
    throw damaged(path, `line ${number} of the metrics is no record of an epoch`, cause);
  }
}

function damaged(where: string, what: string, cause: unknown): AttuneError {
  const hint = 'name a run folder that attune finetune has written';
  return new AttuneError({ code: 'input', what, where, hint }, { cause });
}
