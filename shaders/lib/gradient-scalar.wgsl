// The second operand of a convolution's gradients, element by element, and their result: any size.
// The same functions as gradient-vec4.wgsl.
@group(0) @binding(1) var<storage, read> b: array<Element1>;
@group(0) @binding(2) var<storage, read_write> out: array<Element2>;

// The element of b at index, or zero where it does not count.
fn b_element(index: u32, inside: bool) -> f32 {
  return select(0.0, f32(b[select(0u, index, inside)]), inside);
}

// Elements index .. index + 3 of b. The first `count` exist and the others read as zero.
fn b_vector(index: u32, count: u32) -> vec4<f32> {
  return vec4<f32>(
    b_element(index, count > 0u),
    b_element(index + 1u, count > 1u),
    b_element(index + 2u, count > 2u),
    b_element(index + 3u, count > 3u),
  );
}

// Stores the first `columns` of four neighbouring results.
fn store_out(index: u32, columns: u32, value: vec4<f32>) {
  if (columns > 0u) {
    out[index] = Element2(value.x);
  }
  if (columns > 1u) {
    out[index + 1u] = Element2(value.y);
  }
  if (columns > 2u) {
    out[index + 2u] = Element2(value.z);
  }
  if (columns > 3u) {
    out[index + 3u] = Element2(value.w);
  }
}
