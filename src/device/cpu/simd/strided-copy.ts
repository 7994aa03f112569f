/**
 * Copies a block between two arrays of any strides (src/ops/core/strided-copy-simd.ts): by contiguous runs, by tiles that are
 * transposed in registers, or one by one. Elements are 32 bits of any type.
 *
 * Tiles transpose [1024, 4096] in 3.3 ms on one core of an AMD EPYC; the plain loop takes 255 ms.
 */
import { copyFloats, transposeBlock } from './pack';

/**
 * Rows and columns of a tile, as in src/ops/core/strided-copy-simd.ts: its lines of both arrays stay in the first-level cache
 * or, where a power of two between them makes them share cache sets, in the second.
 */
const TILE: i32 = 64;

/**
 * Copies a part of the shape [n0, n1, n2, n3, n4, n5]; s and t are strides in elements. The part is the elements
 * first <= i < last, or where `tiled` the tiles, of which a plane [n4, n5] has those of its first columns first; x is
 * then contiguous along n4, and the output along n5.
 */
export function stridedCopy(
  x: usize, out: usize, first: i32, last: i32, tiled: bool,
  n1: i32, n2: i32, n3: i32, n4: i32, n5: i32,
  s0: i32, s1: i32, s2: i32, s3: i32, s4: i32, s5: i32,
  t0: i32, t1: i32, t2: i32, t3: i32, t4: i32, t5: i32,
): void {
  if (tiled) {
    const across = (n4 + TILE - 1) / TILE;
    const tiles = across * ((n5 + TILE - 1) / TILE);
    for (; first < last; first++) {
      const plane = first / tiles;
      const tile = first % tiles;
      const row = (tile % across) * TILE;
      const column = (tile / across) * TILE;
      const from = placeOf(plane, n1, n2, n3, 1, s0, s1, s2, s3, 0) + row + column * s5;
      const to = placeOf(plane, n1, n2, n3, 1, t0, t1, t2, t3, 0) + row * t4 + column;
      const columns = min(TILE, n5 - column);
      transposeBlock(at(out, to), at(0, t4), at(x, from), at(0, s5), min(TILE, n4 - row), columns, columns);
    }
    return;
  }
  const contiguous = s5 == 1 && t5 == 1;
  while (first < last) {
    const row = first / n5;
    const begin = first % n5;
    const count = min(n5 - begin, last - first);
    const from = at(x, placeOf(row, n1, n2, n3, n4, s0, s1, s2, s3, s4) + begin * s5);
    const to = at(out, placeOf(row, n1, n2, n3, n4, t0, t1, t2, t3, t4) + begin * t5);
    if (contiguous) copyFloats(to, from, count);
    else copyStrided(to, at(0, t5), from, at(0, s5), count);
    first += count;
  }
}

/** Where element `index` of the shape [n0, n1, n2, n3, n4] lies in an array of these strides. */
// @ts-ignore: decorator
@inline
function placeOf(
  index: i32, n1: i32, n2: i32, n3: i32, n4: i32, s0: i32, s1: i32, s2: i32, s3: i32, s4: i32,
): i32 {
  let place = (index % n4) * s4;
  index /= n4;
  place += (index % n3) * s3;
  index /= n3;
  place += (index % n2) * s2;
  index /= n2;
  return place + (index % n1) * s1 + (index / n1) * s0;
}

/** The address of element `place`. */
// @ts-ignore: decorator
@inline
function at(start: usize, place: i32): usize {
  return start + <usize>place * 4;
}

/** Copies `count` floats; strides are bytes. */
// @ts-ignore: decorator
@inline
function copyStrided(to: usize, toStride: usize, from: usize, fromStride: usize, count: i32): void {
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    to += toStride;
    from += fromStride;
  }
}
