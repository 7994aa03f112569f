/**
 * Winograd's convolution F(2x2, 3x3) (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR
 * 2016): 3 x 3 taps with stride 1, 16 multiplications for 2 x 2 outputs where the formula has 36.
 *
 *     Y = A' [ (G g G') * (B' d B) ] A       summed over channels between the brackets, product by product
 *
 * g are the 3 x 3 taps, d the 4 x 4 pixels that 2 x 2 outputs read, * multiplies element by element. For each of the
 * 16 elements (positions) the sum over channels is a matrix product, tiles by channels times channels by filters. The
 * transformed weights are made once for all threads, as panels:
 *
 *     [blocks of depth][16 positions][panels of columns][depth of the block][width of the panel]
 *
 * with a cache line between positions, or those of one weight would share sets of the cache.
 *
 * The gradient with respect to the input is the same computation with the taps turned around and channels and filters
 * exchanged. Channels and filters are multiples of 8, so that panels are full. Units are rows of tiles.
 */
import { finish } from './epilogue';
import { depthBlock, ROW_BYTES, widePanels } from './layout';
import { transpose4, zeroFloats } from './pack';
import { multiplyNarrow, multiplyWide, NARROW, NARROW_ROWS, WIDE, WIDE_ROWS } from './tile';

/** Tiles at a time: both micro-kernels' heights divide it. */
const TILES: i32 = 72;
const POSITIONS: i32 = 16;
/** Between the panels of positions, and between rows of products. */
const GAP_BYTES: usize = 64;
/**
 * The workspace of a call: transformed pixels [16, TILES, ROW_BYTES / 4], a block of zeros that stands for pixels
 * outside [ROW_BYTES / 4], the addresses of a tile's 16 pixels, and products [16, TILES, columns + 16].
 * src/ops/conv2d-winograd.ts gives its size.
 */
const POSITION_BYTES: usize = <usize>TILES * ROW_BYTES;
const ADDRESS_BYTES: usize = 64;

/** Depths of one unit of transformed weights: a cache line of them. */
const UNIT_DEPTHS: i32 = 16;

/**
 * Transformed weights for the depths 16 * begin <= d < 16 * end. Forward, depths are channels and columns filters;
 * `turned`, for the input gradient, the other way round.
 */
export function winogradWeights(
  w: usize, panels: usize, begin: i32, end: i32, channels: i32, filters: i32, turned: bool,
): void {
  const depthTotal = turned ? filters : channels;
  const columns = turned ? channels : filters;
  const step = depthBlock(depthTotal);
  for (let unit = begin; unit < end; unit++) {
    const last = min(depthTotal, (unit + 1) * UNIT_DEPTHS);
    let wide = widePanels(columns);
    let column = 0;
    while (column < columns) {
      const width = wide > 0 ? WIDE : NARROW;
      wide--;
      for (let at: i32 = 0; at < width; at += 4) {
        // Four depths at a time: they never belong to different blocks.
        for (let d = unit * UNIT_DEPTHS; d < last; d += 4) {
          const block = d / step;
          const depth = min(step, depthTotal - block * step);
          const to = panels + <usize>(block * POSITIONS) * panelBytes(step, columns)
            + <usize>(depth * column + (d - block * step) * width + at) * 4;
          const size = panelBytes(depth, columns);
          if (turned) transformTurned(w, d, column + at, channels, filters, to, <usize>width * 4, size);
          else transformStraight(w, d, column + at, channels, filters, to, <usize>width * 4, size);
        }
      }
      column += width;
    }
  }
}

/** Four depths (channels c) of four columns (filters f), a depth's columns lying `stride` bytes behind the last's. */
// @ts-ignore: decorator
@inline
function transformStraight(
  w: usize, c: i32, f: i32, channels: i32, filters: i32, to: usize, stride: usize, positionBytes: usize,
): void {
  const tapBytes = <usize>(channels * filters) * 4;
  let from = w + <usize>(c * filters + f) * 4;
  for (let row = 0; row < 4; row++) {
    transformTaps(from, tapBytes, to, positionBytes);
    from += <usize>filters * 4;
    to += stride;
  }
}

/**
 * Four depths (filters f) of four columns (channels c), with the taps turned around. Neighbours in memory are depths:
 * the taps are first laid out by columns where the first nine positions will be.
 */
