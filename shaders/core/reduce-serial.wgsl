// y[o, i] = factor * reduction over j of x[o, j, i]; x is [outer, length, inner]. One invocation per result, in order, f32 or i32.
@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.results) {
    return;
  }
  let inner = constants.inner;
  let start = (i / inner) * constants.length * inner + i % inner;
  var result = first_value(constants.reduction, Total(x[start]));
  for (var j = 0u; j < constants.length; j++) {
    result = combine(constants.reduction, result, Total(x[start + j * inner]));
  }
  y[i] = Element(result * constants.factor);
}
