// What the versions of shaders/matmul-versions/ share that read single elements: C[m, n] = A[m, k] B[k, n], all
// f32, row by row. m, n and k are multiples of 64, so that a version shows its idea and no edges.
struct Constants {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
@group(0) @binding(3) var<uniform> constants: Constants;
