// scale = gamma / sqrt(variance + epsilon), shift = beta - mean scale, for each channel
struct Constants {
  count: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<storage, read> gamma: array<Element>;
@group(0) @binding(1) var<storage, read> beta: array<Element>;
@group(0) @binding(2) var<storage, read> mean: array<Element>;
@group(0) @binding(3) var<storage, read> variance: array<Element>;
@group(0) @binding(4) var<storage, read_write> scale: array<Element>;
@group(0) @binding(5) var<storage, read_write> shift: array<Element>;
@group(0) @binding(6) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let factor = f32(gamma[i]) / sqrt(f32(variance[i]) + constants.epsilon);
  scale[i] = Element(factor);
  shift[i] = Element(f32(beta[i]) - f32(mean[i]) * factor);
}
