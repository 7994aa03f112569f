// a^b with the edges of C's pow: WGSL's own is open for all but numbers above 0, and is off by more the larger the result is.
fn power_of(a: f32, b: f32) -> f32 {
  if (b == 0.0 || a == 1.0) {
    return 1.0;
  }
  if (is_nan(a) || is_nan(b)) {
    return a + b;
  }
  let size = abs(a);
  let infinite = bitcast<u32>(size) == 0x7f800000u || bitcast<u32>(abs(b)) == 0x7f800000u;
  let whole = infinite || floor(b) == b;
  var y: f32;
  if (size == 1.0) {
    y = 1.0;
  } else if (infinite || size == 0.0) {
    // Infinity, or 0.
    y = bitcast<f32>(select(0u, 0x7f800000u, (size > 1.0) == (b > 0.0)));
  } else if (whole && abs(b) <= 64.0) {
    y = whole_power(size, u32(abs(b)));
    if (b < 0.0) {
      y = 1.0 / y;
    }
  } else {
    y = pow(size, b);
  }
  if (bitcast<u32>(a) < 0x80000000u) {
    return y;
  }
  if (!whole && size != 0.0) {
    return bitcast<f32>(bitcast<u32>(a) | 0x7fc00000u);
  }
  // Every number from 2^24 on is even.
  let odd = floor(b) == b && abs(b) < 16777216.0 && (u32(abs(b)) & 1u) == 1u;
  return select(y, -y, odd);
}

// By squaring: a few products, each of them rounded once.
fn whole_power(a: f32, n: u32) -> f32 {
  var y = 1.0;
  var factor = a;
  for (var rest = n; rest > 0u; rest >>= 1u) {
    if ((rest & 1u) == 1u) {
      y *= factor;
    }
    factor *= factor;
  }
  return y;
}
