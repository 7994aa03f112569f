// y[o, i] = factor * reduction over j of x[o, j, i]; x is [outer, length, inner]. One workgroup per result.
//
// Lane l takes the elements l, l + WORKGROUP, l + 2 WORKGROUP, ... in order; then the lanes are combined as a
// tree. f32 throughout, or i32. Lanes without an element repeat the first one under max, and add 0 under sum.
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

var<workgroup> partial: array<Total, WORKGROUP>;

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
    var result = first_value(constants.reduction, Total(x[start]));
    for (var j = lane; j < constants.length; j += WORKGROUP) {
      result = combine(constants.reduction, result, Total(x[start + j * inner]));
    }
    partial[lane] = result;
  }
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (valid && lane < width) {
      partial[lane] = combine(constants.reduction, partial[lane], partial[lane + width]);
    }
    workgroupBarrier();
  }
  if (valid && lane == 0u) {
    y[i] = Element(partial[0] * constants.factor);
  }
}
