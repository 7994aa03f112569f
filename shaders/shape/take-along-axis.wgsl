// y[o, j, i] = x[o, indices[o, j, i], i]; NaN for an index outside of x. x is [outer, length, inner], the indices and y
// [outer, taken, inner]. One invocation per element of y.
struct Constants {
  count: u32,
  length: u32,
  inner: u32,
  taken: u32,
  not_a_number: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let k = flat_index(id, groups, WORKGROUP);
  if (k >= constants.count) {
    return;
  }
  let place = indices[k];
  if (place < 0 || place >= i32(constants.length)) {
    y[k] = Element(constants.not_a_number);
    return;
  }
  let outer = k / (constants.taken * constants.inner);
  y[k] = x[(outer * constants.length + u32(place)) * constants.inner + k % constants.inner];
}
