// index[o, i] = the first j at which x[o, j, i] is largest, or smallest; x is [outer, length, inner]. One invocation per result.
struct Constants {
  results: u32,
  length: u32,
  inner: u32,
  smallest: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> index: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.results) {
    return;
  }
  let inner = constants.inner;
  let start = (i / inner) * constants.length * inner + i % inner;
  var best = 0u;
  var found = f32(x[start]);
  for (var j = 1u; j < constants.length; j++) {
    let value = f32(x[start + j * inner]);
    if (comes_before(value, found, constants.smallest)) {
      found = value;
      best = j;
    }
  }
  index[i] = i32(best);
}
