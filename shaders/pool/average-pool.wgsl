// y[b, p, q, c] = sum of x[b, r, s, c] over the places (r, s) of window (p, q) inside the image / n(p, q)
//
// x is [batch, height, width, channels], y [batch, out_height, out_width, channels]. n is the size of a window where
// padding counts, else how many of its places are inside: at least one. One invocation per place of y and CHANNELS
// channels adds in order, in f32.
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
  count_include_pad: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = constants;
  let i = flat_index(id, groups, WORKGROUP);
  let channels = c.channels / CHANNELS;
  let places = c.out_height * c.out_width;
  if (i >= c.batch * places * channels) {
    return;
  }
  let place = i / channels % places;
  let image = i / channels / places * c.height * c.width;
  let top = place / c.out_width * c.stride_height;
  let left = place % c.out_width * c.stride_width;
  // The window without what lies outside, in image rows and columns.
  let first_row = max(top, c.pad_top) - c.pad_top;
  let first_column = max(left, c.pad_left) - c.pad_left;
  let end_row = min(top + c.kernel_height, c.height + c.pad_top) - c.pad_top;
  let end_column = min(left + c.kernel_width, c.width + c.pad_left) - c.pad_left;

  var sum = Channels();
  for (var row = first_row; row < end_row; row++) {
    for (var column = first_column; column < end_column; column++) {
      sum += Channels(x[(image + row * c.width + column) * channels + i % channels]);
    }
  }
  let inside = (end_row - first_row) * (end_column - first_column);
  y[i] = Stored1(sum / f32(select(inside, c.kernel_height * c.kernel_width, c.count_include_pad == 1u)));
}
