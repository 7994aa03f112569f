/**
 * What is handed on to others tells files and folders by their names alone: where they lie on this machine, and in whose
 * folder, is nobody else's business. A run's own recipe.json and state keep the paths, which --resume needs.
 */
import { basename, isAbsolute, resolve } from 'node:path';
import { type ErrorParts, sentence } from '../errors.js';
import { isHubName } from '../weights/index.js';
import type { Recipe } from './recipe-schema.js';

/** The name of a file or folder; of the root its path. */
export function nameOf(path: string): string {
  return basename(resolve(path)) || path;
}

/** Weights as others may know them: a name of the catalogue or of the hub as it is, a file by its name. */
export function nameOfWeights(weights: string): string {
  return isHubName(weights) ? weights : basename(weights);
}

/** Fields of a recipe with names in the place of paths. What is no text stays as it is. */
export function withNamesOnly<T extends Partial<Recipe>>(recipe: T): T {
  const named = (value: unknown, name: (text: string) => string) =>
    typeof value === 'string' ? name(value) : value;
  const changed = Object.entries({
    data: named(recipe.data, nameOf),
    val: named(recipe.val, nameOf),
    images: named(recipe.images, nameOf),
    weights: named(recipe.weights, nameOfWeights),
  });
  return { ...recipe, ...Object.fromEntries(changed.filter(([field]) => field in recipe)) };
}

/** The sentence of an error, with the name of the file that it is about. */
export function sentenceWithName({ where, ...parts }: ErrorParts): string {
  // A file may be followed by what in it is meant: `/home/ada/a.safetensors, tensor "b"`.
  const [path, ...rest] = where?.split(', ') ?? [];
  const isPath = path !== undefined && isAbsolute(path);
  const named = isPath ? [basename(path), ...rest].join(', ') : where;
  return sentence({ ...parts, where: named });
}
