/**
 * A vision Transformer for small images, 28 to 64 pixels, beside the ResNet for them: patches of 4 x 4 pixels, 6 blocks of 128
 * channels with 4 heads, positions for 32 x 32 pixels. An image costs about as many products as it does there.
 */
import { refuseUnknownOptions } from '../option-names.js';
import { type Family, hasShape, type ModelEntry } from './family.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import {
  FINE_TUNING,
  HUGGING_FACE,
  imageSizeIn,
  sizesIn,
  VIT_OPTIONS,
  VisionTransformer,
  type ViTOptions,
} from './vit.js';

const SIZES = { patch: 4, layers: 6, heads: 4, channels: 128, feedForward: 256 };
const IMAGE_SIZE = 32;

/** A vision Transformer for small images; 811,146 parameters by default with 10 classes (`classes` defaults to 10 here). */
export function vitSmall(options: ViTOptions = {}): VisionTransformer {
  refuseUnknownOptions(options, VIT_OPTIONS, 'vitSmall');
  const { classes = 10, imageSize = IMAGE_SIZE } = options;
  return new VisionTransformer('vit-small', SIZES, { ...options, classes, imageSize });
}

const networks = {
  'vit-small': {
    name: 'vit-small',
    create: (options) => vitSmall({ classes: 1000, ...options }),
    defaultWeights: null,
    preprocessing: { ...IMAGENET_PREPROCESSING, resize: 37, crop: IMAGE_SIZE },
  },
} as const satisfies Record<string, ModelEntry>;

export const SMALL_VIT: Family<keyof typeof networks> = {
  networks,
  headName: 'heads.head',
  fineTuning: FINE_TUNING,
  detect: (shapes) =>
    sizesIn(shapes) === '128 4 6' &&
    hasShape(shapes, 'encoder.layers.encoder_layer_0.mlp.0.weight', [SIZES.feedForward, SIZES.channels])
      ? 'vit-small'
      : null,
  libraries: { huggingface: HUGGING_FACE },
  optionsOf: (shapes) => imageSizeIn(shapes, IMAGE_SIZE),
};
