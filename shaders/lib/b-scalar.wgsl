// What lies along the columns of a product: its second factor (a matrix, or the weights of a convolution), the
// operands of the epilogue and the output, element by element: any number of columns.
// The same functions as b-vec4.wgsl; of four columns, the first `columns` exist and the others read as zero.
@group(0) @binding(1) var<storage, read> b: array<Element1>;
@group(0) @binding(2) var<storage, read> scale: array<Element2>;
@group(0) @binding(3) var<storage, read> shift: array<Element3>;
@group(0) @binding(4) var<storage, read> residual: array<Element4>;
@group(0) @binding(5) var<storage, read_write> out: array<Element5>;

// The element of b at index, or zero where it does not count.
fn b_element(index: u32, inside: bool) -> f32 {
  return select(0.0, f32(b[select(0u, index, inside)]), inside);
}

fn b_vector(index: u32, columns: u32) -> vec4<f32> {
  return vec4<f32>(
    b_element(index, columns > 0u),
    b_element(index + 1u, columns > 1u),
    b_element(index + 2u, columns > 2u),
    b_element(index + 3u, columns > 3u),
  );
}

fn scale_vector(channel: u32, columns: u32) -> vec4<f32> {
  var result = vec4<f32>();
  for (var j = 0u; j < min(columns, 4u); j++) {
    result[j] = f32(scale[channel + j]);
  }
  return result;
}

fn shift_vector(channel: u32, columns: u32) -> vec4<f32> {
  var result = vec4<f32>();
  for (var j = 0u; j < min(columns, 4u); j++) {
    result[j] = f32(shift[channel + j]);
  }
  return result;
}

fn residual_vector(index: u32, columns: u32) -> vec4<f32> {
  var result = vec4<f32>();
  for (var j = 0u; j < min(columns, 4u); j++) {
    result[j] = f32(residual[index + j]);
  }
  return result;
}

fn store_out(index: u32, columns: u32, value: vec4<f32>) {
  for (var j = 0u; j < min(columns, 4u); j++) {
    out[index + j] = Element5(value[j]);
  }
}
