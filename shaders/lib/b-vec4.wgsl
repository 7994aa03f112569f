// What lies along the columns of a product: its second factor (a matrix, or the weights of a convolution), the
// operands of the epilogue and the output, four columns at once. Indices and numbers of columns are multiples of 4;
// see b-scalar.wgsl for everything else.
@group(0) @binding(1) var<storage, read> b: array<vec4<Element1>>;
@group(0) @binding(2) var<storage, read> scale: array<vec4<Element2>>;
@group(0) @binding(3) var<storage, read> shift: array<vec4<Element3>>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<Element4>>;
@group(0) @binding(5) var<storage, read_write> out: array<vec4<Element5>>;

// Elements index .. index + 3 of b, zero where there are no columns.
fn b_vector(index: u32, columns: u32) -> vec4<f32> {
  return select(vec4<f32>(), vec4<f32>(b[select(0u, index, columns > 0u) / 4u]), columns > 0u);
}

fn scale_vector(channel: u32, columns: u32) -> vec4<f32> {
  return vec4<f32>(scale[channel / 4u]);
}

fn shift_vector(channel: u32, columns: u32) -> vec4<f32> {
  return vec4<f32>(shift[channel / 4u]);
}

fn residual_vector(index: u32, columns: u32) -> vec4<f32> {
  return vec4<f32>(residual[index / 4u]);
}

fn store_out(index: u32, columns: u32, value: vec4<f32>) {
  out[index / 4u] = vec4<Element5>(value);
}
