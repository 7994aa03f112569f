// out = alpha x + bias, total += out; alpha is step value 0, bias and total may be absent.
// x, bias, total, out: n elements.
struct Constants {
  n: u32,
  has_bias: u32,
  has_total: u32,
  offset: f32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> bias: array<Element>;
@group(0) @binding(2) var<storage, read_write> total: array<Element>;
@group(0) @binding(3) var<storage, read_write> out: array<Element>;
@group(0) @binding(4) var<uniform> constants: Constants;
@group(0) @binding(5) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = flat_index(global_id, workgroups, WORKGROUP);
  if (i >= constants.n) {
    return;
  }
  var value = bitcast<f32>(step.words[0].x) * x[i] + constants.offset;
  if (constants.has_bias == 1u) {
    value += bias[i];
  }
  if (constants.has_total == 1u) {
    total[i] += value;
  }
  out[i] = value;
}
