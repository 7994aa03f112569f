/**
 * Rows of images as bytes [n, height, width, 3], each image after its own transform: src/ops/image/transform-images.ts, to the
 * byte. Numbers of transforms and places in an image's codes are those of src/ops/image/image-transform.ts.
 */
import { blend, saturate, turnHue } from './image-colors';

const LAST_TABLE: i32 = 7;
const SATURATION: i32 = 8;
const HUE: i32 = 9;
const SHARPNESS: i32 = 10;
const AFFINE: i32 = 11;
const CODE_BYTES: usize = 10 * 4;
const AMOUNT_BYTES: usize = 2 * 4;
const TABLE_BYTES: usize = 3 * 256;

/** Rows first <= row < last of all images. */
export function transformImages(
  images: usize, codes: usize, amounts: usize, tables: usize, y: usize, first: i32, last: i32, height: i32, width: i32,
): void {
  const line = <usize>width * 3;
  for (let row = first; row < last; row++) {
    const image = row / height;
    const inImage = row - image * height;
    const code = codes + <usize>image * CODE_BYTES;
    const kind = load<i32>(code);
    const amount = load<f32>(amounts + <usize>image * AMOUNT_BYTES);
    const rest = load<f32>(amounts + <usize>image * AMOUNT_BYTES, 4);
    const from = images + <usize>row * line;
    const to = y + <usize>row * line;
    if (kind > 0 && kind <= LAST_TABLE) lookUp(from, to, width, tables + <usize>image * TABLE_BYTES);
    else if (kind == SATURATION) saturate(from, to, width, amount, rest);
    else if (kind == HUE) turnHue(from, to, width, amount);
    else if (kind == SHARPNESS && inImage > 0 && inImage < height - 1 && width > 2) {
      sharpen(from, to, line, amount, rest);
    } else if (kind == SHARPNESS && height > 2 && width > 2) {
      blendWithItself(from, to, line, amount, rest);
    } else if (kind == AFFINE) {
      sample(images + <usize>(image * height) * line, to, code, inImage, height, width);
    } else copyBytes(to, from, line);
  }
}

/** Copies `count` bytes. */
function copyBytes(to: usize, from: usize, count: usize): void {
  for (; count >= 16; count -= 16) {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  }
  for (; count > 0; count--) store<u8>(to++, load<u8>(from++));
}

/** Each byte becomes what its channel's table says. */
function lookUp(from: usize, to: usize, pixels: i32, tables: usize): void {
  for (; pixels > 0; pixels--) {
    store<u8>(to, load<u8>(tables + <usize>load<u8>(from)));
    store<u8>(to, load<u8>(tables + <usize>load<u8>(from, 1), 256), 1);
    store<u8>(to, load<u8>(tables + <usize>load<u8>(from, 2), 512), 2);
    from += 3;
    to += 3;
  }
}

/** Blends bytes, each with `other`. */
// @ts-ignore: decorator
@inline
function blendByte(x: i32, other: i32, factor: f32, rest: f32): i32 {
  const value = blend(f32x4.splat(<f32>x), f32x4.splat(<f32>other), f32x4.splat(factor), f32x4.splat(rest));
  return i32x4.extract_lane(value, 0);
}

/** What sharpness does to an outermost pixel: the blurred image has it as it is. */
function blendWithItself(from: usize, to: usize, count: usize, factor: f32, rest: f32): void {
  for (; count > 0; count--) {
    const x = <i32>load<u8>(from++);
    store<u8>(to++, blendByte(x, x, factor, rest));
  }
}

/** A row between two others, blended with itself smoothed by [1 1 1; 1 5 1; 1 1 1] / 13. */
function sharpen(from: usize, to: usize, line: usize, amount: f32, remaining: f32): void {
  const factor = f32x4.splat(amount), rest = f32x4.splat(remaining);
  const last = line - 3;
  blendWithItself(from, to, 3, amount, remaining);
  blendWithItself(from + last, to + last, 3, amount, remaining);
  let i: usize = 3;
  for (; i + 8 <= last; i += 8) {
    const at = from + i;
    const x = v128.load_ext<u8>(at);
    const rows = i16x8.add(three(at - line), i16x8.add(three(at), three(at + line)));
    const total = i16x8.add(rows, i16x8.shl(x, 2));
    const low = blend(
      f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(x)), thirteenth(i32x4.extend_low_i16x8_u(total)), factor, rest,
    );
    const high = blend(
      f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(x)), thirteenth(i32x4.extend_high_i16x8_u(total)), factor, rest,
    );
    const words = i16x8.narrow_i32x4_s(low, high);
    v128.store64_lane(to + i, i8x16.narrow_i16x8_u(words, words), 0);
  }
  for (; i < last; i++) {
    const at = from + i;
    const x = <i32>load<u8>(at);
    const total = 4 * x + threeBytes(at - line) + threeBytes(at) + threeBytes(at + line);
    store<u8>(to + i, blendByte(x, (2 * total + 13) / 26, amount, remaining));
  }
}

