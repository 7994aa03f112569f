// dx[b, r, s, c] = sum over the p and q that have (r, s) as a neighbour of u[p, r] v[q, s] dy[b, p, q, c]
//
// dx is [batch, height, width, channels], dy [batch, out_height, out_width, channels]; lib/resize-axis.wgsl has neighbours
// and weights. One invocation per place of dx and CHANNELS channels; it looks at the pixels that it was a neighbour of, in
// order, so nothing is added atomically. Sums are f32.
struct Constants {
  batch: u32,
  height: u32,
  width: u32,
  channels: u32,
  out_height: u32,
  out_width: u32,
  taps: u32,
  row_step: u32,
  row_start: u32,
  row_unit: u32,
  column_step: u32,
  column_start: u32,
  column_unit: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> dx: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = constants;
  let i = flat_index(id, groups, WORKGROUP);
  let channels = c.channels / CHANNELS;
  let rows = Axis(c.height, c.out_height, c.row_step, c.row_start, c.row_unit);
  let columns = Axis(c.width, c.out_width, c.column_step, c.column_start, c.column_unit);
  let places = c.height * c.width;
  if (i >= c.batch * places * channels) {
    return;
  }
  let row = i / channels % places / c.width;
  let column = i / channels % places % c.width;
  let image = i / channels / places * c.out_height;
  let down = pixels_over(rows, c.taps, row);
  let across = pixels_over(columns, c.taps, column);

  var sum = Channels();
  for (var p = down.first; p < down.end; p++) {
    let line = (image + p) * c.out_width;
    var part = Channels();
    for (var q = across.first; q < across.end; q++) {
      part += weight_in(columns, c.taps, q, column) * Channels(dy[(line + q) * channels + i % channels]);
    }
    sum += weight_in(rows, c.taps, p, row) * part;
  }
  dx[i] = Stored1(sum);
}
