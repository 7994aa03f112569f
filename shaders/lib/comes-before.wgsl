// Whether a comes before b among elements that are looked for by size: a larger number, or where `smallest` is 1 a smaller one.
// A NaN comes before every number.
fn comes_before(a: f32, b: f32, smallest: u32) -> bool {
  let numbers = select(a > b, a < b, smallest == 1u);
  return select(numbers && !is_nan(b), !is_nan(b), is_nan(a));
}
