// y[o, j, i] = the sum of x[o, :, i] up to j, itself included; backwards, from j on. x is [outer, length, inner], of f32 or i32.
// One invocation per run along the axis, in order.
struct Constants {
  runs: u32,
  length: u32,
  inner: u32,
  backwards: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let run = flat_index(id, groups, WORKGROUP);
  if (run >= constants.runs) {
    return;
  }
  let inner = constants.inner;
  let start = (run / inner) * constants.length * inner + run % inner;
  var total = Element(0);
  for (var j = 0u; j < constants.length; j++) {
    let place = start + select(j, constants.length - 1u - j, constants.backwards == 1u) * inner;
    total += x[place];
    y[place] = total;
  }
}
