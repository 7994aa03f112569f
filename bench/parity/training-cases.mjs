/** What bench/parity/training.mjs compares, and how close it must be. */

const RESNET50 = {
  model: 'resnet50',
  classes: 1000,
  batch: 4,
  side: 64,
  channels: 3,
  batches: 5,
  kinkMargin: 0,
};
/** Few enough activations that none need be within rounding of a ReLU's kink at the first step. */
const SMALL = {
  model: 'resnet-small',
  classes: 10,
  batch: 8,
  side: 16,
  channels: 3,
  batches: 10,
  kinkMargin: 1e-6,
};
const SGD = { optimizer: 'sgd', weightDecay: 1e-4 };
const ADAM = { optimizer: 'adam', lr: 1e-4, weightDecay: 1e-4 };

/** Limits of float64: there is nothing but rounding of 1e-16, which 20 steps may enlarge. */
const EXACT = { gradients: 1e-9, losses: 1e-6, statistics: 1e-9 };

/** How many times further than PyTorch's own float32 a result may be from float64. */
export const SPREADS = 4;

/**
 * By network, the parameters whose gradient is zero in exact arithmetic. In networks of inverted residuals the shift of the last
 * batch norm of a block only adds a constant to each channel; the 1x1 convolutions that it reaches, there and behind later
 * blocks, make constants of it, which the batch norm behind each of them takes away.
 */
export const WITHOUT_GRADIENT = {
  mobilenet_v2: /^features\.(?:1\.conv\.2|\d+\.conv\.3)\.bias$/,
  mobilenet_v3_large: /^features\.(?:1\.block\.1|\d+\.block\.[23])\.1\.bias$/,
  mobilenet_v3_small: /^features\.\d+\.block\.[23]\.1\.bias$/,
  efficientnet_b0: /^features\.\d+\.\d+\.block\.[23]\.1\.bias$/,
};

/** What rounding may leave of such a gradient, as a share of the largest gradient of all. */
export const ROUNDING = { float64: 1e-12, float32: 1e-4 };

/**
 * Each network starts from random arrays ('random'), PyTorch's initial values ('default'), or those with the last
 * scale of each residual block at zero ('zero'). Momentum is 0.9, batch norm trains. From random arrays, rates of SGD
 * above 1e-4 make chaos of 20 steps even in float64: PyTorch's own runs part by more than the limits. `limits` are relative, of
 * gradients and statistics to the largest element of a tensor; what has none may stray SPREADS times as far from
 * float64 as PyTorch in the same precision.
 */
export const CASES = {
  'float64-sgd': {
    ...RESNET50,
    ...SGD,
    lr: 3e-5,
    initial: 'random',
    precision: 'float64',
    steps: 20,
    limits: EXACT,
  },
  'float64-adam': { ...RESNET50, ...ADAM, initial: 'random', precision: 'float64', steps: 20, limits: EXACT },
  'float32-zero': {
    ...RESNET50,
    ...SGD,
    lr: 1e-3,
    initial: 'zero',
    precision: 'float32',
    steps: 10,
    limits: { losses: 1e-4 },
  },
  'float32-default': {
    ...RESNET50,
    ...SGD,
    lr: 1e-4,
    initial: 'default',
    precision: 'float32',
    steps: 10,
    limits: {},
  },
  'float32-small': {
    ...SMALL,
    ...SGD,
    lr: 0.01,
    initial: 'default',
    precision: 'float32',
    steps: 100,
    limits: {},
  },
};
