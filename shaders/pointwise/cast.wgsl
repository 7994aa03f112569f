// y[i] = f32(x[i]) for i32, u32 or bytes (four to a word, lowest first)
struct Constants {
  count: u32,
  source: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  var value = 0.0;
  switch (constants.source) {
    case 0u: { value = f32(bitcast<i32>(x[i])); }
    case 1u: { value = f32(x[i]); }
    default: { value = f32((x[i / 4u] >> (8u * (i % 4u))) & 0xffu); }
  }
  y[i] = Element(value);
}
