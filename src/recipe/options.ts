/** What callers of this folder pass in: the same shapes as the command line's flags. What they get back: results.ts. */
import type { Listener } from './events.js';
import type { MethodOptions } from '../methods/index.js';

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

/** Whether to look at what a run spends its time with (training/profile/profile.ts). */
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
export interface FinetuneOptions extends DeviceOptions, ProfileOptions, MethodOptions {
  /** A folder with a folder of images per class; or a CSV file of images with their labels or values. */
  readonly data: string;
  /** The folder that the paths of a CSV file are relative to. Default: that of the file. */
  readonly images?: string;
  /**
   * The column of labels in a CSV file, for a classification; several in a field, as in cat;dog, make it multi-label.
   * Default: where neither this nor `target` is given, the file says what is learnt by what its columns hold
   * (inputs/image/choose-columns.ts).
   */
  readonly label?: string;
  /** The columns of values in a CSV file, for a regression. */
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
  /** 'none', 'flip' or 'standard', and behind it parts with commas between them: 'standard,color-jitter=0.4' (inputs/image/augment-parts.ts). */
  readonly augment?: string;
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
  /** Threads that decode images. */
  readonly workers?: number;
  readonly seed?: number;
  /** Minutes after which the run is saved within an epoch, too; 0: only at its end. Default: 10. */
  readonly checkpointMinutes?: number;
  /** 'stop' or 'retry': what a run does whose loss is not finite, or 100 times that of guessing and of the steps before (training/explosion.ts). */
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
