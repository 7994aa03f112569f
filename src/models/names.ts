/**
 * The models that attune knows by name, torchvision's where it has them: in a file of its own, so that help texts need
 * no network.
 */
export const MODEL_NAMES = [
  'resnet18',
  'resnet34',
  'resnet50',
  'resnet101',
  'resnet152',
  'mobilenet_v2',
  'mobilenet_v3_large',
  'mobilenet_v3_small',
  'efficientnet_b0',
  'convnext_tiny',
  'vgg16',
  'vit_ti_16',
  'vit_s_16',
  'vit_b_16',
  'vit_b_32',
  'vit_l_16',
  'deit_ti_16_distilled',
  'deit_s_16_distilled',
  'deit_b_16_distilled',
  'vit-small',
  'resnet50-keras',
  'mobilenet_v2-keras',
  'resnet-small',
  'series-small',
] as const;

export type ModelName = (typeof MODEL_NAMES)[number];

/** The network where none is named. */
export const DEFAULT_MODEL: ModelName = 'resnet50';
