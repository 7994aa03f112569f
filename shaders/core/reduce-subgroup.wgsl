// y[o, i] = factor * reduction over j of x[o, j, i]; x is [outer, length, inner]. One workgroup per result.
//
// Lane l takes the elements l, l + WORKGROUP, l + 2 WORKGROUP, ... in order; then the lanes of a subgroup are combined as
// a tree, by telling each other instead of through workgroup memory, and the subgroups in order. f32 throughout. Lanes
// without an element repeat the first one under max, and add 0 under sum. A subgroup's lanes are neighbours, and their
// number is a power of two.
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

// One for each subgroup, of four lanes at least.
var<workgroup> partial: array<f32, WORKGROUP / 4u>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_size) subgroup_size: u32,
) {
  let i = flat_workgroup(workgroup, groups);
  if (i >= constants.results) {
    return;
  }
  let inner = constants.inner;
  let start = (i / inner) * constants.length * inner + i % inner;
  var result = first_value(constants.reduction, f32(x[start]));
  for (var j = lane; j < constants.length; j += WORKGROUP) {
    result = combine(constants.reduction, result, f32(x[start + j * inner]));
  }
  let lanes = min(subgroup_size, WORKGROUP);
  for (var distance = 1u; distance < lanes; distance *= 2u) {
    result = combine(constants.reduction, result, subgroupShuffleXor(result, distance));
  }
  if (lane % lanes == 0u) {
    partial[lane / lanes] = result;
  }
  workgroupBarrier();
  if (lane == 0u) {
    for (var s = 1u; s < WORKGROUP / lanes; s++) {
      result = combine(constants.reduction, result, partial[s]);
    }
    y[i] = Element(result * constants.factor);
  }
}
