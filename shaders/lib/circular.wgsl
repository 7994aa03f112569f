// sin(x + quarters pi / 2). WGSL's own sin and cos may be off by 5e-4, and by anything beyond pi.
//
// x is brought to |r| <= pi / 4 by n quarters of a turn, pi / 2 being taken in three parts: the first has so few digits that
// its multiples are exact. The parts and the polynomials are those of sinf in S. Moshier's Cephes library. From FAR on they
// are too coarse, and turns are counted in whole numbers: m 2^e / (2 pi) needs of 1 / (2 pi) only the bits behind the e-th,
// as those before count whole turns (Payne and Hanek, "Radian reduction for trigonometric functions", 1983).
const FAR = 65536.0;

// The bits of 1 / (2 pi) behind 32 zeros, so that a window of them may begin before the point.
const TURN = array<u32, 7>(
  0u, 0x28be60dbu, 0x9391054au, 0x7f09d5f4u, 0x7d4d3770u, 0x36d8a566u, 0x4f10e410u,
);

// 32 bits of the array from this one on.
fn turn_bits(at: u32) -> u32 {
  let word = at / 32u;
  let shift = at % 32u;
  // A shift by 32 would be one by 0.
  return (TURN[word] << shift) | ((TURN[word + 1u] >> 1u) >> (31u - shift));
}

// What |x| leaves of a whole turn, of which there are 2^32 parts.
fn parts_of_turn(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let m = (bits & 0x7fffffu) | 0x800000u;
  // |x| is m 2^e, and e is at least -7: bit 32 + e of the array has the weight of half a turn for m = 1.
  let start = ((bits >> 23u) & 255u) - 150u + 32u;
  let high = turn_bits(start);
  let low = turn_bits(start + 32u);
  // The upper 32 bits of m low, in halves, as there are no longer products.
  let middle = (m & 0xffffu) * (low >> 16u);
  let carried = (((m & 0xffffu) * (low & 0xffffu)) >> 16u) + (middle & 0xffffu) + (m >> 16u) * (low & 0xffffu);
  return m * high + (m >> 16u) * (low >> 16u) + (middle >> 16u) + (carried >> 16u);
}

fn circular(x: f32, quarters: i32) -> f32 {
  // By bits: from infinity on, NaN included, there is no angle.
  let size_of_x = bitcast<u32>(x) & 0x7fffffffu;
  if (size_of_x >= 0x7f800000u) {
    return bitcast<f32>(bitcast<u32>(x) | 0x7fc00000u);
  }
  var n = 0;
  var r = 0.0;
  if (size_of_x >= bitcast<u32>(FAR)) {
    let parts = parts_of_turn(x);
    let nearest = (parts + 0x20000000u) >> 30u;
    r = f32(bitcast<i32>(parts - (nearest << 30u))) * 1.46291808e-9;
    n = i32(nearest);
    if (bitcast<u32>(x) >= 0x80000000u) {
      r = -r;
      n = -n;
    }
  } else {
    let turns = round(x * 0.636619772);
    r = fma(-turns, 1.5703125, x);
    r = fma(-turns, 4.83751297e-4, r);
    r = fma(-turns, 7.54978995e-8, r);
    n = i32(turns);
  }
  let z = r * r;
  let sine = ((-1.95152959e-4 * z + 8.33216087e-3) * z - 1.66666546e-1) * z * r + r;
  let cosine = ((2.44331571e-5 * z - 1.38873163e-3) * z + 4.16666457e-2) * z * z - 0.5 * z + 1.0;
  let quarter = (n + quarters) & 3;
  let size = select(sine, cosine, (quarter & 1) == 1);
  return select(size, -size, quarter >= 2);
}
