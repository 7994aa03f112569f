// losses[i] = (1 - t) ln(1 + e^x) + p t ln(1 + e^-x), ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|); p = 1 without weights.
// WGSL has no log1p: far from 0 the smaller of the two is off by less than 1e-7. One invocation per element, f32.
struct Constants {
  count: u32,
  weighted: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<Element>;
@group(0) @binding(1) var<storage, read> targets: array<Element>;
@group(0) @binding(2) var<storage, read> positive_weights: array<Element>;
@group(0) @binding(3) var<storage, read_write> losses: array<Element>;
@group(0) @binding(4) var<uniform> constants: Constants;

// What is not asked for may be impossible: its logit infinite. Compared by bits, for a NaN is not 0.
fn share_of(share: f32, loss: f32) -> f32 {
  let asked = (bitcast<u32>(share) << 1u) != 0u;
  return select(0.0, share * loss, asked);
}

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
  let rest = log_of(1.0 + exp_of(-abs(x)));
  losses[i] = Element(share_of(1.0 - t, max(x, 0.0) + rest) + share_of(yes, max(-x, 0.0) + rest));
}
