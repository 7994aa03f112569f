/** The flags of `attune augment`: its own, and those of `attune finetune` that say what an image looks like in training. */
import type { PreviewAugmentOptions } from '../finetune/index.js';
import { IMAGES, TRAINING } from './finetune-flags.js';
import { DEVICE_FLAGS, type Flags, WORKERS_FLAG } from './flags.js';
import { wholeNumber, words } from './values.js';

export type AugmentFlags = Omit<PreviewAugmentOptions, 'data'> & {
  /** The PNG file to write. */
  readonly out?: string;
};

export const AUGMENT_FLAGS: Flags<AugmentFlags> = {
  augment: IMAGES.augment,
  count: {
    value: '<number>',
    help: 'How many images to show, spread over the classes. Default: 8.',
    parse: wholeNumber(1, 100),
  },
  views: {
    value: '<number>',
    help: 'How many epochs of each. Default: 5.',
    parse: wholeNumber(1, 50),
  },
  out: {
    value: '<file>',
    help: 'The PNG file to write; a file that attune did not write is never replaced. Default: augment.png.',
    parse: words,
  },
  imageSize: IMAGES.imageSize,
  images: IMAGES.images,
  label: IMAGES.label,
  target: IMAGES.target,
  val: IMAGES.val,
  valSplit: IMAGES.valSplit,
  seed: TRAINING.seed,
  ...WORKERS_FLAG,
  ...DEVICE_FLAGS,
};
