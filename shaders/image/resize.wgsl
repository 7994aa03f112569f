// y[b, p, q, c] = sum over neighbours r of p, s of q of u[p, r] v[q, s] x[b, r, s, c]
//
// x is [batch, height, width, channels], y [batch, out_height, out_width, channels]; lib/resize-axis.wgsl has neighbours
// and weights. One invocation per pixel and CHANNELS channels; sums are f32, row by row.
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

@group(0) @binding(0) var<storage, read> x: array<Stored0>;
@group(0) @binding(1) var<storage, read_write> y: array<Stored1>;
@group(0) @binding(2) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let c = constants;
  let i = flat_index(id, groups, WORKGROUP);
  let channels = c.channels / CHANNELS;
  let rows = Axis(c.height, c.out_height, c.row_step, c.row_start, c.row_unit);
  let columns = Axis(c.width, c.out_width, c.column_step, c.column_start, c.column_unit);
  let pixels = c.out_height * c.out_width;
  if (i >= c.batch * pixels * channels) {
    return;
  }
  let pixel = i / channels % pixels;
  let image = i / channels / pixels * c.height;
  let down = neighbours_of(rows, c.taps, pixel / c.out_width);
  let across = neighbours_of(columns, c.taps, pixel % c.out_width);

  var sum = Channels();
  for (var r = 0u; r < c.taps; r++) {
    let line = (image + place_of(rows, down.first + i32(r))) * c.width;
    var part = Channels();
    for (var s = 0u; s < c.taps; s++) {
      let place = line + place_of(columns, across.first + i32(s));
      part += weight_of(c.taps, s, across.fraction) * Channels(x[place * channels + i % channels]);
    }
    sum += weight_of(c.taps, r, down.fraction) * part;
  }
  y[i] = Stored1(sum);
}
