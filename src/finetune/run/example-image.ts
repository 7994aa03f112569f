/** An image to try a run on, so that what is printed can be typed as it stands. */
import { join } from 'node:path';
import { AttuneError } from '../../errors.js';
import { loadRecipe } from '../../recipe/recipes.js';
import type { FoundImages } from '../../runs/data/found-images.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import { findImages, splitOf } from '../../runs/data/training-data.js';

/** One that the network has not learned from, where there is one; those of the test stay unseen. */
export function exampleOf({ val, train }: Pick<FoundImages, 'val' | 'train'>): string | null {
  return (val[0] ?? train[0])?.path ?? null;
}

/** The same of a run folder; null where the folder is none, or its images are not where they lay. */
export async function exampleImage(run: string): Promise<string | null> {
  try {
    const { data, ...recipe } = await loadRecipe(join(run, RUN_FILES.recipe));
    return data === undefined ? null : exampleOf(await findImages(data, splitOf(recipe)));
  } catch (error) {
    if (error instanceof AttuneError) return null;
    throw error;
  }
}
