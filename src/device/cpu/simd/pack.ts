/** Copies between row-major matrices, for packing. Strides are bytes from one row to the next. */
import { roundUp4, widePanels } from './layout';
import { NARROW, WIDE } from './tile';

/** Copies `count` floats. */
// @ts-ignore: decorator
@inline
export function copyFloats(to: usize, from: usize, count: i32): void {
  for (; count >= 16; count -= 16) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    to += 64;
    from += 64;
  }
  for (; count >= 4; count -= 4) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) {
    store<f32>(to, load<f32>(from));
    to += 4;
    from += 4;
  }
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

/** to[rows, columns] = the transpose of rows that lie where `addresses` says; padded as by copyBlock. */
export function transposePieces(
  to: usize, toStride: usize, addresses: usize, rows: i32, columns: i32, paddedColumns: i32,
): void {
  let column = 0;
  for (; column + 4 <= columns; column += 4) {
    let a = <usize>load<u32>(addresses), b = <usize>load<u32>(addresses, 4);
    let c = <usize>load<u32>(addresses, 8), d = <usize>load<u32>(addresses, 12);
    let target = to + <usize>column * 4;
    let row = 0;
    for (; row + 4 <= rows; row += 4) {
      store4x4(target, toStride, v128.load(a), v128.load(b), v128.load(c), v128.load(d));
      target += 4 * toStride;
      a += 16;
      b += 16;
      c += 16;
      d += 16;
    }
    for (; row < rows; row++) {
      store<f32>(target, load<f32>(a));
      store<f32>(target, load<f32>(b), 4);
      store<f32>(target, load<f32>(c), 8);
      store<f32>(target, load<f32>(d), 12);
      target += toStride;
      a += 4;
      b += 4;
      c += 4;
      d += 4;
    }
    addresses += 16;
  }
  for (; column < columns; column++) {
    const source = <usize>load<u32>(addresses);
    for (let row: usize = 0; row < <usize>rows; row++) {
      store<f32>(to + row * toStride + <usize>column * 4, load<f32>(source + row * 4));
    }
    addresses += 4;
  }
  for (let row = 0; row < rows && paddedColumns > columns; row++) {
    zeroFloats(to + <usize>row * toStride + <usize>columns * 4, paddedColumns - columns);
  }
}

/** Transposes four rows of four floats. */
// @ts-ignore: decorator
@inline
export function transpose4(to: usize, toStride: usize, from: usize, fromStride: usize): void {
  store4x4(
    to, toStride,
    v128.load(from), v128.load(from + fromStride), v128.load(from + 2 * fromStride), v128.load(from + 3 * fromStride),
  );
}

/** Stores the transpose of the rows a, b, c, d. */
// @ts-ignore: decorator
@inline
function store4x4(to: usize, toStride: usize, a: v128, b: v128, c: v128, d: v128): void {
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
  if (transposed) {
    packTransposedPiece(to, 0, depth, paddedDepth, from, stride, columns);
  } else {
    let panel = to;
    let wide = widePanels(columns);
    let column = 0;
    while (column < columns) {
      const width = wide > 0 ? WIDE : NARROW;
      wide--;
      copyPanel(panel, width, from + <usize>column * 4, stride, depth, min(width, columns - column));
      panel += <usize>(paddedDepth * width) * 4;
      column += width;
    }
  }
  zeroPanelEnds(to, depth, paddedDepth, columns);
}

/**
 * Packs rows of a right factor into panels of `paddedDepth` rows: the `count` rows from row `done` on, whose
 * source is [columns, count]. A block's rows may come from different places; zeroPanelEnds completes them.
 */
export function packTransposedPiece(
  to: usize, done: i32, count: i32, paddedDepth: i32, from: usize, stride: usize, columns: i32,
): void {
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const width = wide > 0 ? WIDE : NARROW;
    wide--;
    const used = min(width, columns - column);
    const panelStride = <usize>width * 4;
    transposeBlock(
      to + <usize>done * panelStride, panelStride, from + <usize>column * stride, stride, count, used, width,
    );
    to += <usize>paddedDepth * panelStride;
    column += width;
  }
}

/** Sets the rows `depth` to `paddedDepth` of every panel to zero. */
export function zeroPanelEnds(to: usize, depth: i32, paddedDepth: i32, columns: i32): void {
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const width = wide > 0 ? WIDE : NARROW;
    wide--;
    zeroFloats(to + <usize>(depth * width) * 4, (paddedDepth - depth) * width);
    to += <usize>(paddedDepth * width) * 4;
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