/** The sums of eight bytes with those of the pixels on both sides. */
// @ts-ignore: decorator
@inline
function three(at: usize): v128 {
  return i16x8.add(v128.load_ext<u8>(at), i16x8.add(v128.load_ext<u8>(at - 3), v128.load_ext<u8>(at + 3)));
}

// @ts-ignore: decorator
@inline
function threeBytes(at: usize): i32 {
  return <i32>load<u8>(at) + <i32>load<u8>(at - 3) + <i32>load<u8>(at + 3);
}

/** The nearest whole number to a thirteenth, which is never half-way between two. */
// @ts-ignore: decorator
@inline
function thirteenth(total: v128): v128 {
  const share = f32x4.mul(f32x4.convert_i32x4_u(total), f32x4.splat(1.0 / 13.0));
  return f32x4.floor(f32x4.add(share, f32x4.splat(0.5)));
}

/** Reads each pixel of row `row` of the image at `image` from where its code says. */
function sample(image: usize, to: usize, code: usize, row: i32, height: i32, width: i32): void {
  const bilinear = load<i32>(code, 4) == 1;
  const places = load<i32>(code, 8), fill = load<i32>(code, 12);
  const stepX = load<i32>(code, 16), stepY = load<i32>(code, 28);
  let atX = load<i32>(code, 20) * row + load<i32>(code, 24);
  let atY = load<i32>(code, 32) * row + load<i32>(code, 36);
  const half = bilinear ? 0 : 1 << (places - 1);
  const share = 1 / <f64>(1 << places);
  const line = <usize>width * 3;
  for (let column = 0; column < width; column++) {
    const x = (atX + half) >> places, y = (atY + half) >> places;
    const right = <f64>atX * share - <f64>x, down = <f64>atY * share - <f64>y;
    const at = image + <usize>y * line + <usize>x * 3;
    const inside = x >= 0 && x < width - 1 && y >= 0 && y < height - 1;
    for (let channel = 0; channel < 3; channel++) {
      let value: i32;
      if (!bilinear) value = byteAt(image, x, y, channel, height, width, fill);
      else if (inside) {
        const pixel = at + <usize>channel;
        value = between(
          load<u8>(pixel), load<u8>(pixel, 3), load<u8>(pixel + line), load<u8>(pixel + line, 3), right, down,
        );
      } else {
        value = between(
          byteAt(image, x, y, channel, height, width, fill), byteAt(image, x + 1, y, channel, height, width, fill),
          byteAt(image, x, y + 1, channel, height, width, fill),
          byteAt(image, x + 1, y + 1, channel, height, width, fill), right, down,
        );
      }
      store<u8>(to + <usize>channel, value);
    }
    to += 3;
    atX += stepX;
    atY += stepY;
  }
}

/** A byte of the image, or of the colour around it. */
// @ts-ignore: decorator
@inline
function byteAt(image: usize, x: i32, y: i32, channel: i32, height: i32, width: i32, fill: i32): i32 {
  if (x < 0 || x >= width || y < 0 || y >= height) return (fill >> (8 * channel)) & 255;
  return <i32>load<u8>(image + <usize>((y * width + x) * 3 + channel));
}

/** The mean of four bytes, weighted by how near they are; of two equally near whole numbers the even one. */
// @ts-ignore: decorator
@inline
function between(a: i32, b: i32, c: i32, d: i32, right: f64, down: f64): i32 {
  const above = <f64>a * (1 - right) + <f64>b * right;
  const below = <f64>c * (1 - right) + <f64>d * right;
  return <i32>nearest<f64>(above * (1 - down) + below * down);
}
