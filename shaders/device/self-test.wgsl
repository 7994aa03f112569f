// Known answers for a device's self-test: out[4 i .. 4 i + 3] = a + b, a * b, step value 0, and 1 where a is NaN.
//
// a, b: n elements; out: 4 n elements. NaN is told by its bits, because compilers may assume that there is none.
// Needs lib/grid.wgsl and lib/step.wgsl.
struct Constants {
  n: u32,
}

@group(0) @binding(0) var<storage, read> a: array<Element>;
@group(0) @binding(1) var<storage, read> b: array<Element>;
@group(0) @binding(2) var<storage, read_write> out: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;
@group(0) @binding(4) var<uniform> step: Step;

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = flat_index(global_id, workgroups, WORKGROUP);
  if (i >= constants.n) {
    return;
  }
  out[4u * i] = a[i] + b[i];
  out[4u * i + 1u] = a[i] * b[i];
  out[4u * i + 2u] = bitcast<f32>(step.words[0].x);
  out[4u * i + 3u] = select(0.0, 1.0, is_nan(a[i]));
}
