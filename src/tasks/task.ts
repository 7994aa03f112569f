/**
 * What a network learns to tell of an image. Everything in which one kind of answer differs from another is behind
 * this interface: the head's width, the loss, how the head is fitted on cached features, what is measured, and which
 * of two results is the better one.
 */
import type * as v from 'valibot';
import type { Activation } from '../models/index.js';
import type { LabelledImage, NamedColumns } from '../inputs/index.js';
import type { HeadShape } from '../models/index.js';
import type { Device } from '../program/device.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Answers } from './answers.js';
import type { FeatureScale, FeatureSet, HeadProblem } from './heads/head-problem.js';
import type { Best, Measures, Score, Values } from './measure.js';

/** The plain data of a task: what runs, checkpoints and JSON documents have of it. */
export interface TaskTypes {
  /** The task as runs and checkpoints store it. */
  readonly info: { readonly kind: string };
  /** The keys of a run's document that say what is learnt. */
  readonly document: object;
  /** The best epoch in the document of a run. */
  readonly best: { readonly epoch: number };
  /** How good a model is on some images. */
  readonly metrics: { readonly images: number; readonly loss: number | null };
  /** What a model says of an image. */
  readonly answer: object;
}

/** The right answers to images, one row each. */
export type Targets = Int32Array | Float32Array;

/** How `predict` was asked. */
export interface AnswerOptions {
  readonly top: number;
  readonly temperature: number | null;
}

/** How losses are asked for. */
export interface LossOptions {
  readonly labelSmoothing: number;
}

/** A row of the table of tasks. */
export interface TaskRow<T extends TaskTypes> {
  /** The schema of `info`, which is read from files that may be anything. */
  readonly schema: v.GenericSchema<unknown, T['info']>;
  /** The field of `info` that says what the outputs stand for: checkpoints have it in their metadata. */
  readonly named: string & Exclude<keyof T['info'], 'kind'>;
  readonly measures: Measures<T['metrics']>;
  /** Whether the loss of a sample grows with the square of what moves it, and not in proportion. */
  readonly isSquared: boolean;
  /**
   * Why what is about classes, as the fields of some methods, has no meaning, by the columns that are learnt; null where each
   * sample belongs to one class.
   */
  readonly withoutClasses:
    | ((learnt: NamedColumns) => { readonly what: string; readonly hint: string })
    | null;
  /** How the right answers are found in a data set. */
  readonly answers: Answers<T['info']>;
  create(info: T['info']): TaskOf<T>;
}

/** A task over its classes or columns. */
export interface TaskOf<T extends TaskTypes> {
  readonly info: T['info'];
  /** What the outputs stand for, in their order: as many as the head is wide. */
  readonly names: readonly string[];
  /** The end that a network has to have: the names are its outputs. */
  readonly head: HeadShape;
  /** What the names are: classes, columns. */
  readonly plural: string;
  /** The names where each image belongs to one of them; else null. */
  readonly classes: readonly string[] | null;
  readonly document: T['document'];
  /** The same for people: `2 classes: ant, bee`. */
  readonly summary: string;
  /** What else to say of the training images, where the smallest class has so many. */
  detailOf(smallestClass: number): string;
  /** The task of the outputs of an export, where they are not those that are trained. */
  readonly ofExports: TaskOf<T>;
  readonly measures: Measures<T['metrics']>;

  /** The targets of images, as the loss takes them. */
  targets(images: readonly LabelledImage[]): Targets;
  /** Whether an image, which may come from a damaged file, has a target of this task. */
  isAnswered(image: Pick<LabelledImage, 'label' | 'values'>): boolean;
  /** Targets of no meaning, for the plan of a step. */
  blankTargets(images: number): Targets;
  /** Names for which there is no image to learn from. */
  namesWithout(images: readonly Pick<LabelledImage, 'label'>[]): string[];
  /** What a network cannot learn from these training images, in a sentence; null, or absent: nothing is known of that. */
  lack?(images: readonly LabelledImage[]): string | null;
  /**
   * How much each class counts in the loss, by these training images: as the power of its frequency's inverse; null: all
   * the same, or there are no classes.
   */
  classWeights(images: readonly LabelledImage[], power: number): Float64Array | null;
  /** How much each image counts in the loss. */
  imageWeights(images: readonly LabelledImage[], power: number): ArrayLike<number>;
  /**
   * Records the loss of each image [n] of outputs [n, names], before it is weighted; `weights` are what `classWeights`
   * gave, which also weight what label smoothing asks of the other classes.
   */
  losses(outputs: Tensor, targets: Targets, options: LossOptions, weights: ArrayLike<number> | null): Tensor;
  /** Records what outputs [n, names] stand for, as `countRight` takes it. */
  predictions(outputs: Tensor): Tensor;
  /** How many predictions are right; 0 where none is right or wrong. */
  countRight(predictions: ArrayLike<number>, targets: Targets): number;
  /** What is measured of the training images of an epoch, from its sums. */
  trainValues(sums: { readonly correct: number; readonly images: number }): Values;

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
  /** A score to keep. Null for that of no images. */
  best(
    epoch: number,
    score: Score,
    outputs: ArrayLike<number>,
    images: readonly LabelledImage[],
  ): Best | null;
  /** The same of the best epoch, for the document of a run. */
  bestRecord(best: Best | null, epoch: number): T['best'];
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
  ): T['metrics'];
  /** What a row of outputs [names] says of an image. */
  answer(outputs: Float32Array, options: AnswerOptions): T['answer'];
  /** The right answer to an image, and what a row of outputs answers, in a word or two. */
  truth(image: LabelledImage): string;
  /** The right answer as a picture's caption, with the names that it needs. */
  caption(image: LabelledImage): string;
  said(outputs: Float32Array, temperature: number | null): string;
  /** Why `predict` cannot give the likeliest few of the names; null where it can. */
  readonly topRefusal: string | null;

  /** What follows the outputs of an exported graph that is to answer by itself. */
  readonly activation: Activation;
  /**
   * Turns the head that was trained into that of an export, in place: weight [names, inputs] (PyTorch's layout) and bias
   * [names]; null where they are the same.
   */
  readonly exportHead: ((weight: Float32Array, bias: Float32Array) => void) | null;
}
