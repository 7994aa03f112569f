// dlogits[i] = ((1 - t) s(x) - p t s(-x)) dlosses[i], s(x) = 1 / (1 + e^-x), made of e^-|x|; p = 1 without weights.
// One invocation per element, f32.
struct Constants {
  count: u32,
  weighted: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<Element>;
@group(0) @binding(2) var<storage, read> positive_weights: array<Element>;
@group(0) @binding(3) var<storage, read> dlosses: array<Element>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<Element>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let x = f32(logits[i]);
  let t = f32(targets[i]);
  var yes = t;
  if (constants.weighted == 1u) {
    yes *= f32(positive_weights[i]);
  }
  let small = exp_of(-abs(x));
  let likely = 1.0 / (1.0 + small);
  let unlikely = small * likely;
  let below = x < 0.0;
  let slope = (1.0 - t) * select(likely, unlikely, below) - yes * select(unlikely, likely, below);
  dlogits[i] = Element(slope * f32(dlosses[i]));
}
