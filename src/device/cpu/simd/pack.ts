/** Copies between row-major matrices, for packing. Strides are bytes from one row to the next. */
import { roundUp4, widePanels } from './layout';
import { NARROW, WIDE } from './tile';

/** Copies `count` floats. */
// @ts-ignore: decorator
@inline
export function copyFloats(to: usize, from: usize, count: i32): void {
  let index = 0;
  for (; index + 4 <= count; index += 4) {
    v128.store(to + <usize>index * 4, v128.load(from + <usize>index * 4));
  }
  for (; index < count; index++) store<f32>(to + <usize>index * 4, load<f32>(from + <usize>index * 4));
}

/** Sets `count` floats to zero. */
// @ts-ignore: decorator
@inline
export function zeroFloats(to: usize, count: i32): void {
  for (let index = 0; index < count; index++) store<f32>(to + <usize>index * 4, 0);
}

/** to[rows, columns] = from[rows, columns]; each row is followed by zeros up to `paddedColumns`. */
export function copyBlock(
  to: usize, toStride: usize, from: usize, fromStride: usize, rows: i32, columns: i32, paddedColumns: i32,
): void {
  for (let row = 0; row < rows; row++) {
    copyFloats(to, from, columns);
    zeroFloats(to + <usize>columns * 4, paddedColumns - columns);
    to += toStride;
    from += fromStride;
  }
}

/** to[rows, columns] = the transpose of from[columns, rows]; rows are padded as by copyBlock. */
export function transposeBlock(
  to: usize, toStride: usize, from: usize, fromStride: usize, rows: i32, columns: i32, paddedColumns: i32,
): void {
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    const target = to + <usize>row * toStride;
    const source = from + <usize>row * 4;
    let column = 0;
    for (; column + 4 <= columns; column += 4) {
      transpose4(target + <usize>column * 4, toStride, source + <usize>column * fromStride, fromStride);
    }
    for (; column < columns; column++) {
      for (let r: usize = 0; r < 4; r++) {
        store<f32>(target + r * toStride + <usize>column * 4, load<f32>(source + r * 4 + <usize>column * fromStride));
      }
    }
  }
  for (; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const value = load<f32>(from + <usize>column * fromStride + <usize>row * 4);
      store<f32>(to + <usize>row * toStride + <usize>column * 4, value);
    }
  }
  for (let padded = 0; padded < rows && paddedColumns > columns; padded++) {
    zeroFloats(to + <usize>padded * toStride + <usize>columns * 4, paddedColumns - columns);
  }
}

/** Transposes four rows of four floats. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, toStride: usize, from: usize, fromStride: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStride);
  const c = v128.load(from + 2 * fromStride);
  const d = v128.load(from + 3 * fromStride);
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  v128.store(to + toStride, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
  v128.store(to + 2 * toStride, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  v128.store(to + 3 * toStride, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}

/**
 * Packs `depth` x `columns` of a right factor into panels: first those of 12 columns, then those of 8; the
 * last is padded with zeros, and so is depth up to a multiple of 4. `transposed`: the source is [columns, depth].
 */
export function packPanels(
  to: usize, from: usize, stride: usize, depth: i32, columns: i32, transposed: bool,
): void {
  const paddedDepth = roundUp4(depth);
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const width = wide > 0 ? WIDE : NARROW;
    wide--;
    const used = min(width, columns - column);
    const panelStride = <usize>width * 4;
    if (transposed) transposeBlock(to, panelStride, from + <usize>column * stride, stride, depth, used, width);
    else copyPanel(to, width, from + <usize>column * 4, stride, depth, used);
    zeroFloats(to + <usize>depth * panelStride, (paddedDepth - depth) * width);
    to += <usize>paddedDepth * panelStride;
    column += width;
  }
}

/** copyBlock with the number of vectors known in full panels: packing is a fair share of a small product. */
function copyPanel(to: usize, width: i32, from: usize, stride: usize, depth: i32, used: i32): void {
  const panelStride = <usize>width * 4;
  if (used < width) {
    copyBlock(to, panelStride, from, stride, depth, used, width);
    return;
  }
  for (let row = 0; row < depth; row++) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    if (width == WIDE) v128.store(to, v128.load(from, 32), 32);
    to += panelStride;
    from += stride;
  }
}
