// y[i, j] = 1 where j = labels[i], else 0; NaN where the label is no class. y is [rows, classes].
struct Constants {
  count: u32,
  classes: u32,
  not_a_number: f32,
}

@group(0) @binding(0) var<storage, read> labels: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let label = labels[i / constants.classes];
  let known = label >= 0 && label < i32(constants.classes);
  let value = select(0.0, 1.0, label == i32(i % constants.classes));
  y[i] = Element(select(constants.not_a_number, value, known));
}
