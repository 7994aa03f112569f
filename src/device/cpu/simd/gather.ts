/**
 * What a convolution's window reads of an image, as one row of a matrix.
 *
 * Along depth (r, s, c) the floats of an image that belong to one window come in runs: one per kernel row where
 * taps are neighbours in memory (one group, no dilation), else one per tap. Outside the image they are 0.
 */
import { roundUp4 } from './layout';
import { copyFloats, zeroFloats } from './pack';

/**
 * Writes the floats `from` <= d < `from + depth` of one window, and zeros up to a multiple of 4. `top` and `left`
 * are the image position of its first tap, which may lie outside; `image` points to the group's first channel.
 * A kernel row has `runs` runs of `taps` taps.
 */
export function gather(
  to: usize, from: i32, depth: i32, image: usize, pixelBytes: usize, channels: i32,
  top: i32, left: i32, height: i32, width: i32,
  runs: i32, taps: i32, dilationHeight: i32, dilationWidth: i32,
): void {
  const runLength = taps * channels;
  let begin = 0; // where in its run the copying starts
  let y = top;
  let run = 0;
  // Divisions are slow: a row that starts at the first run, as most do, needs none.
  if (from > 0) {
    run = from / runLength;
    begin = from - run * runLength;
    y += (run / runs) * dilationHeight;
    run %= runs;
  }
  let remaining = depth;
  while (remaining > 0) {
    const end = min(runLength, begin + remaining);
    const x = left + run * dilationWidth;
    let inside = begin; // begin <= inside <= outside <= end: the part within the image
    let outside = begin;
    if (y >= 0 && y < height) {
      inside = min(end, max(begin, -x * channels));
      outside = max(inside, min(end, (width - x) * channels));
    }
    zeroFloats(to, inside - begin);
    const source = image + (<usize>(y * width) + <usize>x) * pixelBytes + <usize>inside * 4;
    copyFloats(to + <usize>(inside - begin) * 4, source, outside - inside);
    zeroFloats(to + <usize>(outside - begin) * 4, end - outside);
    to += <usize>(end - begin) * 4;
    remaining -= end - begin;
    begin = 0;
    run++;
    if (run == runs) {
      run = 0;
      y += dilationHeight;
    }
  }
  zeroFloats(to, roundUp4(depth) - depth);
}
