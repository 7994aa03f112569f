// y[n, r, c] = sum over t of weights[n, t] images[n, r + t - taps / 2, c]; mirrored at the edges, summed in f32
//
// images is [n, height, width, 3] in bytes, four to a word, lowest first.
struct Constants {
  count: u32,
  height: u32,
  width: u32,
  taps: u32,
}

@group(0) @binding(0) var<storage, read> images: array<u32>;
@group(0) @binding(1) var<storage, read> weights: array<Element>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let line = constants.width * 3u;
  let row = i / line;
  let image = row / constants.height;
  var sum = 0.0;
  for (var tap = 0u; tap < constants.taps; tap++) {
    let weight = f32(weights[image * constants.taps + tap]);
    let place = i32(row % constants.height + tap) - i32(constants.taps / 2u);
    let source = image * constants.height + mirrored(place, constants.height);
    let at = source * line + i % line;
    sum += weight * f32((images[at / 4u] >> (8u * (at % 4u))) & 255u);
  }
  y[i] = Element(sum);
}
