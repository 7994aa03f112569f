// The factors of the 36 products in Winograd's domain, and where their results go, for matmul-register.wgsl and
// matmul-workgroup.wgsl: rows are tiles, columns filters, steps channels. All three lie in the workspace
// (winograd-workspace.wgsl), where columns and steps are multiples of 4. Comes after conv2d-geometry.wgsl; the words
// behind the geometry are those of winograd-constants.wgsl by other names.
struct Constants {
  geometry: Geometry,
  m: u32,
  n: u32,
  k: u32,
  batch: u32,
  epilogue: u32,
}

@group(0) @binding(WORKSPACE - 1u) var<uniform> constants: Constants;
@group(0) @binding(WORKSPACE) var<storage, read_write> workspace: array<vec4<f32>>;

// Where the matrices of a product begin, and elements from one row of the result to the next.
struct Product {
  a: u32,
  b: u32,
  out: u32,
  out_row: u32,
}

fn product_at(index: u32) -> Product {
  return Product(
    constants.batch * constants.k * constants.n + index * constants.m * constants.k,
    index * constants.k * constants.n,
    index * constants.m * constants.n,
    constants.n,
  );
}

// A[row, step .. step + 3] of a product; zero past the end.
fn a_four(product: Product, row: u32, step: u32) -> vec4<f32> {
  let inside = row < constants.m && step < constants.k;
  let index = product.a + row * constants.k + step;
  return select(vec4<f32>(), workspace[select(0u, index, inside) / 4u], inside);
}

// B[step, column .. column + 3] of a product; zero past the end.
fn b_four(product: Product, step: u32, column: u32) -> vec4<f32> {
  let inside = column < constants.n && step < constants.k;
  let index = product.b + step * constants.n + column;
  return select(vec4<f32>(), workspace[select(0u, index, inside) / 4u], inside);
}

// Stores four sums of the products; the epilogue is the output's business.
fn finish(sum: vec4<f32>, bits: u32, column: u32, index: u32, columns: u32) {
  let start = constants.batch * constants.k * (constants.n + constants.m);
  workspace[(start + index) / 4u] = sum;
}
