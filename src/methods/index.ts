/**
 * The table of methods: what changes training. A method is its file and its line here, and its fields are in recipes, options,
 * flags and help. The order of the table is that in which hooks are called and fields are written.
 */
import * as v from 'valibot';
import type { Sampling } from '../inputs/index.js';
import { AttuneError } from '../errors.js';
import { type NetworkInput, oneTensor } from '../nn/index.js';
import type { Network } from '../models/index.js';
import type { StepPart, TrainableMemory } from '../optim/index.js';
import type { Joined } from '../option-names.js';
import type { LossOptions } from '../tasks/index.js';
import { Tensor } from '../tensor/tensor.js';
import { BALANCE } from './balance.js';
import { EARLY_STOPPING } from './early-stopping.js';
import type { Field, ValuesOf } from './field.js';
import { GRADIENT_CLIPPING } from './gradient-clipping.js';
import { LABEL_SMOOTHING } from './label-smoothing.js';
import type {
  BatchChanges,
  BatchContext,
  ChangedBatch,
  DefaultFacts,
  EarlyEnd,
  EpochContext,
  Method,
  MethodProposal,
  RecipeBase,
  Refusal,
  TrunkDecay,
} from './method.js';
import { MIXING } from './mixing.js';
import { PULL_TO_START } from './pull-to-start.js';
import { RANDOM_ERASING } from './random-erasing.js';
import { SHARPNESS_AWARE } from './sharpness-aware.js';
import { STOCHASTIC_DEPTH } from './stochastic-depth.js';
import { WEIGHT_AVERAGE } from './weight-average.js';

const TABLE = [
  BALANCE,
  LABEL_SMOOTHING,
  RANDOM_ERASING,
  // After what is done to single samples: partners are varied as the samples that they are elsewhere.
  MIXING,
  STOCHASTIC_DEPTH,
  // Before other parts of a step: they find the weights at their place again.
  SHARPNESS_AWARE,
  PULL_TO_START,
  WEIGHT_AVERAGE,
  GRADIENT_CLIPPING,
  EARLY_STOPPING,
] as const;

/** The fields of all methods, by their names in a recipe. */
export type MethodFields = Joined<(typeof TABLE)[number]['fields']>;
export type MethodField = keyof MethodFields;
/** What a recipe has of them. */
export type MethodValues = ValuesOf<MethodFields>;
/** What methods see of a recipe. */
export type MethodRecipe = MethodValues & RecipeBase;

/** The options of `finetune` that set them, each described in its method's file. */
export type MethodOptions = Joined<NonNullable<(typeof TABLE)[number]['options']>>;

// A row is typed by its own fields, and called with whole recipes.
const METHODS = TABLE as unknown as readonly Method<MethodFields>[];

export const METHOD_FIELDS = Object.fromEntries(
  METHODS.flatMap(({ fields }) => Object.entries(fields)),
) as MethodFields;

/** Their schemas. A recipe of an earlier version, which lacks a method, has it as it is by default. */
export const METHOD_SCHEMAS = Object.fromEntries(
  Object.entries(METHOD_FIELDS).map(([name, { schema, default: usual }]) => [
    name,
    v.optional(schema, usual),
  ]),
) as { readonly [K in MethodField]: v.OptionalSchema<MethodFields[K]['schema'], MethodValues[K]> };

const all = METHODS.flatMap(({ fields, ofHead = [], ofClasses = [], showsInAStep = true }) =>
  Object.keys(fields).map((name) => ({
    name: name as MethodField,
    isOfHead: ofHead.some((field) => field === name),
    isOfClasses: ofClasses.some((field) => field === name),
    showsInAStep,
  })),
);

/** Those that count only where layers below the head are trained; for the head alone; for classes; in a single step. */
export const FULL_STAGE_METHOD_FIELDS = all.flatMap(({ name, isOfHead }) => (isOfHead ? [] : [name]));
export const HEAD_METHOD_FIELDS = all.flatMap(({ name, isOfHead }) => (isOfHead ? [name] : []));
export const CLASS_METHOD_FIELDS = all.flatMap(({ name, isOfClasses }) => (isOfClasses ? [name] : []));
export const STEP_METHOD_FIELDS = all.flatMap(({ name, showsInAStep }) => (showsInAStep ? [name] : []));

/** Those that need places in a picture. */
export const IMAGE_METHOD_FIELDS = METHODS.flatMap(({ ofImages = [] }) => ofImages as readonly MethodField[]);

export const METHOD_REFUSALS = METHODS.flatMap(
  ({ refusals = [] }) => refusals,
) as unknown as readonly Refusal<MethodRecipe>[];

/** What a recipe has of methods where nobody says otherwise. */
export function methodDefaults(facts: DefaultFacts): MethodValues {
  const usual = Object.entries(METHOD_FIELDS).map(([name, field]) => [name, field.default] as const);
  const others = METHODS.flatMap((method) => Object.entries(method.defaults?.(facts) ?? {}));
  return Object.fromEntries([...usual, ...others]) as MethodValues;
}

/** Whether a recipe's field is one of a method; and whether a run tells its value. */
export function isMethodField(field: string): field is MethodField {
  return Object.hasOwn(METHOD_FIELDS, field);
}

export function isTold(field: MethodField, recipe: MethodValues): boolean {
  const { isAlwaysTold, default: usual }: Field = METHOD_FIELDS[field];
  return isAlwaysTold || recipe[field] !== usual;
}

/** What goes by the validation images: fields, and in words. */
export function needsOfValidation(
  recipe: MethodValues,
): { readonly field: MethodField; readonly what: string }[] {
  return METHODS.flatMap((method) => method.goesByValidation?.(recipe) ?? []);
}

