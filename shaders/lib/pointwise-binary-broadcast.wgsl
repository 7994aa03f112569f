// y = forward(a, b) where a or b is repeated along some dimensions: its strides are 0 there.
struct Constants {
  count: u32,
  shape: Six,
  strides_a: Six,
  strides_b: Six,
}

@group(0) @binding(0) var<storage, read> a: array<Element0>;
@group(0) @binding(1) var<storage, read> b: array<Element1>;
@group(0) @binding(2) var<storage, read_write> y: array<Element2>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let at_a = strided_index(i, constants.shape, constants.strides_a);
  let at_b = strided_index(i, constants.shape, constants.strides_b);
  y[i] = Element2(forward(f32(a[at_a]), f32(b[at_b])));
}
