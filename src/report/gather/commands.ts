/** The commands that make a run again. */
import { ANYWHERE, commandLine } from '../../runs/command-line.js';
import { fieldsWithout, USUAL_INPUT } from '../../inputs/index.js';
import { type DataFacts, resolveRecipe } from '../../recipe/recipe.js';
import { flagOf, RECIPE_FIELDS, type Recipe, type RecipeField } from '../../recipe/recipe-schema.js';

/** What defaults follow from. */
type Facts = Pick<DataFacts, 'images' | 'smallestClass' | 'learnt' | 'task' | 'input'>;

/** Always said, whatever the default is: what a stranger looks for. */
const SAID: readonly RecipeField[] = ['data', 'model', 'weights', 'image_size', 'seed'];
/** No flag sets it. */
const WITHOUT_FLAG: RecipeField = 'crop_scale';

/**
 * `attune finetune <data>` with a flag for each field of a recipe that does not follow from the others; null where no
 * flags say all of it.
 */
export function flagsCommand(recipe: Recipe, facts: Facts): string | null {
  let given: Partial<Recipe> = recipe;
  // Derived fields stand behind those that they follow from.
  for (const field of RECIPE_FIELDS.toReversed()) {
    if (SAID.includes(field)) continue;
    const { [field]: _, ...rest } = given;
    if (isSame(resolved(rest, recipe, facts), recipe)) given = rest;
  }
  // Of samples without a size, none is said.
  const without = fieldsWithout(facts.input ?? USUAL_INPUT);
  const isForeign = (field: RecipeField) => without.includes(field) && SAID.includes(field);
  const said = RECIPE_FIELDS.filter((field) => field !== 'data' && field in given && !isForeign(field));
  if (said.some((field) => field === WITHOUT_FLAG || recipe[field] === null)) return null;
  const words = said.flatMap((field) => flagWords(field, recipe[field]));
  return commandLine(['finetune', recipe.data, ...words], ANYWHERE);
}

function flagWords(field: RecipeField, value: unknown): string[] {
  if (typeof value === 'boolean') return [value ? flagOf(field) : flagOf(field).replace('--', '--no-')];
  return [flagOf(field), String(value)];
}

/** Null where fields cannot stand without others. */
function resolved(
  given: Partial<Recipe>,
  { data, model, weights, image_size: side }: Recipe,
  facts: Facts,
): Recipe | null {
  try {
    return resolveRecipe({ ...given, data }, { ...facts, model, weights, side });
  } catch {
    return null;
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
