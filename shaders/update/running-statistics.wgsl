// running = (1 - momentum) running + momentum statistic; the variance is corrected by n / (n - 1) first
struct Constants {
  count: u32,
  momentum_at: u32,
  correction: f32,
}

@group(0) @binding(0) var<storage, read> mean: array<Element>;
@group(0) @binding(1) var<storage, read> variance: array<Element>;
@group(0) @binding(2) var<storage, read_write> running_mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> running_variance: array<f32>;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let momentum = step_float(constants.momentum_at);
  running_mean[i] = (1.0 - momentum) * running_mean[i] + momentum * f32(mean[i]);
  running_variance[i] = (1.0 - momentum) * running_variance[i] + momentum * constants.correction * f32(variance[i]);
}