// @ts-ignore: decorator
@inline
function transformTurned(
  w: usize, f: i32, c: i32, channels: i32, filters: i32, to: usize, stride: usize, positionBytes: usize,
): void {
  const tapBytes = <usize>(channels * filters) * 4;
  const columnBytes = <usize>filters * 4;
  let from = w + <usize>(c * filters + f) * 4 + 8 * tapBytes;
  for (let tap: usize = 0; tap < 9; tap++) {
    transpose4(to + tap * positionBytes, stride, from, columnBytes);
    from -= tapBytes;
  }
  for (let row = 0; row < 4; row++) {
    transformTaps(to, positionBytes, to, positionBytes);
    to += stride;
  }
}

/** Bytes of the panels of one position, and the gap behind them. */
// @ts-ignore: decorator
@inline
function panelBytes(depth: i32, columns: i32): usize {
  return <usize>(depth * columns) * 4 + GAP_BYTES;
}

/** G g G' of four neighbouring columns, whose taps lie `next` bytes apart, to the 16 positions. */
// @ts-ignore: decorator
@inline
function transformTaps(from: usize, next: usize, to: usize, positionBytes: usize): void {
  const g00 = v128.load(from);
  const g01 = v128.load(from + next);
  const g02 = v128.load(from + 2 * next);
  from += 3 * next;
  const g10 = v128.load(from);
  const g11 = v128.load(from + next);
  const g12 = v128.load(from + 2 * next);
  from += 3 * next;
  const g20 = v128.load(from);
  const g21 = v128.load(from + next);
  const g22 = v128.load(from + 2 * next);
  storeTaps(to, positionBytes, g00, g01, g02);
  to += 4 * positionBytes;
  storeTaps(to, positionBytes, halfSum(g00, g10, g20), halfSum(g01, g11, g21), halfSum(g02, g12, g22));
  to += 4 * positionBytes;
  storeTaps(to, positionBytes, halfRest(g00, g10, g20), halfRest(g01, g11, g21), halfRest(g02, g12, g22));
  to += 4 * positionBytes;
  storeTaps(to, positionBytes, g20, g21, g22);
}

/** The last step along a line of G g G': four positions from three sums. */
// @ts-ignore: decorator
@inline
function storeTaps(to: usize, positionBytes: usize, h0: v128, h1: v128, h2: v128): void {
  v128.store(to, h0);
  v128.store(to + positionBytes, halfSum(h0, h1, h2));
  v128.store(to + 2 * positionBytes, halfRest(h0, h1, h2));
  v128.store(to + 3 * positionBytes, h2);
}

/** (a + b + c) / 2. */
// @ts-ignore: decorator
@inline
function halfSum(a: v128, b: v128, c: v128): v128 {
  return f32x4.mul(f32x4.add(f32x4.add(a, c), b), f32x4.splat(0.5));
}

/** (a - b + c) / 2. */
// @ts-ignore: decorator
@inline
function halfRest(a: v128, b: v128, c: v128): v128 {
  return f32x4.mul(f32x4.sub(f32x4.add(a, c), b), f32x4.splat(0.5));
}

/**
 * The rows of tiles begin <= u < end: u is row u % ceil(outHeight / 2) of its image. x is [height, width, depth], out
 * [outHeight, outWidth, columns], `panels` what winogradWeights made.
 */
export function winograd(
  x: usize, panels: usize, scale: usize, shift: usize, residual: usize, out: usize, workspace: usize,
  begin: i32, end: i32, height: i32, width: i32, depthTotal: i32, columns: i32,
  outHeight: i32, outWidth: i32, padTop: i32, padLeft: i32, bits: i32,
): void {
  const across = (outWidth + 1) / 2;
  const down = (outHeight + 1) / 2;
  const last = end * across;
  const step = depthBlock(depthTotal);
  const zeros = workspace + <usize>POSITIONS * POSITION_BYTES;
  const addresses = zeros + ROW_BYTES;
  const products = addresses + ADDRESS_BYTES;
  const productBytes = <usize>columns * 4 + GAP_BYTES;
  zeroFloats(zeros, <i32>(ROW_BYTES / 4));
  for (let tile = begin * across; tile < last; tile += TILES) {
    const tiles = min(TILES, last - tile);
    let right = panels;
    for (let from = 0; from < depthTotal; from += step) {
      const depth = min(step, depthTotal - from);
      for (let i = 0; i < tiles; i++) {
        const row = (tile + i) / across;
        const image = x + <usize>(row / down) * <usize>(height * width * depthTotal) * 4 + <usize>from * 4;
        transformPixels(
          image, height, width, depthTotal, (row % down) * 2 - padTop, (tile + i) % across * 2 - padLeft, depth,
          zeros, addresses, workspace + <usize>i * ROW_BYTES,
        );
      }
      for (let position: usize = 0; position < <usize>POSITIONS; position++) {
        multiplyPosition(
          workspace + position * POSITION_BYTES, right, tiles, depth, columns,
          products + position * <usize>TILES * productBytes, productBytes, from > 0,
        );
        right += panelBytes(depth, columns);
      }
    }
    for (let i = 0; i < tiles; i++) {
      const row = (tile + i) / across;
      const p = row % down * 2;
      const q = (tile + i) % across * 2;
      const skip = <usize>((row / down * outHeight + p) * outWidth + q) * <usize>columns * 4;
      transformProducts(
        products + <usize>i * productBytes, <usize>TILES * productBytes, columns, out + skip,
        <usize>columns * 4, <usize>(outWidth * columns) * 4, p + 1 < outHeight, q + 1 < outWidth,
        bits, scale, shift, residual + skip,
      );
    }
  }
}

