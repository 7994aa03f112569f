/** What is read of a file of series. */

/** Numbers by time: `values` [steps, channels], row-major. */
export interface Series {
  readonly steps: number;
  readonly channels: number;
  readonly values: Float32Array;
}
