/** What weights expect of the images that their network takes; src/inputs/image does it. */

export interface ModelPreprocessing {
  /** Short side in pixels after resizing, then side of the square cut from the centre. */
  readonly resize: number;
  readonly crop: number;
  /** Per channel (red, green, blue), on the scale 0 .. 1. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly interpolation: 'bilinear' | 'bicubic';
}
