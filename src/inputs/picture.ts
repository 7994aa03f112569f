/** A picture for people: what every kind of sample can be shown as. */

/** Pixels of one picture: rows from the top, three bytes (red, green, blue) a pixel. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** `height * width * 3` bytes. */
  readonly pixels: Uint8Array;
}
