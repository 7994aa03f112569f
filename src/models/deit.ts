/**
 * Vision Transformers with a distillation token (Touvron et al., "Training data-efficient image transformers & distillation
 * through attention", ICML 2021, section 4): a second token behind the class token, whose head learnt from a teacher.
 *
 * Answers are the mean of those of two linear heads, one on each token. Here that is one head on both tokens beside each
 * other, of half the weights: so it is probed, replaced, frozen and regularised as any. Files of other libraries hold the two
 * heads; written in their names both have the same bias, the mean of those that were read.
 */
import type { Family, LibraryNames, ModelEntry } from './family.js';
import type { ModelName } from './names.js';
import { IMAGENET_PREPROCESSING } from './preprocessing.js';
import {
  BASE,
  FINE_TUNING,
  IMAGE_SIZE,
  imageSizeIn,
  SMALL,
  sizesIn,
  TINY,
  VisionTransformer,
  type ViTOptions,
} from './vit.js';
import { DEIT_NAMINGS, HUGGING_FACE_DEIT, TIMM_DEIT } from './vit-naming.js';

/** DeiT-tiny with its distillation token: 5,909,800 parameters with 1,000 classes. */
export function deitTi16Distilled(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('deit_ti_16_distilled', { patch: 16, tokens: 2, ...TINY }, options);
}

/** DeiT-small with its distillation token: 22,435,432 parameters with 1,000 classes. */
export function deitS16Distilled(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('deit_s_16_distilled', { patch: 16, tokens: 2, ...SMALL }, options);
}

/** DeiT-base with its distillation token: 87,337,192 parameters with 1,000 classes. */
export function deitB16Distilled(options: ViTOptions = {}): VisionTransformer {
  return new VisionTransformer('deit_b_16_distilled', { patch: 16, tokens: 2, ...BASE }, options);
}

const BY_SIZES: Readonly<Record<string, string>> = {
  '192 16 12 distilled': 'deit_ti_16_distilled',
  '384 16 12 distilled': 'deit_s_16_distilled',
  '768 16 12 distilled': 'deit_b_16_distilled',
};

const TIMM_NAMES: Readonly<Record<string, string>> = {
  deit_ti_16_distilled: 'deit_tiny_distilled_patch16_224',
  deit_s_16_distilled: 'deit_small_distilled_patch16_224',
  deit_b_16_distilled: 'deit_base_distilled_patch16_224',
};

const HUGGING_FACE: LibraryNames = {
  network: () => 'DeiTForImageClassificationWithTeacher',
  naming: HUGGING_FACE_DEIT,
  config: (network) => (network as VisionTransformer).hubConfig(),
};

/** Images as its authors' evaluation prepares them. */
function entry(name: ModelName, create: ModelEntry['create']): ModelEntry {
  const preprocessing = { ...IMAGENET_PREPROCESSING, interpolation: 'bicubic' } as const;
  return { name, create, defaultWeights: null, preprocessing };
}

const networks = {
  deit_ti_16_distilled: entry('deit_ti_16_distilled', deitTi16Distilled),
  deit_s_16_distilled: entry('deit_s_16_distilled', deitS16Distilled),
  deit_b_16_distilled: entry('deit_b_16_distilled', deitB16Distilled),
} as const satisfies Record<string, ModelEntry>;

export const DEIT: Family<keyof typeof networks> = {
  networks,
  headName: 'heads.head',
  fineTuning: FINE_TUNING,
  detect: (shapes) => BY_SIZES[sizesIn(shapes) ?? ''] ?? null,
  optionsOf: (shapes) => imageSizeIn(shapes, IMAGE_SIZE),
  namings: DEIT_NAMINGS,
  libraries: {
    huggingface: HUGGING_FACE,
    timm: { network: (name) => TIMM_NAMES[name] ?? null, naming: TIMM_DEIT },
  },
};
