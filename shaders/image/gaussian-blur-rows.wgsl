// y[n, r, c] = sum over t of weights[n, t] columns[n, r, c + t - taps / 2], rounded to a byte; mirrored at the edges
//
// columns is [n, height, width, 3]; y the same in bytes, four to a word, lowest first: one invocation per word.
struct Constants {
  count: u32,
  height: u32,
  width: u32,
  taps: u32,
}

@group(0) @binding(0) var<storage, read> columns: array<Element>;
@group(0) @binding(1) var<storage, read> weights: array<Element>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let word = flat_index(id, groups, WORKGROUP);
  if (word * 4u >= constants.count) {
    return;
  }
  var bytes = vec4<u32>();
  for (var lane = 0u; lane < 4u && word * 4u + lane < constants.count; lane++) {
    bytes[lane] = u32(round(blurred(word * 4u + lane)));
  }
  y[word] = pack4xU8(bytes);
}

fn blurred(i: u32) -> f32 {
  let pixel = i / 3u;
  let row = pixel / constants.width;
  let first = row / constants.height * constants.taps;
  var sum = 0.0;
  for (var tap = 0u; tap < constants.taps; tap++) {
    let place = i32(pixel % constants.width + tap) - i32(constants.taps / 2u);
    let source = row * constants.width + mirrored(place, constants.width);
    sum += f32(weights[first + tap]) * f32(columns[source * 3u + i % 3u]);
  }
  return sum;
}