/** B' d B of one tile, whose first pixel is (top, left), for `depth` channels. */
function transformPixels(
  image: usize, height: i32, width: i32, channels: i32, top: i32, left: i32, depth: i32,
  zeros: usize, addresses: usize, to: usize,
): void {
  const pixelBytes = <usize>channels * 4;
  const lineBytes = <usize>width * pixelBytes;
  const end = <usize>depth * 4;
  const first = image + <usize>(top * width + left) * pixelBytes;
  if (top >= 0 && left >= 0 && top + 4 <= height && left + 4 <= width) {
    for (let at: usize = 0; at < end; at += 16) {
      const a = first + at, b = a + lineBytes, c = b + lineBytes, d = c + lineBytes;
      const second = pixelBytes, third = 2 * pixelBytes, fourth = 3 * pixelBytes;
      storePixels(
        to + at,
        v128.load(a), v128.load(a + second), v128.load(a + third), v128.load(a + fourth),
        v128.load(b), v128.load(b + second), v128.load(b + third), v128.load(b + fourth),
        v128.load(c), v128.load(c + second), v128.load(c + third), v128.load(c + fourth),
        v128.load(d), v128.load(d + second), v128.load(d + third), v128.load(d + fourth),
      );
    }
    return;
  }
  for (let i = 0; i < 16; i++) {
    const y = top + i / 4, x = left + i % 4;
    const inside = y >= 0 && y < height && x >= 0 && x < width;
    const pixel = first + <usize>(i / 4) * lineBytes + <usize>(i % 4) * pixelBytes;
    store<u32>(addresses + <usize>i * 4, <u32>(inside ? pixel : zeros));
  }
  for (let at: usize = 0; at < end; at += 16) {
    storePixels(
      to + at,
      pixelAt(addresses, 0, at), pixelAt(addresses, 1, at), pixelAt(addresses, 2, at), pixelAt(addresses, 3, at),
      pixelAt(addresses, 4, at), pixelAt(addresses, 5, at), pixelAt(addresses, 6, at), pixelAt(addresses, 7, at),
      pixelAt(addresses, 8, at), pixelAt(addresses, 9, at), pixelAt(addresses, 10, at), pixelAt(addresses, 11, at),
      pixelAt(addresses, 12, at), pixelAt(addresses, 13, at), pixelAt(addresses, 14, at), pixelAt(addresses, 15, at),
    );
  }
}

// @ts-ignore: decorator
@inline
function pixelAt(addresses: usize, index: usize, at: usize): v128 {
  return v128.load(<usize>load<u32>(addresses + index * 4) + at);
}

/** B' d B with B' = [1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1], for four channels. */
// @ts-ignore: decorator
@inline
function storePixels(
  to: usize,
  d00: v128, d01: v128, d02: v128, d03: v128, d10: v128, d11: v128, d12: v128, d13: v128,
  d20: v128, d21: v128, d22: v128, d23: v128, d30: v128, d31: v128, d32: v128, d33: v128,
): void {
  storeLine(to, f32x4.sub(d00, d20), f32x4.sub(d01, d21), f32x4.sub(d02, d22), f32x4.sub(d03, d23));
  to += 4 * POSITION_BYTES;
  storeLine(to, f32x4.add(d10, d20), f32x4.add(d11, d21), f32x4.add(d12, d22), f32x4.add(d13, d23));
  to += 4 * POSITION_BYTES;
  storeLine(to, f32x4.sub(d20, d10), f32x4.sub(d21, d11), f32x4.sub(d22, d12), f32x4.sub(d23, d13));
  to += 4 * POSITION_BYTES;
  storeLine(to, f32x4.sub(d10, d30), f32x4.sub(d11, d31), f32x4.sub(d12, d32), f32x4.sub(d13, d33));
}

