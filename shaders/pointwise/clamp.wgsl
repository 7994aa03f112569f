// y = min(max(x, low), high), infinite where there is no bound. A NaN passes through.
struct Constants {
  count: u32,
  low: f32,
  high: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read_write> y: array<Element1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let value = f32(x[i]);
  y[i] = Element1(select(min(max(value, constants.low), constants.high), value, is_nan(value)));
}
