/**
 * What a network learns to tell of an image. Everything in which one kind of answer differs from another is behind
 * this interface: the head's width, the loss, how the head is fitted on cached features, what is measured, and which
 * of two results is the better one.
 */
import * as v from 'valibot';
import type { LabelledImage } from '../../data/index.js';
import type { Device } from '../../program/device.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { FeatureScale, FeatureSet, HeadProblem } from '../heads/head-problem.js';
import type { ModelAnswer, Outcome, EpochRecord, TestMetrics, TaskKind } from '../results.js';
import type { Column } from '../evaluation/regression-metrics.js';
import type { Recipe } from '../recipe/recipe-schema.js';

/** A task as plain data, as runs and checkpoints store it. */
export type TaskInfo =
  | { readonly kind: 'classification'; readonly classes: readonly string[] }
  | { readonly kind: 'regression'; readonly columns: readonly Column[] };

const finite = v.pipe(v.number(), v.finite());

const classesSchema = v.pipe(v.array(v.string()), v.minLength(1));
const columnsSchema = v.pipe(
  v.array(v.strictObject({ name: v.string(), mean: finite, deviation: v.pipe(finite, v.gtValue(0)) })),
  v.minLength(1),
  // Answers are told by column: of two with one name, one would be lost.
  v.check((columns) => new Set(columns.map(({ name }) => name)).size === columns.length),
);
/** A stored task. */
export const taskSchema = v.variant('kind', [
  v.strictObject({ kind: v.literal('classification'), classes: classesSchema }),
  v.strictObject({ kind: v.literal('regression'), columns: columnsSchema }),
]);

/** The right answers to images, one row each. */
export type Targets = Int32Array | Float32Array;

/** How good outputs are: what training goes by. What no images tell is null. */
export interface Score {
  /** Mean loss of the images. */
  readonly loss: number | null;
  /** Of a classification. */
  readonly accuracy?: number | null;
  readonly interval?: readonly [number, number] | null;
  /** Of a regression. */
  readonly mae?: number | null;
  readonly r2?: number | null;
}

const number = v.optional(v.nullable(finite));

/** The best validation of a run, as its state has it. */
export const bestSchema = v.strictObject({
  epoch: v.pipe(v.number(), v.integer(), v.minValue(0)),
  val_accuracy: number,
  val_loss: v.nullable(finite),
  interval: v.optional(v.nullable(v.strictTuple([finite, finite]))),
  /** Fitted on the validation images; of a classification. */
  temperature: v.optional(v.nullable(v.pipe(finite, v.gtValue(0)))),
  val_mae: number,
  val_r2: number,
});

export type Best = Readonly<v.InferOutput<typeof bestSchema>>;

type TrainKey = 'train_accuracy';
type ValKey = 'val_accuracy' | 'val_mae' | 'val_r2';

/** How `predict` was asked. */
export interface AnswerOptions {
  readonly top: number;
  readonly temperature: number | null;
}

export interface Task {
  readonly info: TaskInfo;
  /** What the outputs stand for, in their order: as many as the head is wide. */
  readonly names: readonly string[];
  /** The keys of a run's document that say so. */
  readonly document: Outcome['document'];
  /** The same for people: `2 classes: ant, bee`. */
  readonly summary: string;
  /** What else to say of the training images, where the smallest class has so many. */
  detailOf(smallestClass: number): string;
  /** The task of the outputs of an export, where they are not those that are trained. */
  readonly ofExports: Task;

  /** The targets of images, as the loss takes them. */
  targets(images: readonly LabelledImage[]): Targets;
  /** Targets of no meaning, for the plan of a step. */
  blankTargets(images: number): Targets;
  /** Names for which there is no image to learn from. */
  namesWithout(images: readonly LabelledImage[]): string[];
  /** How much each class counts in the loss, by these training images; null: all the same, or there are no classes. */
  classWeights(images: readonly LabelledImage[], recipe: Pick<Recipe, 'class_weights'>): Float64Array | null;
  /** How much each image counts in the loss. */
  imageWeights(images: readonly LabelledImage[], recipe: Pick<Recipe, 'class_weights'>): ArrayLike<number>;
  /**
   * Records the loss of each image [n] of outputs [n, names], before it is weighted; `weights` are what `classWeights`
   * gave, which also weight what label smoothing asks of the other classes.
   */
  losses(
    outputs: Tensor,
    targets: Targets,
    recipe: Pick<Recipe, 'label_smoothing'>,
    weights: ArrayLike<number> | null,
  ): Tensor;
  /** Records what outputs [n, names] stand for, as `countRight` takes it. */
  predictions(outputs: Tensor): Tensor;
  /** How many predictions are right; 0 where none is right or wrong. */
  countRight(predictions: ArrayLike<number>, targets: Targets): number;

  /** The loss of answers that know nothing of an image. */
  readonly guessedLoss: number;

  /** What the regression of `headProblem` is called. */
  readonly headName: string;
  /** L2 strengths to choose among for the head, the strongest first. */
  readonly strengths: readonly number[];
  /** The problem whose least loss makes the head. `scale` is that of the training images, also where `set` holds others. */
  headProblem(
    device: Device,
    set: FeatureSet,
    images: readonly LabelledImage[],
    scale: FeatureScale,
    problems?: number,
  ): HeadProblem;

  /** How good outputs [images, names] are, row-major, as the model gives them while it trains. */
  score(outputs: ArrayLike<number>, images: readonly LabelledImage[]): Score;
  /** The same of predictions that a head problem gave with its loss. */
  scorePredictions(predictions: ArrayLike<number>, loss: number, images: readonly LabelledImage[]): Score;
  isBetter(score: Score, best: Best | null): boolean;
  /** A score to keep. Null for that of no images. */
  best(
    epoch: number,
    score: Score,
    outputs: ArrayLike<number>,
    images: readonly LabelledImage[],
  ): Best | null;
  /** The keys of an epoch's record that say how good training went, from its sums. */
  trainRecord(sums: { readonly correct: number; readonly images: number }): Pick<EpochRecord, TrainKey>;
  /** Its keys that say how good validation was, beside the loss. */
  valRecord(score: Score | null): Pick<EpochRecord, ValKey>;
  /** The same of the best epoch, for the document of a run. */
  bestRecord(best: Best | null, epoch: number): Outcome['best'];
  /**
   * The outputs [names] that stand for the mean of what several views of one image were predicted to be: of
   * probabilities, those at the temperature at which they are told.
   */
  meanOfViews(rows: readonly ArrayLike<number>[], temperature: number | null): Float32Array;
  /** All there is to say of outputs. */
  metrics(
    outputs: ArrayLike<number>,
    images: readonly LabelledImage[],
    best: Pick<Best, 'temperature'> | null,
  ): TestMetrics[TaskKind];
  /** What a row of outputs [names] says of an image. */
  answer(outputs: Float32Array, options: AnswerOptions): ModelAnswer[TaskKind];
}
