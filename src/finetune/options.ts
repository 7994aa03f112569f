/** What callers of this folder pass in and get back: the same shapes as the command line's flags and `--json`. */
import type { Listener } from './events.js';
import type { Metrics } from './evaluation/metrics.js';
import type { RegressionReport } from './evaluation/regression-metrics.js';

/** What every long function takes beside its own options. */
export interface RunContext {
  readonly onEvent?: Listener;
  /** Aborting ends the work soon, with an AttuneError of code 'interrupted'. */
  readonly signal?: AbortSignal;
}

/** Which device to compute on. */
export interface DeviceOptions {
  readonly device?: 'auto' | 'webgpu' | 'cpu';
  /** Part of a GPU adapter's name. */
  readonly adapter?: string;
  /** Threads of the CPU device; results do not depend on it. Default: as many as the processor runs at once. */
  readonly threads?: number;
}

/** Whether to look at what a run spends its time with (profile/profile.ts). */
export interface ProfileOptions {
  /** Profiles the first steps of the full stage; a table of it is in the result, and a trace in the run folder. */
  readonly profile?: boolean;
  /** The most steps that are profiled; at most one epoch is. Default: 50. */
  readonly profileSteps?: number;
}

/** A trained run (its folder, or a checkpoint file in it), or a model with weights. */
export interface ModelSource {
  /** A run folder or a checkpoint that attune wrote. */
  readonly run?: string;
  /** torchvision's name; inferred from `weights` when that is enough. */
  readonly model?: string;
  /** A file, a catalogue name or `hf:owner/name@revision`. Default: the model's default weights. */
  readonly weights?: string;
}

