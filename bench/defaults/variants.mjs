/**
 * The networks, and the ways to train them that bench/defaults.mjs measures. A way has the options of `finetune` by network,
 * and says where it is not for all networks, tasks and seeds.
 */
import { fileURLToPath } from 'node:url';

/** Each network with its weights; those of `mobilenet` are made of a package. */
export const NETWORKS = {
  small: fileURLToPath(new URL('../../weights/demo/garments.safetensors', import.meta.url)),
  mobilenet: null,
};

/** Two tasks that differ most in how well a probe does, and three seeds, for what is not the default. */
const FEW = { tasks: ['clipart', 'cells'], seeds: 3 };
/** The rate behind a fitted head is measured for other optimisers than the default, too. */
const OTHER = { networks: ['small'], seeds: 3 };
/** From random values only the small network learns in minutes. */
const SCRATCH = { networks: ['small'], tasks: ['fashion', 'emoji-kinds', 'cells'], seeds: 3 };
const UNTRAINED = { weights: 'none', model: 'resnet-small', imageSize: 32 };

/** The rates, statistics and clipping of the defaults until November 2026. */
const OLD = { optimizer: 'sgd', lr: 0.001, headLr: 0.01, weightDecay: 1e-4, maxGradientNorm: 0 };

export const WAYS = {
  /** What everything is measured against. */
  probe: { options: () => ({ strategy: 'probe' }) },
  /** The defaults as they are, and as they were. */
  new: { options: () => ({ strategy: 'probe-then-full' }) },
  old: { options: () => ({ strategy: 'probe-then-full', batchNorm: 'train', ...OLD }) },

  full: { ...FEW, options: () => ({ strategy: 'full' }) },
  gradual: { ...FEW, options: () => ({ strategy: 'gradual' }) },
  /** The default strategy at the rates that `lr-find` suggests. */
  'lr-find': { ...FEW, findsRate: true, options: () => ({ strategy: 'probe-then-full' }) },
  article: {
    ...FEW,
    options: (network) =>
      network === 'small'
        ? { recipe: 'article-resnet50', model: 'resnet-small', imageSize: 32 }
        : { recipe: 'article-mobilenetv2' },
  },

  sgd: { ...OTHER, options: () => ({ strategy: 'probe-then-full', optimizer: 'sgd' }) },
  rmsprop: { ...OTHER, options: () => ({ strategy: 'probe-then-full', optimizer: 'rmsprop' }) },

  scratch: { ...SCRATCH, options: () => UNTRAINED },
  /** The small data sets' epochs of fine-tuning, and its rate. */
  'scratch-old': {
    ...SCRATCH,
    options: () => ({ ...UNTRAINED, strategy: 'full', epochs: 30, batchNorm: 'train', ...OLD }),
  },
};

/** Whether a way is measured there. */
export function isMeasured(way, network, task, seed, extra) {
  const { networks, tasks, seeds = Infinity } = WAYS[way];
  const isTask = tasks === undefined ? !extra.includes(task) : tasks.includes(task);
  return (networks === undefined || networks.includes(network)) && isTask && seed <= seeds;
}
