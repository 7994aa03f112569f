/**
 * The runs that same-bytes.mjs makes with both builds. Each is
 *
 *     name
 *     data       parts, whole, uneven, labels.csv, values.csv or numbers.csv of data.mjs; default parts
 *     options    of `finetune`, over COMMON
 *     stop       batches of the full stage after which it is interrupted, and then resumed
 *     resume     options of `resume`, where it goes on
 *     after      commands on the finished run: words of the command line, in which RUN, DATA, IMAGES, WEIGHTS and OUT (a file
 *                or folder that is compared) stand for paths
 *     commands   the same without a run
 */

/** Of all runs: small, and on one thread, which changes no result. */
export const COMMON = {
  weights: 'WEIGHTS',
  imageSize: 32,
  batchSize: 8,
  epochs: 2,
  device: 'cpu',
  threads: 1,
  workers: 1,
};

/** What a probe has no use for. */
const PROBE = { strategy: 'probe', epochs: undefined, batchSize: undefined };
const FULL = { strategy: 'full' };
const SCRATCH = { weights: 'none', model: 'resnet-small', strategy: 'full' };
const SGD = { strategy: 'full', optimizer: 'sgd', lr: 0.002, headLr: 0.01 };
const WEBGPU = { device: 'webgpu', threads: undefined };
/** Statistics of batches are taken from 16 pictures on. */
const BATCHES = { batchSize: 16, batchNorm: 'train' };

const ALL_TARGETS = ['safetensors', 'pth', 'onnx', 'h5', 'json'].map((ending) => `convert RUN OUT.${ending}`);
const EXPLAIN = 'explain RUN IMAGES --out OUT';

