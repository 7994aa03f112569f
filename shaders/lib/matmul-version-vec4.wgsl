// What the versions of shaders/matmul-versions/ share that read four neighbours of a row at once; see
// matmul-version-scalar.wgsl for everything else.
struct Constants {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4<f32>>;
@group(0) @binding(3) var<uniform> constants: Constants;
