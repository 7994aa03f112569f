// How fast memory can be: out = x, four numbers at a time and once, of arrays that no cache holds.
//
// x, out: count times four numbers, count a multiple of WORKGROUP. float32. Needs lib/grid.wgsl.
struct Constants {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4<Element>>;
@group(0) @binding(1) var<storage, read_write> out: array<vec4<Element>>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = flat_index(global_id, workgroups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  out[i] = x[i];
}
