/** Into a recipe: options one by one, and files that hold one; both can be anything. */
import { resolve } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../errors.js';
import { nearest } from '../nearest.js';
import { camelCase } from '../option-names.js';
import type { FinetuneOptions } from './options.js';
import { flagOf, RECIPE_FIELDS, type Recipe, type RecipeField, recipeSchema } from './recipe-schema.js';

/** Kept as they are from whatever folder the recipe is run. */
const PATHS: readonly RecipeField[] = ['data', 'val', 'images'];

/** The fields that options set, checked one by one. Throws AttuneError 'usage' naming the flag. */
export function fieldsOf(options: Partial<FinetuneOptions>): Partial<Recipe> {
  const fields: Record<string, unknown> = {};
  for (const field of RECIPE_FIELDS) {
    const given = options[camelCase(field) as keyof FinetuneOptions];
    if (given === undefined) continue;
    const value = field === 'micro_batch' && given === 'auto' ? null : given;
    checkField(field, value, flagOf(field));
    fields[field] = PATHS.includes(field) ? resolve(String(value)) : value;
  }
  return fields as Partial<Recipe>;
}

function checkField(field: RecipeField, value: unknown, where: string): void {
  const parsed = v.safeParse(recipeSchema.entries[field] as v.GenericSchema, value);
  if (parsed.success) return;
  const choices = choicesOf(field);
  const guess = choices === null ? undefined : nearest(String(value), choices);
  throw new AttuneError({
    code: 'usage',
    what: `${JSON.stringify(value)} is not a value of ${field.replaceAll('_', ' ')}: ${parsed.issues[0].message}`,
    where,
    hint:
      guess !== undefined
        ? `did you mean ${guess}?`
        : choices !== null
          ? `choose ${choices.join(', ')}`
          : undefined,
  });
}

function choicesOf(field: RecipeField): readonly string[] | null {
  const entry = recipeSchema.entries[field];
  const schema = 'wrapped' in entry ? entry.wrapped : entry;
  return 'options' in schema ? (schema.options as readonly string[]) : null;
}

/** A recipe that was stored: its values can be anything. Throws AttuneError 'input' naming the field. */
export function parseRecipe(value: unknown, where: string): Recipe {
  const parsed = v.safeParse(recipeSchema, value);
  if (parsed.success) return parsed.output;
  throw wrongRecipe(parsed.issues[0], where);
}

export interface RecipeFile {
  readonly fields: Partial<Recipe>;
  /** Whether attune has written it, with all fields of a run; it says so in `made_by`. */
  readonly isOfRun: boolean;
}

/** A recipe file of the user, with some of the fields, or that of a run. Throws AttuneError 'input' naming the field. */
export function parseRecipeFile(value: unknown, where: string): RecipeFile {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject) {
    throw new AttuneError({
      code: 'input',
      what: 'the recipe is no JSON object',
      where,
      hint: 'write its fields between { and }',
    });
  }
  const { made_by: madeBy, ...fields } = value as Record<string, unknown>;
  const parsed = v.safeParse(v.partial(recipeSchema), fields);
  if (parsed.success) return { fields: parsed.output as Partial<Recipe>, isOfRun: madeBy !== undefined };
  throw wrongRecipe(parsed.issues[0], where);
}

function wrongRecipe(issue: v.BaseIssue<unknown>, where: string): AttuneError {
  const field = v.getDotPath(issue) ?? 'the top';
  const known: readonly string[] = RECIPE_FIELDS;
  if (issue.type === 'strict_object' && !known.includes(field)) {
    const guess = nearest(field, known);
    return new AttuneError({
      code: 'input',
      what: `the recipe has an unknown field ${field}`,
      where,
      hint: guess === undefined ? 'remove it' : `did you mean ${guess}?`,
    });
  }
  return new AttuneError({
    code: 'input',
    what: `the recipe is wrong at ${field}: ${issue.message}`,
    where,
    hint: 'correct the field',
  });
}