// @ts-ignore: decorator
@inline
function storeLine(to: usize, t0: v128, t1: v128, t2: v128, t3: v128): void {
  v128.store(to, f32x4.sub(t0, t2));
  v128.store(to + POSITION_BYTES, f32x4.add(t1, t2));
  v128.store(to + 2 * POSITION_BYTES, f32x4.sub(t2, t1));
  v128.store(to + 3 * POSITION_BYTES, f32x4.sub(t1, t3));
}

/** products[rows, columns] = or, when `add`, += rows[rows, depth] times the panels of one position. */
function multiplyPosition(
  left: usize, panel: usize, rows: i32, depth: i32, columns: i32, products: usize, productBytes: usize, add: bool,
): void {
  let wide = widePanels(columns);
  let column = 0;
  while (column < columns) {
    const isWide = wide > 0;
    wide--;
    const width = isWide ? WIDE : NARROW;
    const height = isWide ? WIDE_ROWS : NARROW_ROWS;
    const to = products + <usize>column * 4;
    for (let row = 0; row < rows; row += height) {
      const from = left + <usize>row * ROW_BYTES;
      const out = to + <usize>row * productBytes;
      if (isWide) multiplyWide(from, panel, depth, out, productBytes, add);
      else multiplyNarrow(from, panel, depth, out, productBytes, add);
    }
    panel += <usize>(depth * width) * 4;
    column += width;
  }
}

/** A' m A of one tile with A' = [1 1 1 0; 0 1 -1 -1], and the epilogue; outputs beyond the edge are left out. */
function transformProducts(
  products: usize, positionBytes: usize, columns: i32, out: usize, pixelBytes: usize, lineBytes: usize,
  hasBelow: bool, hasRight: bool, bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  const end = <usize>columns * 4;
  for (let at: usize = 0; at < end; at += 16) {
    let from = products + at;
    const m00 = v128.load(from), m01 = v128.load(from + positionBytes);
    const m02 = v128.load(from + 2 * positionBytes), m03 = v128.load(from + 3 * positionBytes);
    from += 4 * positionBytes;
    const m10 = v128.load(from), m11 = v128.load(from + positionBytes);
    const m12 = v128.load(from + 2 * positionBytes), m13 = v128.load(from + 3 * positionBytes);
    from += 4 * positionBytes;
    const m20 = v128.load(from), m21 = v128.load(from + positionBytes);
    const m22 = v128.load(from + 2 * positionBytes), m23 = v128.load(from + 3 * positionBytes);
    from += 4 * positionBytes;
    const m30 = v128.load(from), m31 = v128.load(from + positionBytes);
    const m32 = v128.load(from + 2 * positionBytes), m33 = v128.load(from + 3 * positionBytes);
    storeOutputs(
      sumOfThree(m00, m10, m20), sumOfThree(m01, m11, m21), sumOfThree(m02, m12, m22), sumOfThree(m03, m13, m23),
      out + at, pixelBytes, hasRight, bits, scale + at, shift + at, residual + at,
    );
    if (!hasBelow) continue;
    storeOutputs(
      lessTwo(m10, m20, m30), lessTwo(m11, m21, m31), lessTwo(m12, m22, m32), lessTwo(m13, m23, m33),
      out + lineBytes + at, pixelBytes, hasRight, bits, scale + at, shift + at, residual + lineBytes + at,
    );
  }
}

/** The last step along a line: two neighbouring outputs from four sums. */
// @ts-ignore: decorator
@inline
function storeOutputs(
  s0: v128, s1: v128, s2: v128, s3: v128, out: usize, pixelBytes: usize, hasRight: bool,
  bits: i32, scale: usize, shift: usize, residual: usize,
): void {
  v128.store(out, finish(sumOfThree(s0, s1, s2), bits, scale, shift, residual));
  if (hasRight) v128.store(out + pixelBytes, finish(lessTwo(s1, s2, s3), bits, scale, shift, residual + pixelBytes));
}

// @ts-ignore: decorator
@inline
function sumOfThree(a: v128, b: v128, c: v128): v128 {
  return f32x4.add(f32x4.add(a, b), c);
}

// @ts-ignore: decorator
@inline
function lessTwo(a: v128, b: v128, c: v128): v128 {
  return f32x4.sub(f32x4.sub(a, b), c);
}
