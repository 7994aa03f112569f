// Sums of i32, exact; beyond 2^31 they wrap around. The factor is 1.
alias Total = i32;

struct Constants {
  results: u32,
  length: u32,
  inner: u32,
  reduction: u32,
  factor: i32,
}

fn first_value(reduction: u32, x: i32) -> i32 {
  return 0;
}

fn combine(reduction: u32, a: i32, b: i32) -> i32 {
  return a + b;
}
