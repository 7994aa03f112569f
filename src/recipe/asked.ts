/** What a run is asked for: fields that flags set, over those of a recipe file. */
import type { FinetuneOptions } from './options.js';
import { fieldsOf } from './parse-recipe.js';
import { flagOf, type Recipe, type RecipeField } from './recipe-schema.js';
import { loadRecipeFile } from './recipes.js';

export interface Asked {
  /** All of them; flags win. */
  readonly fields: Partial<Recipe>;
  readonly flags: Partial<Recipe>;
  /**
   * Those that somebody has written into a recipe file. None of the recipe of a run: that has all fields, those without
   * effect as well, and was checked when the run began.
   */
  readonly written: Partial<Recipe>;
  /** Where a field was set, for errors: `--epochs`, or `epochs in my.json`. */
  where(field: RecipeField): string;
}

/** Throws AttuneError 'usage' and 'input' for values that are none of their fields. */
export async function askedBy(options: Partial<FinetuneOptions>): Promise<Asked> {
  const flags = fieldsOf(options);
  const { recipe } = options;
  if (recipe === undefined) return askedByFlags(flags);
  const { fields, isOfRun } = await loadRecipeFile(recipe);
  const written = isOfRun ? {} : fields;
  const isWritten = (field: RecipeField) => flags[field] === undefined && written[field] !== undefined;
  // Who names labels by a flag does not want the values of the file, nor the other way round.
  const other = flags.label !== undefined ? 'target' : flags.target !== undefined ? 'label' : null;
  return {
    fields: { ...fields, ...(other !== null && { [other]: null }), ...flags },
    flags,
    written,
    where: (field) => (isWritten(field) ? `${field} in ${recipe}` : flagOf(field)),
  };
}

/** Without a recipe file. */
export function askedByFlags(flags: Partial<Recipe>): Asked {
  return { fields: flags, flags, written: {}, where: flagOf };
}

/** The share of images to validate with, where a flag sets it, or a file and no flag says which images validate. */
export function askedSplit({ flags, written }: Asked): number | undefined {
  const { val_split, val, folds, fold } = flags;
  const isIdle = val !== undefined || folds !== undefined || fold !== undefined;
  return val_split ?? (isIdle ? undefined : written.val_split);
}
