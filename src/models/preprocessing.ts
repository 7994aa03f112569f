/** What a model expects of its images, where its weights say nothing. */
import type { ModelPreprocessing } from '../weights/preprocessing.js';

export type { ModelPreprocessing };

/**
 * torchvision's, for its first ImageNet weights. Other weights of a model may want another (V2: resize 232); the
 * catalogue says so.
 */
export const IMAGENET_PREPROCESSING: ModelPreprocessing = {
  resize: 256,
  crop: 224,
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
  interpolation: 'bilinear',
};
