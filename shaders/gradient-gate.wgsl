// gate = [norm, scale, finite, failures, last failure] from partial sums of squares. One invocation, in order.
//
//   norm = sqrt(sum of partials), scale = min(1, limit / (norm + 1e-6)) when limit > 0, else 1.
// When the norm is not finite, `scale` and `finite` are 0, failures grows by one, and the step is noted.
struct Constants {
  count: u32,
  limit_at: u32,
  step_at: u32,
}

// f32 by their bits: of what it has computed itself, a compiler may assume that it is finite, whatever is asked of its bits;
// of a word from memory it cannot.
@group(0) @binding(0) var<storage, read> partials: array<u32>;
@group(0) @binding(1) var<storage, read_write> gate: array<f32>;
@group(0) @binding(2) var<uniform> constants: Constants;
@group(0) @binding(3) var<uniform> step: Step;

fn has_finite_bits(bits: u32) -> bool {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(1)
fn main() {
  var total = 0.0;
  var finite = true;
  for (var i = 0u; i < constants.count; i++) {
    let bits = partials[i];
    finite = finite && has_finite_bits(bits);
    total += bitcast<f32>(bits);
  }
  // Finite parts may have an infinite sum.
  finite = finite && has_finite_bits(bitcast<u32>(total));
  let norm = sqrt(total);
  let limit = bitcast<f32>(step.words[constants.limit_at >> 2u][constants.limit_at & 3u]);
  gate[0] = norm;
  gate[1] = select(0.0, select(1.0, min(1.0, limit / (norm + 1e-6)), limit > 0.0), finite);
  gate[2] = select(0.0, 1.0, finite);
  if (!finite) {
    gate[3] += 1.0;
    gate[4] = f32(step.words[constants.step_at >> 2u][constants.step_at & 3u]);
  }
}
