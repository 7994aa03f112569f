/** What callers of this folder get back: the same shapes as `--json`. */
import type { InputKind } from '../inputs/index.js';
import type { TaskKind, TaskTable } from '../tasks/index.js';

export type { Prediction } from '../tasks/metrics/top-predictions.js';
export type { TaskKind } from '../tasks/index.js';

/** The device of a run, as its result tells it. */
export interface DeviceSummary {
  readonly kind: 'webgpu' | 'cpu';
  readonly adapter: string;
  readonly software: boolean;
}

/** An image that was left out, and why. */
export interface SkippedImage {
  readonly path: string;
  readonly reason: string;
}

/** One pass over the training images. */
export interface EpochRecord {
  readonly epoch: number;
  readonly stage: string;
  readonly lr: Readonly<Record<string, number>>;
  readonly train_loss: number | null;
  readonly val_loss: number | null;
  /** What the task measures: `train_accuracy` and `val_accuracy`, or `val_mae` and `val_r2`, each in its unit. */
  readonly [measure: `${'train' | 'val'}_${string}`]: number | null | undefined;
  readonly seconds: number;
  readonly images_per_second: number | null;
}

/** What the documents of runs say that depends on the task. */
export type Outcomes = { readonly [K in TaskKind]: Pick<TaskTable[K], 'document' | 'best'> };

/** How good a model is on labelled images. */
export type TestMetrics = { readonly [K in TaskKind]: TaskTable[K]['metrics'] };

/** What a model says of an image. */
export type ModelAnswer = { readonly [K in TaskKind]: TaskTable[K]['answer'] };

/**
 * The JSON document of `attune finetune`: that of a classification, or of a regression by `FinetuneResult<'regression'>`.
 */
export type FinetuneResult<T extends TaskKind = 'classification'> = RunDocument &
  {
    readonly [K in T]: TaskTable[K]['document'] & {
      readonly task: K;
      readonly best: TaskTable[K]['best'];
      readonly test: TestMetrics[K] | null;
      /** What the best checkpoint of a fold gives for the images that validate. */
      readonly validation?: TestMetrics[K] | null;
    };
  }[T];

/** What a profile says of the steps that it counts: those behind the first, which compile. */
export interface ProfileSummary {
  /** Path of the trace. */
  readonly trace: string;
  readonly steps: number;
  readonly seconds: number;
  /** What was timed on the device: each launch, or, where it has no clock, each run from submit to fence. */
  readonly device_times: 'launches' | 'runs';
  /** Share of the time that the device computed. */
  readonly computing: number;
  /** Share of the time that the device had nothing to do while the training loop waited for images. */
  readonly waiting_for_data: number;
  /** The rest: between steps, and while a step is recorded. The three add up to 1. */
  readonly waiting_otherwise: number;
  /** The threads that prepare images, and the share of their time that they were busy. */
  readonly loader: { readonly threads: number; readonly busy: number };
  /** Where the device's time went, the most expensive kernel first; empty without times of launches. */
  readonly kernels: readonly KernelShare[];
  /** Memory of the program that takes the most within a step; parameters and moments come on top. */
  readonly memory: {
    readonly peak_bytes: number;
    /** What is alive at once: no order of the memory takes less. */
    readonly lower_bound_bytes: number;
    readonly ratio: number;
  };
}

/** A kernel's part in the time of all launches. */
export interface KernelShare {
  readonly kernel: string;
  readonly launches: number;
  readonly milliseconds: number;
  readonly share: number;
}

/** What all runs say. */
export interface RunDocument {
  readonly run: string;
  readonly device: DeviceSummary;
  readonly model: string;
  readonly weights: string;
  /** What its samples are. */
  readonly input: InputKind;
  readonly images: {
    readonly train: number;
    readonly val: number;
    readonly test: number;
    readonly skipped: readonly SkippedImage[];
  };
  readonly resolved_defaults: Readonly<Record<string, unknown>>;
  readonly parameters: { readonly total: number; readonly trainable: number };
  readonly epochs: readonly EpochRecord[];
  readonly checkpoints: { readonly best: string; readonly last: string };
  readonly resumed_from: string | null;
  readonly interrupted: boolean;
  /** How often this command lost its device, opened it anew and went on from what was saved. */
  readonly device_losses: number;
  /** Whether --patience ended the full stage before its last epoch. */
  readonly stopped_early: boolean;
  /**
   * Mean losses before the first step of the full stage, with the stored statistics of batch norm and with those of
   * batches, and the norm of the head's weights; null of a probe, and of a run that an earlier version began.
   */
  readonly beginning: {
    readonly stored_loss: number | null;
    /** Absent where no batch norm is trained with the statistics of batches. */
    readonly batch_loss?: number | null | undefined;
    readonly head_norm: number | null;
  } | null;
  /** Where the loss exploded and the run went back to its last save, by updates of the weights. */
  readonly explosions: readonly { readonly step: number; readonly from_step: number }[];
  /** The profile of a run with --profile; null where no step was finished. */
  readonly profile?: ProfileSummary | null;
}

/** A part of a data set, or all of it. */
export type MeasuredSplit = 'train' | 'val' | 'test' | 'all';

/** By which part of a data set is measured. */
export interface EvaluatedSplit {
  /** Null where the data set has no parts. */
  readonly split: MeasuredSplit | null;
  /** Images of the other parts; null where it has none. */
  readonly left_out: { readonly train: number; readonly val: number; readonly test: number } | null;
}

/** The JSON document of `attune evaluate`. */
export type EvaluateResult<T extends TaskKind = 'classification'> = {
  readonly [K in T]: TestMetrics[K] &
    EvaluatedSplit & {
      readonly task: K;
      /** What its samples are. */
      readonly input: InputKind;
      /** How many of the images the run was trained with; null without a run, or where it cannot be told any more. */
      readonly trained_on: number | null;
      readonly skipped: readonly SkippedImage[];
    };
}[T];

/** The JSON document of `attune predict`. */
export interface PredictResult<T extends TaskKind = 'classification'> {
  readonly model: string;
  readonly task: T;
  /** What its samples are. */
  readonly input: InputKind;
  readonly images: readonly (
    | ({ readonly path: string } & ModelAnswer[T])
    | { readonly path: string; readonly error: string }
  )[];
}
