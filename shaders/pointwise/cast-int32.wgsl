// y[i] = i32(x[i]), rounded towards 0; the nearest number for what i32 cannot hold, the lowest for a NaN.
struct Constants {
  count: u32,
  source: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let value = x[i];
  // The largest f32 below 2^31 is 2147483520: what lies above is set apart.
  let inside = i32(clamp(value, -2147483648.0, 2147483520.0));
  let whole = select(inside, 2147483647, value > 2147483520.0);
  y[i] = select(whole, -2147483647 - 1, is_nan(value));
}
