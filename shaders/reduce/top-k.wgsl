// indices[o, r, i] = where the element of rank r of x[o, :, i] is, from the largest on, the first of equal ones first; x is
// [outer, length, inner], r < k. One invocation per run along the axis, which looks through it once for each rank.
struct Constants {
  runs: u32,
  length: u32,
  inner: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> indices: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let run = flat_index(id, groups, WORKGROUP);
  if (run >= constants.runs) {
    return;
  }
  let inner = constants.inner;
  let length = constants.length;
  let outer = run / inner;
  let column = run - outer * inner;
  let start = outer * length * inner + column;
  // The element of the rank before: there is none yet.
  var last = length;
  var last_value = 0.0;
  for (var rank = 0u; rank < constants.k; rank++) {
    var best = length;
    var best_value = 0.0;
    for (var j = 0u; j < length; j++) {
      let value = f32(x[start + j * inner]);
      let is_left = last == length || comes_before(last_value, value, 0u)
        || (j > last && !comes_before(value, last_value, 0u));
      if (is_left && (best == length || comes_before(value, best_value, 0u))) {
        best = j;
        best_value = value;
      }
    }
    indices[(outer * constants.k + rank) * inner + column] = i32(best);
    last = best;
    last_value = best_value;
  }
}
