// y = activation(sum * scale[channel] + shift[channel] + residual), in f32, for four neighbouring channels.
// The bits are those of epilogueBits in src/ops/core/epilogue.ts. NaN passes through both activations.
// Comes after b-vec4.wgsl or b-scalar.wgsl, whose operands it reads where they exist, and after is-nan.wgsl.
const EPILOGUE_SCALE = 1u;
const EPILOGUE_SHIFT = 2u;
const EPILOGUE_RESIDUAL = 4u;
const EPILOGUE_RELU = 8u;
const EPILOGUE_RELU6 = 16u;

// Finishes the sums of `columns` channels from `channel` on and stores them at element `index` of the output.
fn finish(sum: vec4<f32>, bits: u32, channel: u32, index: u32, columns: u32) {
  var y = sum;
  if ((bits & EPILOGUE_SCALE) != 0u) {
    y *= scale_vector(channel, columns);
  }
  if ((bits & EPILOGUE_SHIFT) != 0u) {
    y += shift_vector(channel, columns);
  }
  if ((bits & EPILOGUE_RESIDUAL) != 0u) {
    y += residual_vector(index, columns);
  }
  if ((bits & (EPILOGUE_RELU | EPILOGUE_RELU6)) != 0u) {
    y = select(y, vec4<f32>(), fours_below_zero(y));
  }
  if ((bits & EPILOGUE_RELU6) != 0u) {
    y = select(y, vec4<f32>(6.0), fours_above_six(y));
  }
  store_out(index, columns, y);
}
