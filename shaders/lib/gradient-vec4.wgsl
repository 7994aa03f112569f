// The second operand of a convolution's gradients, four neighbouring elements at once, and their result.
// Indices of b and numbers of columns are multiples of 4; see gradient-scalar.wgsl for everything else.
@group(0) @binding(1) var<storage, read> b: array<vec4<Element1>>;
@group(0) @binding(2) var<storage, read_write> out: array<Element2>;

fn b_vector(index: u32, count: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(b[select(0u, index, count > 0u) / 4u]), count > 0u);
}

fn store_out(index: u32, columns: u32, value: vec4<f32>) {
  if (columns > 0u) {
    out[index] = Element2(value.x);
    out[index + 1u] = Element2(value.y);
    out[index + 2u] = Element2(value.z);
    out[index + 3u] = Element2(value.w);
  }
}
