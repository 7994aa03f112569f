// Known answers for a device's subgroup operations; see src/device/subgroup-test.ts. Every invocation of some workgroups
// stores eight numbers: the size of its subgroup, its place there, the sum of the subgroup's x, x of the first lane and of
// lane LAST, and x of the lanes whose places differ from its own by 1, 2, and half of the lanes.
//
// x: an element for each invocation; out: eight. LAST is less than the fewest lanes that a subgroup may have, 4 at least.
// Needs lib/grid.wgsl.
enable subgroups;

struct Constants {
  n: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_size) subgroup_size: u32,
  @builtin(subgroup_invocation_id) subgroup_lane: u32,
) {
  let first = flat_workgroup(workgroup, workgroups) * WORKGROUP;
  if (first >= constants.n) {
    return;
  }
  let i = first + lane;
  let value = x[i];
  out[8u * i] = f32(subgroup_size);
  out[8u * i + 1u] = f32(subgroup_lane);
  out[8u * i + 2u] = subgroupAdd(value);
  out[8u * i + 3u] = subgroupBroadcast(value, 0u);
  out[8u * i + 4u] = subgroupBroadcast(value, LAST);
  out[8u * i + 5u] = subgroupShuffleXor(value, 1u);
  out[8u * i + 6u] = subgroupShuffleXor(value, 2u);
  out[8u * i + 7u] = subgroupShuffleXor(value, min(subgroup_size, WORKGROUP) / 2u);
}
