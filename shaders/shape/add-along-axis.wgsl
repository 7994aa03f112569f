// y[o, indices[o, j, i], i] += x[o, j, i] for every j in order. y is [outer, length, inner], x and the indices
// [outer, taken, inner]. An index outside adds nothing. One invocation per run along the axis, which no other writes.
struct Constants {
  runs: u32,
  length: u32,
  inner: u32,
  taken: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let run = flat_index(id, groups, WORKGROUP);
  if (run >= constants.runs) {
    return;
  }
  let outer = run / constants.inner;
  let column = run - outer * constants.inner;
  for (var j = 0u; j < constants.taken; j++) {
    let source = (outer * constants.taken + j) * constants.inner + column;
    let place = indices[source];
    if (place >= 0 && place < i32(constants.length)) {
      let target_place = (outer * constants.length + u32(place)) * constants.inner + column;
      y[target_place] += x[source];
    }
  }
}
