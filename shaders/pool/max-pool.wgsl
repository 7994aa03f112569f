// y[b, p, q, c] = max over r, s of x[b, p stride_height - pad_top + r, q stride_width - pad_left + s, c]
//
// x is [batch, height, width, channels], y [batch, out_height, out_width, channels]. One invocation per place and
// CHANNELS channels. Padding never wins: only places inside count, and every window has one. NaN wins.
struct Constants {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  out_height: u32,
  out_width: u32,
  kernel_height: u32,
  kernel_width: u32,
  stride_height: u32,
  stride_width: u32,
  pad_top: u32,
  pad_left: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let channels = constants.channels / CHANNELS;
  let places = constants.out_height * constants.out_width;
  if (i >= constants.batch * places * channels) {
    return;
  }
  let place = i / channels % places;
  let image = i / channels / places * constants.height * constants.width;
  let top = place / constants.out_width * constants.stride_height;
  let left = place % constants.out_width * constants.stride_width;
  // The window without what lies outside, in image rows and columns.
  let first_row = max(top, constants.pad_top) - constants.pad_top;
  let first_column = max(left, constants.pad_left) - constants.pad_left;
  let end_row = min(top + constants.kernel_height, constants.height + constants.pad_top) - constants.pad_top;
  let end_column = min(left + constants.kernel_width, constants.width + constants.pad_left) - constants.pad_left;

  var best = Channels(x[(image + first_row * constants.width + first_column) * channels + i % channels]);
  for (var row = first_row; row < end_row; row++) {
    for (var column = first_column; column < end_column; column++) {
      let value = Channels(x[(image + row * constants.width + column) * channels + i % channels]);
      // NaN by its bits: compilers may assume that no comparison meets one.
      let is_nan = (bitcast<ChannelBits>(value) & ChannelBits(0x7fffffffu)) > ChannelBits(0x7f800000u);
      best = select(best, value, (value > best) | is_nan);
    }
  }
  y[i] = Stored1(best);
}
