/** What event files say of a run beside numbers: its hyperparameters, and what it is, as text. */
import type { Hyperparameter } from '../../formats/index.js';
import { isInEffect } from '../../recipe/announce.js';
import type { DeviceSummary } from '../../recipe/results.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import type { Best, Task } from '../../tasks/index.js';

/** A run that begins. */
export interface RunDescription {
  readonly recipe: Recipe;
  readonly weights: string;
  readonly device: DeviceSummary;
  readonly task: Task;
  readonly images: { readonly train: number; readonly val: number; readonly test: number };
}

/** The network and the settings that change anything; of several numbers, their list. */
export function hyperparametersOf(recipe: Recipe, { info }: Task): Record<string, Hyperparameter> {
  const fields = Object.entries(recipe).filter(
    ([field]) =>
      field === 'model' || field === 'weights' || isInEffect(field as keyof Recipe, recipe, info.kind),
  );
  const asValue = (value: Recipe[keyof Recipe]) =>
    typeof value === 'object' ? String(value) : (value as Hyperparameter);
  return Object.fromEntries(fields.map(([field, value]) => [field, asValue(value)]));
}

/** The tags that runs are compared by. */
export function metricTags({ measures: { epoch, ranking } }: Task): string[] {
  const [first, ...others] = ranking;
  const tags = [...epoch, ...others].map(({ key }) => `${key}/val`);
  return [...new Set([`${first.key}/best`, ...tags])];
}

/** In Markdown, as TensorBoard shows it. */
export function runText({ recipe, weights, device, task, images }: RunDescription): string {
  const { train, val, test } = images;
  return list({
    network: `${recipe.model}, weights ${weights}`,
    strategy: recipe.strategy,
    images: `${train} to train, ${val} to validate, ${test} to test`,
    task: task.summary,
    device: `${device.adapter} (${device.kind}${device.software ? ', software' : ''})`,
  });
}

/** The recipe as the run folder has it. */
export function recipeText(recipe: Recipe): string {
  return `    ${JSON.stringify(recipe, null, 2).replaceAll('\n', '\n    ')}`;
}

/** How the run has ended. */
export function resultText(best: Best | null, { measures: { epoch, ranking } }: Task): string {
  if (best === null) return 'Nothing was validated.';
  const validated = [...ranking, ...epoch].map(({ key, name }) => [
    `validation ${name}`,
    figure(best[`val_${key}`]),
  ]);
  return list({
    'best epoch': best.epoch === 0 ? 'none: the head was better' : String(best.epoch),
    ...Object.fromEntries(validated),
  });
}

function figure(value: number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(Number(value.toPrecision(6)));
}

function list(items: Readonly<Record<string, string | null>>): string {
  const lines = Object.entries(items).flatMap(([name, value]) =>
    value === null ? [] : [`- **${name}**: ${value}`],
  );
  return lines.join('\n');
}
