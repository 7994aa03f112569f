// dx[b, h, w, c] = sum of dy[b, p, q, c] over the windows (p, q) whose largest element is x[b, h, w, c]
//
// x and dx are [batch, height, width, channels], dy [batch, out_height, out_width, channels]. One invocation per
// place of dx and CHANNELS channels; it looks at the windows that cover its place, in order, so nothing is added
// atomically. Of equal elements the first of a window wins, of several NaN the last, as in PyTorch.
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
@group(0) @binding(1) var<storage, read> dy: array<Stored1>;
@group(0) @binding(2) var<storage, read_write> dx: array<Stored2>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = constants;
  let i = flat_index(id, groups, WORKGROUP);
  let channels = c.channels / CHANNELS;
  if (i >= c.batch * c.height * c.width * channels) {
    return;
  }
  let channel = i % channels;
  let place = i / channels % (c.height * c.width);
  let image = i / channels / (c.height * c.width);
  let own_row = place / c.width;
  let own_column = place % c.width;
  let rows = windows_over(own_row, c.pad_top, c.kernel_height, c.stride_height, c.out_height);
  let columns = windows_over(own_column, c.pad_left, c.kernel_width, c.stride_width, c.out_width);

  var sum = Channels();
  for (var p = rows.first; p < rows.end; p++) {
    let top = p * c.stride_height;
    let first_row = max(top, c.pad_top) - c.pad_top;
    let end_row = min(top + c.kernel_height, c.height + c.pad_top) - c.pad_top;
    for (var q = columns.first; q < columns.end; q++) {
      let left = q * c.stride_width;
      let first_column = max(left, c.pad_left) - c.pad_left;
      let end_column = min(left + c.kernel_width, c.width + c.pad_left) - c.pad_left;
      let gradient = Channels(dy[((image * c.out_height + p) * c.out_width + q) * channels + channel]);

      var best = Channels(x[((image * c.height + first_row) * c.width + first_column) * channels + channel]);
      // What this place gets, should the best so far stay the best.
      var share = select(Channels(), gradient, first_row == own_row && first_column == own_column);
      for (var row = first_row; row < end_row; row++) {
        for (var column = first_column; column < end_column; column++) {
          let value = Channels(x[((image * c.height + row) * c.width + column) * channels + channel]);
          // NaN by its bits: compilers may assume that no comparison meets one.
          let is_nan = (bitcast<ChannelBits>(value) & ChannelBits(0x7fffffffu)) > ChannelBits(0x7f800000u);
          let better = (value > best) | is_nan;
          best = select(best, value, better);
          share = select(share, select(Channels(), gradient, row == own_row && column == own_column), better);
        }
      }
      sum += share;
    }
  }
  dx[i] = Stored2(sum);
}
