/** What a model expects of its images; src/data does it. */

export interface ModelPreprocessing {
  /** Short side in pixels after resizing, then side of the square cut from the centre. */
  readonly resize: number;
  readonly crop: number;
  /** Per channel (red, green, blue), on the scale 0 .. 1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly interpolation: 'bilinear' | 'bicubic';
}

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
