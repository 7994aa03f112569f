// The loss scale after a step: scaling = [scale, good steps, steps left out], gate as in gradient-gate.wgsl.
//
//   gradients finite: good += 1; after GROWTH_INTERVAL good ones in a row scale = min(2 scale, LARGEST), good = 0
//   not finite, scale > 1: scale = max(scale / 2, 1), good = 0, left out += 1, and the gate's failure is taken back
//   not finite, scale = 1: it was no overflow of the scale; the failure stands
@group(0) @binding(0) var<storage, read_write> gate: array<f32>;
@group(0) @binding(1) var<storage, read_write> scaling: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let scale = scaling[0];
  if (gate[2] != 0.0) {
    let good = scaling[1] + 1.0;
    let grows = good >= f32(GROWTH_INTERVAL);
    scaling[0] = select(scale, min(2.0 * scale, f32(LARGEST)), grows);
    scaling[1] = select(good, 0.0, grows);
  } else if (scale > 1.0) {
    scaling[0] = max(0.5 * scale, 1.0);
    scaling[1] = 0.0;
    scaling[2] += 1.0;
    gate[3] -= 1.0;
  }
}
