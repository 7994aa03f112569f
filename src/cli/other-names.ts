/**
 * What other tools call things, and what attune calls them: for the hint of a wrong command line, where the spelling
 * alone leads nowhere. Only hints are taken from here: attune obeys its own names alone.
 */

type Names = Readonly<Record<string, string>>;

/** Commands. */
export const COMMAND_NAMES: Names = {
  train: 'finetune',
  fit: 'finetune',
  test: 'evaluate',
  eval: 'evaluate',
  val: 'evaluate',
  validate: 'evaluate',
  classify: 'predict',
  infer: 'predict',
  inference: 'predict',
  run: 'predict',
  info: 'inspect',
  show: 'inspect',
  download: 'weights get',
  models: 'weights list',
  devices: 'doctor',
  version: '--version',
};

/** Flags, without their hyphens at the start. */
export const FLAG_NAMES: Names = {
  arch: 'model',
  architecture: 'model',
  backbone: 'model',
  network: 'model',
  checkpoint: 'weights',
  pretrained: 'weights',
  freeze: 'train-from',
  'freeze-layers': 'train-from',
  'fine-tune-at': 'train-from',
  'trainable-layers': 'train-from',
  'val-dir': 'val',
  'validation-data': 'val',
  'validation-split': 'val-split',
  'crop-size': 'image-size',
  'img-size': 'image-size',
  imgsz: 'image-size',
  'input-size': 'image-size',
  resolution: 'image-size',
  augmentation: 'augment',
  augmentations: 'augment',
  'auto-augment': 'augment',
  aa: 'augment',
  'color-jitter': 'augment',
  'test-time-augmentation': 'tta',
  j: 'workers',
  e: 'epochs',
  b: 'batch-size',
  batch: 'batch-size',
  bs: 'batch-size',
  accumulate: 'micro-batch',
  'gradient-accumulation-steps': 'micro-batch',
  'clip-grad': 'max-gradient-norm',
  'grad-clip': 'max-gradient-norm',
  amp: 'precision',
  'gradient-checkpointing': 'memory',
  'low-memory': 'memory',
  fp16: 'precision',
  'mixed-precision': 'precision',
  'gradient-clip': 'max-gradient-norm',
  'mixup-alpha': 'mixup',
  'cutmix-alpha': 'cutmix',
  'random-erase': 'random-erasing',
  reprob: 'random-erasing',
  'drop-path': 'stochastic-depth',
  'drop-path-rate': 'stochastic-depth',
  'sam-rho': 'sam',
  rho: 'sam',
  'label-col': 'label',
  'label-column': 'label',
  'y-col': 'label',
  'class-column': 'label',
  'target-column': 'target',
  'target-columns': 'target',
  'image-root': 'images',
  'random-seed': 'seed',
  'random-state': 'seed',
  'learning-rate': 'lr',
  'base-lr': 'lr',
  wd: 'weight-decay',
  'lr-schedule': 'schedule',
  'lr-scheduler': 'schedule',
  'lr-gamma': 'gamma',
  'lr-step-size': 'step-size',
  'warmup-ratio': 'warmup',
  config: 'recipe',
  continue: 'resume',
  'resume-from': 'resume',
  o: 'out',
  output: 'out',
  'output-dir': 'out',
  'save-dir': 'out',
  cuda: 'device',
  gpu: 'device',
  gpus: 'device',
  'cpu-threads': 'threads',
  k: 'top',
  topk: 'top',
  v: 'version',
};

/** Values of --device. */
export const DEVICE_NAMES: Names = {
  gpu: 'webgpu',
  cuda: 'webgpu',
  dawn: 'webgpu',
  dml: 'webgpu',
  metal: 'webgpu',
  mps: 'webgpu',
  vulkan: 'webgpu',
  wasm: 'cpu',
};

/** Words of --augment. */
export const AUGMENT_NAMES: Names = {
  hflip: 'flip',
  'random-resized-crop': 'standard',
  ra: 'rand-augment',
  ta: 'trivial-augment',
  'ta-wide': 'trivial-augment',
  trivialaugmentwide: 'trivial-augment',
  jitter: 'color-jitter',
  color: 'color-jitter',
  rotation: 'rotate',
  gray: 'grayscale',
  'gaussian-blur': 'blur',
};

/** Values of --strategy. */
export const STRATEGY_NAMES: Names = {
  head: 'probe',
  linear: 'probe',
  'linear-probe': 'probe',
  'feature-extraction': 'probe',
  all: 'full',
  finetune: 'full',
  'fine-tune': 'full',
  ulmfit: 'gradual',
  'gradual-unfreezing': 'gradual',
};

/** Values of --split. */
export const SPLIT_NAMES: Names = {
  training: 'train',
  valid: 'val',
  validation: 'val',
  dev: 'val',
  testing: 'test',
};

/** Values of --head. */
export const HEAD_NAMES: Names = {
  linear: 'logistic',
  'logistic-regression': 'logistic',
  knn: 'nearest-neighbors',
  'k-nn': 'nearest-neighbors',
  neighbors: 'nearest-neighbors',
  kneighbors: 'nearest-neighbors',
  centroid: 'prototypes',
  'nearest-centroid': 'prototypes',
  protonet: 'prototypes',
  ncm: 'prototypes',
};

/** attune's name for a word of another tool, whatever its case and its hyphens; undefined when none is known. */
export function ourName(word: string, names: Names): string | undefined {
  const plain = word.toLowerCase().replace(/^-+/, '').replaceAll('_', '-');
  return Object.hasOwn(names, plain) ? names[plain] : undefined;
}
