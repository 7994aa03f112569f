// As argmax.wgsl, with one workgroup per result. Lane l looks at the elements l, l + WORKGROUP, ...; then the lanes are compared
// as a tree. Of equal elements the first wins everywhere, so the cut decides nothing.
struct Constants {
  results: u32,
  length: u32,
  inner: u32,
  smallest: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> index: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

var<workgroup> found: array<f32, WORKGROUP>;
var<workgroup> places: array<u32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = flat_workgroup(workgroup, groups);
  let valid = i < constants.results;
  let inner = constants.inner;
  let start = (i / inner) * constants.length * inner + i % inner;
  if (valid) {
    // A lane without elements repeats the last one, which its own lane has as well.
    var best = min(lane, constants.length - 1u);
    var value = f32(x[start + best * inner]);
    for (var j = lane + WORKGROUP; j < constants.length; j += WORKGROUP) {
      let next = f32(x[start + j * inner]);
      if (comes_before(next, value, constants.smallest)) {
        value = next;
        best = j;
      }
    }
    found[lane] = value;
    places[lane] = best;
  }
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (valid && lane < width) {
      let other = lane + width;
      let is_before = comes_before(found[other], found[lane], constants.smallest);
      let is_equal = !comes_before(found[lane], found[other], constants.smallest);
      if (is_before || (is_equal && places[other] < places[lane])) {
        found[lane] = found[other];
        places[lane] = places[other];
      }
    }
    workgroupBarrier();
  }
  if (valid && lane == 0u) {
    index[i] = i32(places[0]);
  }
}
