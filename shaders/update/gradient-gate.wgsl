// gate = [norm, scale, finite, failures, last failure] from partial sums of squares. One workgroup: lane l adds partials
// l, l + WORKGROUP, ... in order, then the lanes are added as a tree.
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

// Sums of lanes, f32 by their bits as well, and whether all that is in them is finite.
var<workgroup> lane_sums: array<u32, WORKGROUP>;
var<workgroup> lane_finite: array<u32, WORKGROUP>;

fn has_finite_bits(bits: u32) -> bool {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var sum_finite = true;
  for (var i = lane; i < constants.count; i += WORKGROUP) {
    let bits = partials[i];
    sum_finite = sum_finite && has_finite_bits(bits);
    sum += bitcast<f32>(bits);
  }
  lane_sums[lane] = bitcast<u32>(sum);
  lane_finite[lane] = select(0u, 1u, sum_finite);
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      lane_sums[lane] = bitcast<u32>(bitcast<f32>(lane_sums[lane]) + bitcast<f32>(lane_sums[lane + width]));
      lane_finite[lane] &= lane_finite[lane + width];
    }
    workgroupBarrier();
  }
  if (lane > 0u) {
    return;
  }
  // Finite parts may have an infinite sum.
  let finite = lane_finite[0] == 1u && has_finite_bits(lane_sums[0]);
  let norm = sqrt(bitcast<f32>(lane_sums[0]));
  let limit = bitcast<f32>(step.words[constants.limit_at >> 2u][constants.limit_at & 3u]);
  gate[0] = norm;
  gate[1] = select(0.0, select(1.0, min(1.0, limit / (norm + 1e-6)), limit > 0.0), finite);
  gate[2] = select(0.0, 1.0, finite);
  if (!finite) {
    gate[3] += 1.0;
    gate[4] = f32(step.words[constants.step_at >> 2u][constants.step_at & 3u]);
  }
}
