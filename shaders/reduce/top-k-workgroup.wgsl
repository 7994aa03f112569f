// As top-k.wgsl, with one workgroup per run along the axis. For each rank, lane l looks at the elements l, l + WORKGROUP, ...;
// then the lanes are compared as a tree. Of equal elements the first wins everywhere, so the cut decides nothing.
struct Constants {
  runs: u32,
  length: u32,
  inner: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> indices: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

var<workgroup> found: array<f32, WORKGROUP>;
var<workgroup> places: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let run = flat_workgroup(workgroup, groups);
  let valid = run < constants.runs;
  let inner = constants.inner;
  let length = constants.length;
  let outer = run / inner;
  let column = run - outer * inner;
  let start = outer * length * inner + column;
  // The element of the rank before: there is none yet. `length` is no place.
  var last = length;
  var last_value = 0.0;
  for (var rank = 0u; rank < constants.k; rank++) {
    if (valid) {
      var best = length;
      var best_value = 0.0;
      for (var j = lane; j < length; j += WORKGROUP) {
        let value = f32(x[start + j * inner]);
        let is_left = last == length || comes_before(last_value, value, 0u)
          || (j > last && !comes_before(value, last_value, 0u));
        if (is_left && (best == length || comes_before(value, best_value, 0u))) {
          best = j;
          best_value = value;
        }
      }
      found[lane] = best_value;
      places[lane] = best;
    }
    workgroupBarrier();
    for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
      if (valid && lane < width) {
        let other = lane + width;
        let is_before = comes_before(found[other], found[lane], 0u);
        let is_equal = !comes_before(found[lane], found[other], 0u);
        let wins = places[lane] == length || is_before || (is_equal && places[other] < places[lane]);
        if (places[other] < length && wins) {
          found[lane] = found[other];
          places[lane] = places[other];
        }
      }
      workgroupBarrier();
    }
    if (valid) {
      last = places[0];
      last_value = found[0];
      if (lane == 0u) {
        indices[(outer * constants.k + rank) * inner + column] = i32(last);
      }
    }
    // All have read the winner before the lanes look for the next.
    workgroupBarrier();
  }
}
