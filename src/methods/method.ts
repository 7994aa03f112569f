/**
 * What a method is: some fields of the recipe, what it refuses, and hooks, by which it changes training. A hook that has
 * nothing to change gives undefined, null or an empty object. Hooks are called in the order of the table (index.ts):
 *
 *     before the run   defaults, check, goesByValidation
 *     of a stage       adapt (the network), trunkDecay, gradientLimit and step (of the optimiser), order, weightPower, loss
 *     of the head      headWeightPower
 *     of each batch    batch (on the host), input (on the device)
 *     of each epoch    after
 *     afterwards       mixesImages, looksElsewhere, againstOverfitting, againstUnderfitting, for what is said of a run
 */
import type { HostArray, HostBatch, Sample, Sampling } from '../inputs/index.js';
import type { Network } from '../models/index.js';
import type { StepPart, TrainableMemory } from '../optim/index.js';
import type { Mix } from '../ops/index.js';
import type { Tensor } from '../tensor/tensor.js';
import type { LossOptions } from '../tasks/index.js';
import type { Fields, OptionsOf, ValuesOf } from './field.js';

/** What methods may ask of the rest of a recipe. */
export interface RecipeBase {
  readonly strategy: string;
  readonly head: string;
  readonly weights: string;
  readonly model: string;
  readonly batch_size: number;
  readonly seed: number;
}

/** What would have no effect on the run, as somebody who sets it does not expect. */
export interface Refusal<R> {
  /** The fields that it is about; without `isSet` those are looked at that somebody has written. */
  readonly fields: readonly (keyof R & string)[];
  /** Whether the recipe asks for it, wherever that is from. */
  isSet?(recipe: R): boolean;
  /** Why the fields do not count in this recipe, and what to do; null when they do. */
  ignored(recipe: R): { readonly what: string; readonly hint: string } | null;
}

/** A batch that is about to be computed. */
export interface BatchContext {
  /** From 1, over all epochs. */
  readonly step: number;
  /** The shape of a sample in the network's input. */
  readonly shape: readonly number[];
  /** What the random numbers of each image depend on. */
  readonly samples: readonly Sample[];
}

/** How a batch is mixed, and what of the loss is the partners'. */
export interface BatchMix extends Mix {
  readonly lossShare: number;
}

/** What is done to the samples of a batch and to what they are compared with. */
export interface BatchChanges {
  /** Each is mixed with the one before it. */
  readonly mix?: BatchMix;
  /** What was drawn for each sample, by name, row-major: it goes with the samples to the device. */
  readonly arrays?: Readonly<Record<string, HostArray>>;
}

/** A batch with what was drawn for it. Mixed, n samples have n + 1 rows: row i + 1 is sample i, row i its partner. */
export interface ChangedBatch extends HostBatch {
  readonly mix?: BatchMix;
}

/** The weights below the head: their decay, and their pull to where they began. */
export interface TrunkDecay {
  readonly weightDecay: number;
  readonly pull: number;
}

/** An epoch of the full stage that is over. */
export interface EpochContext {
  /** From 1. */
  readonly epoch: number;
  /** The best one so far; null: nothing was validated. */
  readonly best: number | null;
}

/** Why the full stage ends before its last epoch, and what to do where more is asked for. */
export interface EarlyEnd {
  readonly what: string;
  readonly hint: string;
}

/** What `attune advise` proposes for a data set. */
export interface MethodProposal<F> {
  readonly field: keyof F & string;
  readonly value: string;
  readonly reason: string;
  readonly source: string;
}

/** A row of the table of methods; `F` are its fields, and `O` the options of `finetune` that set them, as editors show them. */
export interface Method<F extends Fields = Fields, O extends OptionsOf<F> = OptionsOf<F>> {
  readonly fields: F;
  /** A type alone, which no row sets. */
  readonly options?: O;
  /** Its fields that count for the head alone, too. The others count where layers below the head are trained. */
  readonly ofHead?: readonly (keyof F & string)[];
  /** Its fields that have no meaning for values, where classes are needed. */
  readonly ofClasses?: readonly (keyof F & string)[];
  /** Its fields that have no meaning for samples without places in a picture. */
  readonly ofImages?: readonly (keyof F & string)[];
  /** Whether a single step shows it, as `attune lr-find` trains. Default true. */
  readonly showsInAStep?: boolean;
  /** The defaults that depend on the rest of the recipe. */
  defaults?(facts: DefaultFacts): Partial<ValuesOf<F>>;
  readonly refusals?: readonly Refusal<ValuesOf<F> & RecipeBase>[];
  /** What of it goes by the validation images: the field, and in words; null: nothing. */
  goesByValidation?(recipe: ValuesOf<F>): { readonly field: keyof F & string; readonly what: string } | null;
  /** Throws AttuneError 'usage' for a network that has nothing for it. */
  check?(model: Network, recipe: ValuesOf<F> & RecipeBase): void;

  /** Changes the network, whose trainable layers are set. */
  adapt?(model: Network, recipe: ValuesOf<F> & RecipeBase): void;
  batch?(recipe: ValuesOf<F> & RecipeBase, context: BatchContext): BatchChanges;
  /** Records what becomes of the network's input x [rows, ...shape], by what `batch` has drawn. */
  input?(x: Tensor, batch: ChangedBatch): Tensor;
  /** In which order an epoch sees the images (inputs/sampling.ts). */
  order?(recipe: ValuesOf<F>): Sampling | undefined;
  /** How much the classes weigh in the loss: 1 / images^power; and in that of a head on cached features. */
  weightPower?(recipe: ValuesOf<F>): number | undefined;
  headWeightPower?(recipe: ValuesOf<F>): number | undefined;
  /** How the loss is asked for. */
  loss?(recipe: ValuesOf<F> & RecipeBase): Partial<LossOptions>;
  /**
   * A part of the optimiser's step. By its own hooks it asks for another pass over the batch, changes gradients before the
   * update and weights after it, and lends other weights where they are validated and exported (optim/optimizer.ts).
   */
  step?(recipe: ValuesOf<F> & RecipeBase, memory: TrainableMemory): StepPart | null;
  /** What becomes of the decay of the weights below the head. */
  trunkDecay?(recipe: ValuesOf<F> & RecipeBase, usual: TrunkDecay): TrunkDecay;
  /** The largest norm of the gradients. */
  gradientLimit?(recipe: ValuesOf<F> & RecipeBase): number | undefined;

  /** Whether the full stage ends with an epoch, and why; null: it goes on. Asked again of a run that is stored. */
  after?(recipe: ValuesOf<F>, context: EpochContext): EarlyEnd | null;

  /** Whether training sees no image as it is, so that its accuracy is no measure of how well the network fits. */
  mixesImages?(recipe: ValuesOf<F>): boolean;
  /** Where else gradients were looked at that are not finite: `where --sam 0.05 looks`. */
  looksElsewhere?(recipe: ValuesOf<F>): string | null;
  /**
   * What to try where the network fits its training images too well, and too badly; null: nothing of this. `isDecayed`:
   * whether the weights decay by more than usual already.
   */
  againstOverfitting?(recipe: ValuesOf<F> & RecipeBase, isDecayed: boolean): string | null;
  againstUnderfitting?(recipe: ValuesOf<F> & RecipeBase): string | null;
  /** What it proposes by the images of the largest class by those of the smallest. */
  propose?(imbalance: number): MethodProposal<F>;
}

/** What defaults of methods depend on. */
export interface DefaultFacts {
  readonly optimizer: string;
  readonly isScratch: boolean;
  /** Whether the loss of a sample grows with the square of what moves it. */
  readonly isSquared: boolean;
}