/** Throws AttuneError 'usage' for a network that has nothing for a method. */
export function checkMethods(model: Network, recipe: MethodRecipe): void {
  for (const method of METHODS) method.check?.(model, recipe);
}

/** Changes a network whose trainable layers are set. */
export function adaptNetwork(model: Network, recipe: MethodRecipe): void {
  for (const method of METHODS) method.adapt?.(model, recipe);
}

/** What is done to a batch. */
export function changesOf(recipe: MethodRecipe, context: BatchContext): BatchChanges {
  const changes = METHODS.map((method) => method.batch?.(recipe, context) ?? {});
  const mixes = changes.map(({ arrays: _, ...mix }) => mix);
  const drawn = joined(
    changes.map(({ arrays = {} }) => arrays),
    'of a batch',
  );
  return { ...joined(mixes, 'of a batch'), ...(Object.keys(drawn).length > 0 && { arrays: drawn }) };
}

/** Records the network's input as methods change it. Throws AttuneError 'usage' where samples of several tensors are to be mixed. */
export function changedInput(x: NetworkInput<Tensor>, batch: ChangedBatch): NetworkInput<Tensor> {
  if (!(x instanceof Tensor)) return batch.mix === undefined ? x : oneTensor(x, 'mixup');
  return METHODS.reduce<Tensor>((input, method) => method.input?.(input, batch) ?? input, x);
}

/** In which order an epoch sees the images. */
export function samplingOf(recipe: MethodRecipe): Sampling {
  return answerOf((method) => method.order?.(recipe), 'in which order images are seen') ?? 'shuffled';
}

/** How much the classes weigh: 1 / images^power; also in the loss of a head on cached features. */
export function weightPowerOf(recipe: MethodRecipe): number {
  return answerOf((method) => method.weightPower?.(recipe), 'how much classes weigh') ?? 0;
}

export function headWeightPowerOf(recipe: MethodRecipe): number {
  return answerOf((method) => method.headWeightPower?.(recipe), 'how much classes weigh') ?? 0;
}

/** How the loss is asked for. */
export function lossOptionsOf(recipe: MethodRecipe): LossOptions {
  return {
    labelSmoothing: 0,
    ...joined<Partial<LossOptions>>(
      METHODS.map((method) => method.loss?.(recipe) ?? {}),
      'of the loss',
    ),
  };
}

/** What they add to an optimiser's step, in their order. */
export function stepPartsOf(recipe: MethodRecipe, memory: TrainableMemory): StepPart[] {
  return METHODS.flatMap((method) => method.step?.(recipe, memory) ?? []);
}

export function trunkDecayOf(recipe: MethodRecipe, weightDecay: number): TrunkDecay {
  const usual: TrunkDecay = { weightDecay, pull: 0 };
  return METHODS.reduce((decay, method) => method.trunkDecay?.(recipe, decay) ?? decay, usual);
}

/** The largest norm of the gradients; 0: any. */
export function gradientLimitOf(recipe: MethodRecipe): number {
  return answerOf((method) => method.gradientLimit?.(recipe), 'how long gradients may be') ?? 0;
}

/** Why the full stage ends with an epoch that is not its last; null: it goes on. */
export function earlyEnd(recipe: MethodValues, context: EpochContext): EarlyEnd | null {
  for (const method of METHODS) {
    const end = method.after?.(recipe, context) ?? null;
    if (end !== null) return end;
  }
  return null;
}

/** Whether training sees no image as it is. */
export function mixesImages(recipe: MethodValues): boolean {
  return METHODS.some((method) => method.mixesImages?.(recipe) === true);
}

/** Where else gradients that are not finite were looked at. */
export function placesElsewhere(recipe: MethodValues): string[] {
  return METHODS.flatMap((method) => method.looksElsewhere?.(recipe) ?? []);
}

/** What to try where the network fits its training images too well, or too badly. */
export function againstOverfitting(recipe: MethodRecipe, isDecayed: boolean): string[] {
  return METHODS.flatMap((method) => method.againstOverfitting?.(recipe, isDecayed) ?? []);
}

export function againstUnderfitting(recipe: MethodRecipe): string[] {
  return METHODS.flatMap((method) => method.againstUnderfitting?.(recipe) ?? []);
}

/** What they propose by the images of the largest class by those of the smallest. */
export function methodProposals(imbalance: number): MethodProposal<MethodFields>[] {
  return METHODS.flatMap((method) => method.propose?.(imbalance) ?? []) as MethodProposal<MethodFields>[];
}

/** The answer of the only method that has one. Throws AttuneError 'usage' where two have. */
function answerOf<T>(ask: (method: Method<MethodFields>) => T | undefined, what: string): T | undefined {
  const [first, ...others] = METHODS.map(ask).filter((answer) => answer !== undefined);
  if (others.length > 0) throw twice(what);
  return first;
}

function twice(what: string): AttuneError {
  return new AttuneError({
    code: 'usage',
    what: `two methods decide ${what}`,
    where: 'the recipe',
    hint: 'leave one of them out',
  });
}

/** What methods change, each something else. Throws AttuneError 'usage' where two change the same. */
function joined<T extends object>(all: readonly T[], where: string): T {
  const changes = {};
  for (const own of all) {
    for (const [key, value] of Object.entries(own)) {
      if (Object.hasOwn(changes, key)) throw twice(`${key} ${where}`);
      Object.assign(changes, { [key]: value });
    }
  }
  return changes as T;
}

export { IMBALANCED, unlessFitted } from './balance.js';
export { dominantTargets } from './mixing.js';
export type { BatchChanges, BatchContext, BatchMix, ChangedBatch, EarlyEnd, Refusal } from './method.js';
export type { Field } from './field.js';