export const RECIPES = [
  // Strategies and heads.
  {
    name: 'probe',
    options: PROBE,
    after: ['predict RUN IMAGES', 'evaluate RUN DATA', `${EXPLAIN} --neighbors 2`, 'convert RUN OUT.onnx'],
  },
  {
    name: 'probe of classes of three sizes, weighed',
    data: 'uneven',
    options: { ...PROBE, classWeights: 'balanced', valSplit: 0.25, headEpochs: 20 },
  },
  {
    name: 'probe, nearest neighbours',
    options: { ...PROBE, head: 'nearest-neighbors', neighbors: 5 },
    after: ['predict RUN IMAGES', 'evaluate RUN DATA', 'convert RUN OUT.safetensors'],
  },
  {
    name: 'probe, prototypes',
    options: { ...PROBE, head: 'prototypes' },
    after: ['predict RUN IMAGES --tta flip', 'evaluate RUN DATA --split val', 'convert RUN OUT.onnx'],
  },
  {
    name: 'probe-then-full',
    options: { strategy: 'probe-then-full' },
    after: [
      'predict RUN IMAGES --top 2 --tta five-crop',
      'evaluate RUN DATA --split all',
      EXPLAIN,
      `${EXPLAIN} --method grad-cam++`,
      `${EXPLAIN} --method integrated-gradients`,
      `${EXPLAIN} --method occlusion --class bee`,
      ...ALL_TARGETS,
      'advise RUN',
      'report RUN',
      'inspect RUN',
      'inspect RUN --layers',
    ],
  },
  { name: 'full', options: FULL },
  {
    name: 'gradual',
    options: { strategy: 'gradual', epochs: 4, unfreezeEpochs: 1 },
    after: ['predict RUN IMAGES', 'evaluate RUN DATA'],
  },
  {
    name: 'gradual with RMSprop, a rate by group',
    options: {
      strategy: 'gradual',
      trainFrom: 'layer2',
      epochs: 3,
      optimizer: 'rmsprop',
      momentum: 0.5,
      lrDecay: 0.5,
    },
  },
  { name: 'from layer3 on', options: { strategy: 'probe-then-full', trainFrom: 'layer3' } },

  // Networks.
  { name: 'nothing pretrained', options: SCRATCH },
  {
    name: 'MobileNetV2',
    options: { ...SCRATCH, model: 'mobilenet_v2', epochs: 1 },
    after: ['predict RUN IMAGES', EXPLAIN, ...ALL_TARGETS],
  },
  {
    name: 'MobileNetV2, probe then layers from 100 on by Adam',
    options: {
      weights: 'none',
      model: 'mobilenet_v2-keras',
      strategy: 'probe-then-full',
      trainFrom: '100',
      epochs: 1,
      optimizer: 'adam',
    },
    after: ['evaluate RUN DATA'],
  },
  {
    name: 'MobileNetV2, stochastic depth and a rate by layer',
    options: {
      ...SCRATCH,
      model: 'mobilenet_v2',
      epochs: 1,
      stochasticDepth: 0.2,
      lrDecay: 0.9,
      batchSize: 24,
      microBatch: 12,
    },
  },
  {
    name: 'ResNet18, probe',
    options: { ...PROBE, model: 'resnet18', weights: 'none' },
    after: ['predict RUN IMAGES', 'convert RUN OUT.pth --names timm'],
  },

  // Optimisers and schedules.
  { name: 'SGD, step', options: { ...SGD, schedule: 'step', stepSize: 1, gamma: 0.5 } },
  {
    name: 'SGD without Nesterov, multi-step',
    options: { ...SGD, epochs: 3, nesterov: false, schedule: 'multi-step', milestones: [1, 2] },
  },
  { name: 'SGD, one-cycle', options: { ...SGD, schedule: 'one-cycle' } },
  { name: 'RMSprop, exponential', options: { ...FULL, optimizer: 'rmsprop', schedule: 'exponential' } },
  {
    name: 'Adam, polynomial',
    options: { ...FULL, optimizer: 'adam', schedule: 'polynomial', power: 2, weightDecay: 0.001 },
  },
  {
    name: 'AdamW, cosine-restarts, warm-up',
    options: {
      ...FULL,
      optimizer: 'adamw',
      weightDecay: 0.05,
      schedule: 'cosine-restarts',
      cycleEpochs: 1,
      warmup: 0.2,
    },
  },
  { name: 'AdamW, slanted-triangular', options: { ...FULL, schedule: 'slanted-triangular', peak: 0.3 } },
  {
    name: 'SGD, plateau, patience',
    options: { ...SGD, epochs: 4, schedule: 'plateau', plateauPatience: 0, gamma: 0.5, patience: 2 },
  },
  { name: 'constant rate', options: { ...FULL, schedule: 'constant', warmup: 0 } },

  // Methods.
  { name: 'mixup', options: { ...FULL, mixup: 0.4 } },
  { name: 'CutMix', options: { ...FULL, cutmix: 1 } },
  {
    name: 'mixup, CutMix and label smoothing',
    options: { ...SGD, mixup: 0.4, cutmix: 1, labelSmoothing: 0.1 },
  },
  { name: 'label smoothing', options: { strategy: 'probe-then-full', labelSmoothing: 0.1 } },
  { name: 'random erasing', options: { ...FULL, randomErasing: 0.5 } },
  { name: 'stochastic depth', options: { ...FULL, stochasticDepth: 0.3 } },
  { name: 'SAM', options: { ...SGD, sam: 0.05 } },
  { name: 'EMA', options: { ...FULL, ema: 0.7 }, after: ['predict RUN IMAGES', 'evaluate RUN DATA'] },
  { name: 'EMA, SAM and statistics of batches', options: { ...SGD, ...BATCHES, ema: 0.7, sam: 0.05 } },
  {
    name: 'class weights',
    data: 'uneven',
    options: { strategy: 'probe-then-full', valSplit: 0.25, classWeights: 'power=0.5' },
  },
  { name: 'balanced sampling', data: 'uneven', options: { ...FULL, valSplit: 0.25, sampling: 'balanced' } },
  { name: 'a rate by layer', options: { ...FULL, lrDecay: 0.75 } },
  { name: 'L2-SP and short gradients', options: { ...SGD, l2Sp: 0.01, maxGradientNorm: 0.5 } },
  { name: 'accumulation, frozen statistics', options: { ...FULL, microBatch: 3, batchNorm: 'frozen' } },
  { name: 'statistics of batches, a last batch', options: { ...FULL, batchSize: 23, batchNorm: 'train' } },
  { name: 'low memory', options: { ...FULL, ...BATCHES, memory: 'low' } },
  {
    name: 'policies of augmentation',
    options: { ...FULL, augment: 'standard,rand-augment,grayscale', cropScale: 0.5 },
  },
  { name: 'turns, colours, blur', options: { ...FULL, augment: 'flip,rotate=30,color-jitter=0.3,blur' } },
  { name: 'no augmentation, no histograms', options: { ...FULL, augment: 'none', histograms: false } },

  // Data.
  {
    name: 'labels of a CSV file',
    data: 'labels.csv',
    options: { strategy: 'probe-then-full', label: 'kind' },
    after: ['evaluate RUN DATA'],
  },
  { name: 'nothing to validate with', data: 'whole', options: { ...FULL, valSplit: 0, tensorboard: false } },
  { name: 'one fold of three', data: 'whole', options: { ...FULL, folds: 3, fold: 2, seed: 7 } },
  {
    name: 'cross-validation',
    data: 'whole',
    options: { ...PROBE, folds: 3 },
    after: ['compare RUN/fold-1 RUN/fold-2 --out OUT.html', 'report RUN'],
  },

  // Values.
  {
    name: 'regression, probe',
    data: 'values.csv',
    options: PROBE,
    after: [
      'predict RUN IMAGES',
      'evaluate RUN DATA',
      'convert RUN OUT.onnx',
      'convert RUN OUT.safetensors',
      'report RUN',
    ],
  },
  {
    name: 'regression, probe-then-full',
    data: 'values.csv',
    options: { strategy: 'probe-then-full', target: ['light'] },
    after: ['predict RUN IMAGES'],
  },
  {
    name: 'regression, gradual, all methods',
    data: 'values.csv',
    options: {
      strategy: 'gradual',
      epochs: 4,
      mixup: 0.4,
      randomErasing: 0.3,
      ema: 0.7,
      sam: 0.02,
      microBatch: 4,
    },
  },
  { name: 'regression, folds', data: 'numbers.csv', options: { ...FULL, epochs: 1, folds: 2 } },

  // Interrupted and resumed.
  { name: 'resumed within an epoch', options: { ...SGD }, stop: 4 },
  {
    name: 'resumed, EMA and SAM',
    options: { ...FULL, ema: 0.7, sam: 0.05, mixup: 0.4, stochasticDepth: 0.2 },
    stop: 2,
  },
  {
    name: 'resumed, gradual, for more epochs',
    options: { strategy: 'gradual', epochs: 4 },
    stop: 4,
    resume: { epochs: 5 },
  },
  {
    name: 'resumed, regression by Adam',
    data: 'values.csv',
    options: { ...FULL, optimizer: 'adam', l2Sp: 0.01, microBatch: 5 },
    stop: 3,
  },
  {
    name: 'resumed, RMSprop and plateau',
    options: {
      ...FULL,
      epochs: 3,
      optimizer: 'rmsprop',
      momentum: 0.9,
      schedule: 'plateau',
      plateauPatience: 0,
    },
    stop: 5,
  },

  // WebGPU: on a software adapter compiling the shaders takes longest.
  {
    name: 'WebGPU, probe-then-full',
    options: { ...WEBGPU, strategy: 'probe-then-full', epochs: 1 },
    after: ['predict RUN IMAGES'],
  },
  {
    name: 'WebGPU, mixed precision',
    options: {
      ...WEBGPU,
      ...SGD,
      ...BATCHES,
      epochs: 1,
      precision: 'mixed',
      mixup: 0.4,
      cutmix: 1,
      randomErasing: 0.3,
      sam: 0.05,
      ema: 0.7,
      augment: 'standard,trivial-augment',
    },
  },
  {
    name: 'WebGPU, regression, resumed',
    data: 'values.csv',
    options: { ...WEBGPU, ...FULL, epochs: 1, microBatch: 4 },
    stop: 2,
  },

  // Without a run.
  {
    name: 'commands without a run',
    commands: [
      'advise DATA --weights WEIGHTS',
      'lr-find DATA --weights WEIGHTS --image-size 32 --batch-size 8 --iterations 20 --strategy full',
      'schedule --images 100 --strategy full --schedule one-cycle --epochs 3',
      'augment DATA --image-size 32 --augment standard,trivial-augment --count 3 --views 2 --out OUT.png',
      'predict --weights WEIGHTS IMAGES',
      'convert WEIGHTS OUT.onnx',
      'finetune DATA --weights WEIGHTS --image-size 32 --strategy probe-then-full --epochs 1 --batch-size 8 --label-smoothing 0.1 --mixup 0.2 --ema 0.9 --out OUT',
    ],
  },
];
