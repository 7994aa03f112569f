// partials[out_offset + g] = sum of x[i]^2 over the PARTIAL elements of workgroup g.
// Lane l adds elements l, l + WORKGROUP, ... in order, then the lanes are added as a tree. f32.
struct Constants {
  count: u32,
  out_offset: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> partials: array<f32>;
@group(0) @binding(2) var<uniform> constants: Constants;

var<workgroup> lanes: array<f32, WORKGROUP>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let group = flat_workgroup(workgroup, groups);
  let start = group * PARTIAL;
  let end = min(start + PARTIAL, constants.count);
  var total = 0.0;
  for (var i = start + lane; i < end; i += WORKGROUP) {
    let value = f32(x[i]);
    total += value * value;
  }
  lanes[lane] = total;
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      lanes[lane] += lanes[lane + width];
    }
    workgroupBarrier();
  }
  if (lane == 0u && start < constants.count) {
    partials[constants.out_offset + group] = lanes[0];
  }
}
