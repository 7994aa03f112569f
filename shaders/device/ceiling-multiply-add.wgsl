// How fast multiply-adds can be: each invocation does nothing else, on numbers that stay in its registers.
//
// The numbers 1, 2, ... 4 CHAINS go through x = scale x + shift, STEPS times constants.rounds; chains do not wait for
// each other. out[i] = the sum of those of invocation i, so that none can be left out. operands: scale and shift, from
// memory, so that the compiler knows neither. float32. CHAINS is 2, 4 or 8; behind an `if` with a constant nothing is
// left of the others. Needs lib/grid.wgsl.
struct Constants {
  count: u32,
  rounds: u32,
}

@group(0) @binding(0) var<storage, read> operands: array<Element>;
@group(0) @binding(1) var<storage, read_write> out: array<Element>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) global_id: vec3<u32>, @builtin(num_workgroups) workgroups: vec3<u32>) {
  let i = flat_index(global_id, workgroups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let scale = vec4<f32>(operands[0]);
  let shift = vec4<f32>(operands[1]);
  var a = vec4<f32>(1.0, 2.0, 3.0, 4.0);
  var b = a + 4.0;
  var c = a + 8.0;
  var d = a + 12.0;
  var e = a + 16.0;
  var f = a + 20.0;
  var g = a + 24.0;
  var h = a + 28.0;
  for (var round = 0u; round < constants.rounds; round++) {
    for (var step = 0u; step < STEPS; step++) {
      a = fma(a, scale, shift);
      b = fma(b, scale, shift);
      if (CHAINS > 2u) {
        c = fma(c, scale, shift);
        d = fma(d, scale, shift);
      }
      if (CHAINS > 4u) {
        e = fma(e, scale, shift);
        f = fma(f, scale, shift);
        g = fma(g, scale, shift);
        h = fma(h, scale, shift);
      }
    }
  }
  var sum = a + b;
  if (CHAINS > 2u) {
    sum += c + d;
  }
  if (CHAINS > 4u) {
    sum += (e + f) + (g + h);
  }
  out[i] = Element((sum.x + sum.y) + (sum.z + sum.w));
}
