// dx = dy where low <= x <= high, else 0; a NaN is not between them.
struct Constants {
  count: u32,
  low: f32,
  high: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> dy: array<Element1>;
@group(0) @binding(2) var<storage, read_write> dx: array<Element2>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let value = f32(x[i]);
  let inside = value >= constants.low && value <= constants.high && !is_nan(value);
  dx[i] = Element2(select(0.0, f32(dy[i]), inside));
}