/** The flags of `attune finetune`; what is absent follows from the recipe, then from the defaults (recipe.ts). */
export interface FinetuneOptions extends DeviceOptions, ProfileOptions {
  /** A folder with a folder of images per class; or a CSV file of images and values, for a regression. */
  readonly data: string;
  /** Of a CSV file: the folder that its paths are relative to. Default: that of the file. */
  readonly images?: string;
  /** Of a CSV file: the columns to predict. Default: all but the first, which has the images, and split. */
  readonly target?: readonly string[];
  /** A recipe's name, or a JSON file with some of its fields; flags win over it. */
  readonly recipe?: string;
  readonly model?: string;
  /** A file, a catalogue name, `hf:owner/name@revision`, or 'none' for random initial values. */
  readonly weights?: string;
  readonly val?: string;
  readonly valSplit?: number;
  /** Parts of equal size, and of equal classes, that the images are cut into for `fold` and `crossValidate`. */
  readonly folds?: number;
  /** The part that validates, from 1 to `folds`; the others train. */
  readonly fold?: number;
  /** 'probe', 'full', 'probe-then-full' or 'gradual'. */
  readonly strategy?: string;
  /** The lowest layer that the full stage trains: a name, or its index in `attune inspect --layers`. */
  readonly trainFrom?: string;
  /** Epochs after which the strategy 'gradual' lets the next group of layers join. */
  readonly unfreezeEpochs?: number;
  /** 'auto', 'train' or 'frozen'. */
  readonly batchNorm?: string;
  /** Epochs of the full stage. */
  readonly epochs?: number;
  /** Ends the full stage after so many epochs without a better one. */
  readonly patience?: number;
  /** What the probe ends with: 'logistic', 'nearest-neighbors' or 'prototypes' (stored-heads.ts). */
  readonly head?: string;
  /** Training images that vote on a class with the head 'nearest-neighbors'. Default: 20, or all if they are fewer. */
  readonly neighbors?: number;
  /** The most iterations of the head. Default: until it converges. */
  readonly headEpochs?: number;
  /** Images per update of the weights. */
  readonly batchSize?: number;
  /** Images that are computed at once; several make a batch. Default 'auto': as many of a batch as fit. */
  readonly microBatch?: number | 'auto';
  /** Side of the network's input in pixels. */
  readonly imageSize?: number;
  /** 'sgd', 'rmsprop', 'adam' or 'adamw'. */
  readonly optimizer?: string;
  /** Learning rate of the trunk. */
  readonly lr?: number;
  /** Learning rate of the head. Default: ten times the trunk's. */
  readonly headLr?: number;
  /** Factor on the trunk's rate from each layer to the one below it, at most 1; ULMFiT's 2.6 is 0.385. With 'gradual', from each group of layers. */
  readonly lrDecay?: number;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  /** Not applied to norms and biases. */
  readonly weightDecay?: number;
  /** L2-SP: pull of the trunk's weights to where they began, in place of their weight decay. */
  readonly l2Sp?: number;
  /** Decay of the moving average of the weights; the average is validated and exported. */
  readonly ema?: number;
  /** 'constant', 'step', 'multi-step', ...: SCHEDULES has them all, and optim/schedules.ts their formulas. */
  readonly schedule?: string;
  /** Epochs between the steps of the schedule 'step'. */
  readonly stepSize?: number;
  /** Factor of each step of the schedules 'step', 'multi-step', 'exponential' and 'plateau'. */
  readonly gamma?: number;
  /** Epochs at which the schedule 'multi-step' steps, ascending. */
  readonly milestones?: readonly number[];
  /** Exponent of the schedule 'polynomial'. */
  readonly power?: number;
  /** Epochs of the first cycle of 'cosine-restarts'. */
  readonly cycleEpochs?: number;
  /** How many times as long each cycle of 'cosine-restarts' is as the one before. */
  readonly cycleFactor?: number;
  /** Share of the steps over which 'one-cycle' and 'slanted-triangular' rise. */
  readonly peak?: number;
  /** The highest rate of 'one-cycle' and 'slanted-triangular' by their first. */
  readonly divisor?: number;
  /** The first rate of 'one-cycle' by its last. */
  readonly finalDivisor?: number;
  /** Momentum of 'one-cycle' where its rate is highest. Default: 0.1 less than the momentum. */
  readonly peakMomentum?: number;
  /** Epochs without a lower loss that the schedule 'plateau' bears. */
  readonly plateauPatience?: number;
  /** Share of the steps over which the rate rises. */
  readonly warmup?: number;
  /** 'none', 'flip' or 'standard', and behind it parts with commas between them: 'standard,color-jitter=0.4' (data/augment-parts.ts). */
  readonly augment?: string;
  /** 'none', 'balanced', or 'power=0.5': images of a class weigh 1 / count^power in the losses of head and full stage. */
  readonly classWeights?: string;
  /** 'shuffled' or 'balanced': whether the full stage sees each class equally often (data/sampling.ts). */
  readonly sampling?: string;
  readonly labelSmoothing?: number;
  /** Mixup by shares from Beta(alpha, alpha), and CutMix; with both, one of them for each batch. 0: not. */
  readonly mixup?: number;
  readonly cutmix?: number;
  /** Probability that a rectangle of an image is erased. */
  readonly randomErasing?: number;
  /** Probability that the last residual branch is dropped for an image; lower ones less, in proportion. */
  readonly stochasticDepth?: number;
  /** Radius of sharpness-aware minimisation; 0: not. */
  readonly sam?: number;
  /**
   * 'float32' or 'mixed', on GPUs: activations and their gradients are kept as float16, so that half the memory does,
   * and multiplied with weights as float16; the weights themselves, sums and statistics stay float32. Default: 'float32'.
   */
  readonly precision?: string;
  /**
   * 'low': what is cheap to compute of a step's activations is computed again in the backward pass instead of kept for it:
   * the same bytes in less memory, and a little more time. Default: 'normal'.
   */
  readonly memory?: string;
  /** The largest norm of the gradients; 0: no limit. */
  readonly maxGradientNorm?: number;
  /** Threads that decode images. */
  readonly workers?: number;
  readonly seed?: number;
  /** Minutes after which the run is saved within an epoch, too; 0: only at its end. Default: 10. */
  readonly checkpointMinutes?: number;
  /** 'stop' or 'retry': what a run does whose loss is not finite, or 100 times that of guessing and of the steps before (run/explosion.ts). */
  readonly onExplosion?: string;
  /** The run folder to create. Default: runs/<date>_<time>_<model>. */
  readonly out?: string;
  /** Whether the run folder has event files, which TensorBoard shows. Default true. */
  readonly tensorboard?: boolean;
  /** Whether they have histograms of weights and gradients at the end of every epoch. Default true. */
  readonly histograms?: boolean;
}

