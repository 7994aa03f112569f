// y[image] = images[image] after the transform that its codes name; four pixels, which are three words, per invocation
//
// images and y are [n, height, width, 3] in bytes, four to a word, lowest first. tables come from image-tables.wgsl.
struct Constants {
  pixels: u32,
  height: u32,
  width: u32,
  // 255, from outside: by a number that they know, compilers divide less exactly.
  white: f32,
}

@group(0) @binding(0) var<storage, read> images: array<u32>;
@group(0) @binding(1) var<storage, read> codes: array<i32>;
@group(0) @binding(2) var<storage, read> amounts: array<f32>;
@group(0) @binding(3) var<storage, read> tables: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<u32>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let first = flat_index(id, groups, WORKGROUP) * 4u;
  if (first >= constants.pixels) {
    return;
  }
  var words = vec3<u32>();
  for (var lane = 0u; lane < 4u && first + lane < constants.pixels; lane++) {
    let pixel = transformed(first + lane);
    for (var channel = 0u; channel < 3u; channel++) {
      let at = lane * 3u + channel;
      words[at / 4u] |= pixel[channel] << (8u * (at % 4u));
    }
  }
  let bytes = constants.pixels * 3u;
  for (var i = 0u; i < 3u; i++) {
    let word = first / 4u * 3u + i;
    if (word * 4u < bytes) {
      y[word] = words[i];
    }
  }
}

// The pixel with this number among those of all images.
fn transformed(pixel: u32) -> vec3<u32> {
  let size = constants.height * constants.width;
  let image = pixel / size;
  let place = vec2<i32>(i32(pixel % size % constants.width), i32(pixel % size / constants.width));
  let kind = codes[image * CODES];
  let amount = vec2<f32>(amounts[image * AMOUNTS], amounts[image * AMOUNTS + 1u]);
  if (kind == AFFINE) {
    return sampled(image, place);
  }
  let x = pixel_at(pixel);
  switch (kind) {
    case IDENTITY: { return x; }
    case SATURATION: {
      let grey = f32(grey_of(x));
      return vec3<u32>(blend(x.r, grey, amount), blend(x.g, grey, amount), blend(x.b, grey, amount));
    }
    case HUE: { return turn_hue(x, amount.x, constants.white); }
    case SHARPNESS: { return sharpened(x, pixel, place, amount); }
    default: {
      let table = image * TABLE_BYTES;
      return vec3<u32>(looked_up(table + x.r), looked_up(table + 256u + x.g), looked_up(table + 512u + x.b));
    }
  }
}

// Blends with the image blurred by [1 1 1; 1 5 1; 1 1 1] / 13, whose outermost pixels stay.
fn sharpened(x: vec3<u32>, pixel: u32, place: vec2<i32>, amount: vec2<f32>) -> vec3<u32> {
  let last = vec2<i32>(i32(constants.width), i32(constants.height)) - 1;
  if (any(last < vec2<i32>(2))) {
    return x;
  }
  var blurred = x;
  if (all(place > vec2<i32>(0)) && all(place < last)) {
    var total = 4u * x;
    for (var line = 0u; line < 3u; line++) {
      for (var column = 0u; column < 3u; column++) {
        total += pixel_at(pixel + line * constants.width + column - constants.width - 1u);
      }
    }
    // Thirteenths are never half-way between two bytes.
    blurred = (2u * total + 13u) / 26u;
  }
  let other = vec3<f32>(blurred);
  return vec3<u32>(blend(x.r, other.r, amount), blend(x.g, other.g, amount), blend(x.b, other.b, amount));
}

// The pixel that is read for `place`. Positions are whole numbers with `places` binary digits behind the point.
fn sampled(image: u32, place: vec2<i32>) -> vec3<u32> {
  let code = image * CODES;
  let places = u32(codes[code + 2u]);
  let at = vec2<i32>(
    codes[code + 4u] * place.x + codes[code + 5u] * place.y + codes[code + 6u],
    codes[code + 7u] * place.x + codes[code + 8u] * place.y + codes[code + 9u],
  );
  let fill = u32(codes[code + 3u]);
  if (codes[code + 1u] == 0) {
    let nearest = (at + vec2<i32>(1 << (places - 1u))) >> vec2<u32>(places);
    return vec3<u32>(inside(image, nearest, fill));
  }
  let corner = at >> vec2<u32>(places);
  let share = vec2<f32>(at & vec2<i32>((1 << places) - 1)) / f32(1 << places);
  let above = mix(
    vec3<f32>(inside(image, corner, fill)),
    vec3<f32>(inside(image, corner + vec2<i32>(1, 0), fill)),
    share.x,
  );
  let below = mix(
    vec3<f32>(inside(image, corner + vec2<i32>(0, 1), fill)),
    vec3<f32>(inside(image, corner + vec2<i32>(1, 1), fill)),
    share.x,
  );
  return vec3<u32>(round(mix(above, below, share.y)));
}

// The image's pixel in this column and row, or the fill outside.
fn inside(image: u32, place: vec2<i32>, fill: u32) -> vec3<u32> {
  let size = vec2<i32>(i32(constants.width), i32(constants.height));
  if (any(place < vec2<i32>(0)) || any(place >= size)) {
    return vec3<u32>(fill & 255u, (fill >> 8u) & 255u, fill >> 16u);
  }
  let row = image * constants.height + u32(place.y);
  return pixel_at(row * constants.width + u32(place.x));
}

fn pixel_at(pixel: u32) -> vec3<u32> {
  return vec3<u32>(byte_at(pixel * 3u), byte_at(pixel * 3u + 1u), byte_at(pixel * 3u + 2u));
}

fn byte_at(i: u32) -> u32 {
  return (images[i / 4u] >> (8u * (i % 4u))) & 255u;
}

fn looked_up(i: u32) -> u32 {
  return (tables[i / 4u] >> (8u * (i % 4u))) & 255u;
}
