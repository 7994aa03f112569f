// dx[b, h, w, c] = sum of dy[b, p, q, c] / n(p, q) over the windows (p, q) that cover (h, w)
//
// dx is [batch, height, width, channels], dy [batch, out_height, out_width, channels]. n is the size of a window where
// padding counts, else how many of its places are inside. One invocation per place of dx and CHANNELS channels; it
// looks at the windows that cover its place, in order, so nothing is added atomically. Sums are f32.
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

@group(0) @binding(0) var<storage, read> dy: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = constants;
  let i = flat_index(id, groups, WORKGROUP);
  let channels = c.channels / CHANNELS;
  if (i >= c.batch * c.height * c.width * channels) {
    return;
  }
  let place = i / channels % (c.height * c.width);
  let image = i / channels / (c.height * c.width);
  let rows = windows_over(place / c.width, c.pad_top, c.kernel_height, c.stride_height, c.out_height);
  let columns = windows_over(place % c.width, c.pad_left, c.kernel_width, c.stride_width, c.out_width);

  var sum = Channels();
  for (var p = rows.first; p < rows.end; p++) {
    let top = p * c.stride_height;
    let inside_rows = min(top + c.kernel_height, c.height + c.pad_top) - max(top, c.pad_top);
    for (var q = columns.first; q < columns.end; q++) {
      let left = q * c.stride_width;
      let inside_columns = min(left + c.kernel_width, c.width + c.pad_left) - max(left, c.pad_left);
      let inside = inside_rows * inside_columns;
      let places = select(inside, c.kernel_height * c.kernel_width, c.count_include_pad == 1u);
      sum += Channels(dy[((image * c.out_height + p) * c.out_width + q) * channels + i % channels]) / f32(places);
    }
  }
  dx[i] = Stored1(sum);
}
