// The two reductions: 0 adds, 1 takes the largest. A NaN wins over every number. The factor makes a sum a mean; else it
// is 1.
alias Total = f32;

struct Constants {
  results: u32,
  length: u32,
  inner: u32,
  reduction: u32,
  factor: f32,
}

fn first_value(reduction: u32, x: f32) -> f32 {
  return select(x, 0.0, reduction == 0u);
}

fn combine(reduction: u32, a: f32, b: f32) -> f32 {
  if (reduction == 0u) {
    return a + b;
  }
  return select(b, a, b <= a || is_nan(a));
}
