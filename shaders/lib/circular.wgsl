// sin(x + quarters pi / 2). WGSL's own sin and cos may be off by 5e-4, and by anything beyond pi.
//
// x is brought to |r| <= pi / 4 by n quarters of a turn, pi / 2 being taken in three parts: the first has so few digits that
// its multiples are exact. The parts and the polynomials are those of sinf in S. Moshier's Cephes library.
fn circular(x: f32, quarters: i32) -> f32 {
  let n = round(x * 0.636619772);
  var r = fma(-n, 1.5703125, x);
  r = fma(-n, 4.83751297e-4, r);
  r = fma(-n, 7.54978995e-8, r);
  let z = r * r;
  let sine = ((-1.95152959e-4 * z + 8.33216087e-3) * z - 1.66666546e-1) * z * r + r;
  let cosine = ((2.44331571e-5 * z - 1.38873163e-3) * z + 4.16666457e-2) * z * z - 0.5 * z + 1.0;
  let quarter = (i32(n) + quarters) & 3;
  let size = select(sine, cosine, (quarter & 1) == 1);
  return select(select(size, -size, quarter >= 2), x, is_nan(x));
}
