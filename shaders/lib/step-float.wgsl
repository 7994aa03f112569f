// The step value at word `at` as a float. For files that declare `step`.
fn step_float(at: u32) -> f32 {
  return bitcast<f32>(step.words[at >> 2u][at & 3u]);
}
