// By bits: drivers may assume that there is no NaN, that x == x, and that x < 0 ? 0 : x is max(x, 0), which is 0 for a NaN.
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// e^x and ln x, which WGSL leaves open where there is nothing to compute: e^x of a NaN, ln x of one, of 0 and below.
fn exp_of(x: f32) -> f32 {
  return select(exp(x), x, is_nan(x));
}
fn log_of(x: f32) -> f32 {
  let nothing = bitcast<f32>(select(bitcast<u32>(x) | 0x7fc00000u, 0xff800000u, x == 0.0));
  return select(log(x), nothing, x == 0.0 || below_zero(x) || is_nan(x));
}

// x < 0, from the smallest number below it, 0x80000001, to minus infinity, 0xff800000. No NaN is.
fn below_zero(x: f32) -> bool {
  return bitcast<u32>(x) - 0x80000001u < 0x7f800000u;
}
fn fours_below_zero(x: vec4<f32>) -> vec4<bool> {
  return bitcast<vec4<u32>>(x) - 0x80000001u < vec4<u32>(0x7f800000u);
}

// x > 6, from the smallest number above it, 0x40c00001, to infinity, 0x7f800000. No NaN is.
fn above_six(x: f32) -> bool {
  return bitcast<u32>(x) - 0x40c00001u < 0x3ec00000u;
}
fn fours_above_six(x: vec4<f32>) -> vec4<bool> {
  return bitcast<vec4<u32>>(x) - 0x40c00001u < vec4<u32>(0x3ec00000u);
}
