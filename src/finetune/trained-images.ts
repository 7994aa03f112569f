/** The images that a run was trained with, as far as it can still be told: by them nothing is measured. */
import { stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type RealFolders, realFolders, within } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { loadRecipe } from '../recipe/recipes.js';
import { RUN_FILES } from '../runs/run-folder.js';
import { openRunState } from '../runs/run-state.js';
import { findImages, splitOf } from '../runs/data/training-data.js';

type Image = { readonly path: string; readonly fileHash: string };

/**
 * How many of some images a run was trained with: those of the same content where its state tells, else those at the
 * same places, found by its recipe. Null where neither is there any more.
 *
 * @param run a run folder, or a checkpoint in one
 */
export async function countTrained(
  run: string | undefined,
  images: readonly Image[],
): Promise<number | null> {
  if (run === undefined) return null;
  const path = resolve(run);
  const isFolder = (await stat(path).catch(() => null))?.isDirectory() ?? false;
  const folder = isFolder ? path : dirname(path);
  const hashes = await hashesIn(folder);
  if (hashes !== null) return images.filter(({ fileHash }) => hashes.has(fileHash)).length;
  const trained = await pathsBy(folder);
  if (trained === null) return null;
  const real = realFolders();
  const known = new Set(await realPaths(trained, real));
  const measured = await realPaths(
    images.map((image) => image.path),
    real,
  );
  return measured.filter((path) => known.has(path)).length;
}

/** The hashes of the training images, which a run with a full stage notes; null of another. */
async function hashesIn(folder: string): Promise<ReadonlySet<string> | null> {
  const stored = await openRunState(folder).catch(orNull);
  await stored?.file.close();
  return stored === null ? null : new Set(stored.state.images.train.map(({ hash }) => hash));
}

/** Where they lay when it began, if nothing was added or taken away since then. */
async function pathsBy(folder: string): Promise<readonly string[] | null> {
  try {
    const recipe = await loadRecipe(join(folder, RUN_FILES.recipe));
    if (recipe.data === undefined) return null;
    return (await findImages(recipe.data, splitOf(recipe))).train.map(({ path }) => path);
  } catch (error) {
    return orNull(error);
  }
}

/** What is not there, or not as it was, tells nothing. */
function orNull(error: unknown): null {
  if (error instanceof AttuneError && error.code !== 'internal') return null;
  throw error;
}

/** Paths whose folders are no links, as far as that can be seen. */
async function realPaths(paths: readonly string[], real: RealFolders): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const folder = dirname(path);
    found.push(within(await real(folder).catch(() => folder), basename(path)));
  }
  return found;
}
