// y[i, c] = activation(x[i, c] scale[c] + shift[c] + residual[i, c]); channels are the last, contiguous axis.
// The bits are those of epilogueBits in src/ops/core/epilogue.ts: 4 residual, 8 ReLU, 16 ReLU up to 6.
struct Constants {
  count: u32,
  channels: u32,
  epilogue: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read> scale: array<Element1>;
@group(0) @binding(2) var<storage, read> shift: array<Element2>;
@group(0) @binding(3) var<storage, read> residual: array<Element3>;
@group(0) @binding(4) var<storage, read_write> y: array<Element4>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let channel = i % constants.channels;
  var value = f32(x[i]) * f32(scale[channel]) + f32(shift[channel]);
  if ((constants.epilogue & 4u) != 0u) {
    value += f32(residual[i]);
  }
  // A NaN passes through.
  if ((constants.epilogue & 24u) != 0u) {
    value = select(value, 0.0, below_zero(value));
  }
  if ((constants.epilogue & 16u) != 0u) {
    value = select(value, 6.0, above_six(value));
  }
  y[i] = Element4(value);
}
