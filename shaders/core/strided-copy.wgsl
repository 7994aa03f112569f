// out[out_offset + i . out_strides] = x[offset + i . strides] for every index i of `shape`
struct Constants {
  count: u32,
  offset: u32,
  out_offset: u32,
  shape: Six,
  strides: Six,
  out_strides: Six,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let source = constants.offset + strided_index(i, constants.shape, constants.strides);
  let place = constants.out_offset + strided_index(i, constants.shape, constants.out_strides);
  out[place] = x[source];
}
