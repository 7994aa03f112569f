/** The networks and the defaults that bench/defaults.mjs compares. */
import { fileURLToPath } from 'node:url';

/** Each network with its weights; those of `mobilenet` are made of a package. */
export const NETWORKS = {
  small: fileURLToPath(new URL('../../weights/demo/garments.safetensors', import.meta.url)),
  mobilenet: null,
};

export const DEFAULTS = {
  /** What everything is measured against. */
  probe: { strategy: 'probe' },
  /** As they are. */
  new: { strategy: 'probe-then-full' },
  /** As they were until November 2026. */
  old: {
    strategy: 'probe-then-full',
    optimizer: 'sgd',
    lr: 0.001,
    headLr: 0.01,
    weightDecay: 1e-4,
    batchNorm: 'train',
    maxGradientNorm: 0,
  },
};
