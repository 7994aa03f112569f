// Stores elements of an input gradient, which has no epilogue. Comes after gradient-vec4.wgsl or gradient-scalar.wgsl.
fn finish(sum: vec4<f32>, bits: u32, channel: u32, index: u32, columns: u32) {
  store_out(index, columns, sum);
}

fn finish_one(sum: f32, index: u32) {
  out[index] = Element2(sum);
}