/** Going on with a run: everything else comes from its folder. */
export interface ResumeOptions {
  /** The run folder. */
  readonly resume: string;
  /** Another number of epochs of the full stage. */
  readonly epochs?: number;
  readonly checkpointMinutes?: number;
  readonly onExplosion?: string;
  readonly device?: DeviceOptions['device'];
  readonly threads?: number;
}

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
  /** Of a classification, as `val_accuracy`. */
  readonly train_accuracy?: number | null | undefined;
  readonly val_loss: number | null;
  readonly val_accuracy?: number | null | undefined;
  /** Of a regression: means over its columns, each in its unit. */
  readonly val_mae?: number | null | undefined;
  readonly val_r2?: number | null | undefined;
  readonly seconds: number;
  readonly images_per_second: number | null;
}

/** What a network is trained for: classes, or values of a CSV file. */
export type TaskKind = 'classification' | 'regression';

/** How good a model is on labelled images. */
export interface TestMetrics {
  readonly classification: Metrics;
  readonly regression: RegressionReport;
}

/** What a model says of an image. */
export interface ModelAnswer {
  readonly classification: { readonly predictions: readonly Prediction[] };
  /** By column, in its unit. */
  readonly regression: { readonly values: Readonly<Record<string, number>> };
}

/** What the documents of runs say that depends on the task. */
export interface Outcomes {
  readonly classification: {
    readonly document: { readonly classes: readonly string[] };
    readonly best: {
      readonly epoch: number;
      readonly val_accuracy: number | null;
      readonly interval: readonly [number, number] | null;
    };
  };
  readonly regression: {
    readonly document: { readonly columns: readonly string[] };
    readonly best: {
      readonly epoch: number;
      readonly val_loss: number | null;
      readonly val_mae: number | null;
      readonly val_r2: number | null;
    };
  };
}

export type Outcome<T extends TaskKind = TaskKind> = Outcomes[T];

/**
 * The JSON document of `attune finetune`: that of a classification, or of a regression by `FinetuneResult<'regression'>`.
 */
export type FinetuneResult<T extends TaskKind = 'classification'> = RunDocument &
  {
    readonly [K in T]: Outcomes[K]['document'] & {
      readonly best: Outcomes[K]['best'];
      readonly test: TestMetrics[K] | null;
      /** Of a fold: what its best checkpoint gives for the images that validate. */
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
  /** Of the program that takes the most within a step; parameters and moments come on top. */
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
  /** Where the loss exploded and the run went back to its last save, by updates of the weights. */
  readonly explosions: readonly { readonly step: number; readonly from_step: number }[];
  /** Of a run with --profile; null where no step was finished. */
  readonly profile?: ProfileSummary | null;
}

/** The JSON document of `attune evaluate`. */
export type EvaluateResult<T extends TaskKind = 'classification'> = {
  readonly [K in T]: TestMetrics[K] & { readonly skipped: readonly SkippedImage[] };
}[T];

/** One class for an image. */
export interface Prediction {
  readonly label: string;
  readonly index: number;
  /** Calibrated by the temperature of the checkpoint, where it has one (calibration.ts). */
  readonly probability: number;
  /** As the network gives it. */
  readonly logit: number;
}

/** The JSON document of `attune predict`. */
export interface PredictResult<T extends TaskKind = 'classification'> {
  readonly model: string;
  readonly images: readonly (
    | ({ readonly path: string } & ModelAnswer[T])
    | { readonly path: string; readonly error: string }
  )[];
}
