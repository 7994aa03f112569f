// What the kernels of transformImages share: the numbers of src/ops/image/image-transform.ts, and the formulas of
// src/ops/image/image-colors.ts, in f32. Where a compiler joins a product and a sum, a byte may come out one lower or higher.
const IDENTITY = 0;
const BRIGHTNESS = 1;
const CONTRAST = 2;
const POSTERIZE = 3;
const SOLARIZE = 4;
const INVERT = 5;
const AUTOCONTRAST = 6;
const EQUALIZE = 7;
const SATURATION = 8;
const HUE = 9;
const SHARPNESS = 10;
const AFFINE = 11;

const CODES = 10u;
const AMOUNTS = 2u;
const TABLE_BYTES = 768u;

// The grey of a pixel, a whole number.
fn grey_of(pixel: vec3<u32>) -> u32 {
  let weighted = vec3<f32>(0.2989, 0.587, 0.114) * vec3<f32>(pixel);
  return u32(weighted.r + weighted.g + weighted.b);
}

// amount.x x + amount.y other, cut off to a byte.
fn blend(x: u32, other: f32, amount: vec2<f32>) -> u32 {
  return u32(clamp(amount.x * f32(x) + amount.y * other, 0.0, 255.0));
}
