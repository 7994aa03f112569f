/**
 * What the named choices of a recipe may be. Alone in a file without imports, so that the command line can show and
 * check them without loading the engine.
 */
export const STRATEGIES = ['probe', 'full', 'probe-then-full', 'gradual'] as const;
/** What the records of a probe's epochs call their stage; the others are of the full stage. */
export const HEAD_STAGE = 'head';
export const BATCH_NORMS = ['auto', 'train', 'frozen'] as const;
export const OPTIMIZERS = ['sgd', 'rmsprop', 'adam', 'adamw'] as const;
export const SCHEDULES = [
  'constant',
  'step',
  'multi-step',
  'exponential',
  'polynomial',
  'cosine',
  'cosine-restarts',
  'one-cycle',
  'slanted-triangular',
  'plateau',
] as const;
/** How a training step keeps its activations and their gradients. */
export const PRECISIONS = ['float32', 'mixed'] as const;
/** How much memory a training step takes. */
export const MEMORIES = ['normal', 'low'] as const;
/** What is done when the loss explodes. */
export const EXPLOSION_ANSWERS = ['stop', 'retry'] as const;
export const HEADS = ['logistic', 'nearest-neighbors', 'prototypes'] as const;
export const TEST_TIME_VIEWS = ['flip', 'five-crop', 'ten-crop'] as const;
/** By which part of a data set `attune evaluate` measures. */
export const SPLITS = ['train', 'val', 'test', 'all'] as const;
