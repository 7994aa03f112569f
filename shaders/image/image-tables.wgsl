// tables[image, channel, x] = what byte x of that channel becomes; one workgroup per image
//
// images is [images, pixels, 3] in bytes, four to a word, lowest first; so are the tables. Images whose transform
// needs it are counted into histograms first: whole numbers, so the order of the atomic additions does not show.
struct Constants {
  images: u32,
  pixels: u32,
}

@group(0) @binding(0) var<storage, read> images: array<u32>;
@group(0) @binding(1) var<storage, read> codes: array<i32>;
@group(0) @binding(2) var<storage, read> amounts: array<f32>;
@group(0) @binding(3) var<storage, read_write> tables: array<u32>;
@group(0) @binding(4) var<uniform> constants: Constants;

var<workgroup> counts: array<atomic<u32>, TABLE_BYTES>;
var<workgroup> greys: atomic<u32>;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let image = flat_workgroup(workgroup, groups);
  let valid = image < constants.images;
  var kind = IDENTITY;
  if (valid) {
    kind = codes[image * CODES];
  }
  if (kind == CONTRAST || kind == AUTOCONTRAST || kind == EQUALIZE) {
    for (var i = lane; i < constants.pixels; i += WORKGROUP) {
      let pixel = pixel_at(image * constants.pixels + i);
      if (kind == CONTRAST) {
        atomicAdd(&greys, grey_of(pixel));
      } else {
        for (var channel = 0u; channel < 3u; channel++) {
          atomicAdd(&counts[channel * 256u + pixel[channel]], 1u);
        }
      }
    }
  }
  workgroupBarrier();
  if (valid && lane < TABLE_BYTES / 4u) {
    let channel = lane / 64u;
    let first = (lane % 64u) * 4u;
    let amount = vec2<f32>(amounts[image * AMOUNTS], amounts[image * AMOUNTS + 1u]);
    var bytes: vec4<u32>;
    if (kind == EQUALIZE) {
      bytes = equalized(channel, first);
    } else if (kind == AUTOCONTRAST) {
      bytes = stretched(channel, first);
    } else {
      for (var i = 0u; i < 4u; i++) {
        bytes[i] = changed(first + i, kind, amount);
      }
    }
    tables[image * (TABLE_BYTES / 4u) + lane] = pack4xU8(bytes);
  }
}

fn changed(x: u32, kind: i32, amount: vec2<f32>) -> u32 {
  switch (kind) {
    case BRIGHTNESS: { return blend(x, 0.0, amount); }
    case CONTRAST: { return blend(x, f32(atomicLoad(&greys)) / f32(constants.pixels), amount); }
    case POSTERIZE: { return x & (256u - (1u << (8u - u32(amount.x)))); }
    case SOLARIZE: { return select(x, 255u - x, f32(x) >= amount.x); }
    case INVERT: { return 255u - x; }
    default: { return x; }
  }
}

// From the smallest byte there is to the largest, as a straight line; a channel of one value stays.
fn stretched(channel: u32, first: u32) -> vec4<u32> {
  var least = 255u;
  var largest = 0u;
  for (var x = 0u; x < 256u; x++) {
    if (atomicLoad(&counts[channel * 256u + x]) > 0u) {
      least = min(least, x);
      largest = x;
    }
  }
  var bytes: vec4<u32>;
  for (var i = 0u; i < 4u; i++) {
    let x = first + i;
    bytes[i] = x;
    if (largest > least) {
      bytes[i] = u32(clamp((f32(x) - f32(least)) * (1.0 / f32(largest - least) * 255.0), 0.0, 255.0));
    }
  }
  return bytes;
}

// The cumulative histogram in whole numbers; a channel with hardly more than one value stays.
fn equalized(channel: u32, first: u32) -> vec4<u32> {
  var last = 0u;
  var below = 0u;
  for (var x = 0u; x < 256u; x++) {
    let count = atomicLoad(&counts[channel * 256u + x]);
    last = select(last, count, count > 0u);
    below += select(0u, count, x < first);
  }
  let step = (constants.pixels - last) / 255u;
  below += step / 2u;
  var bytes: vec4<u32>;
  for (var i = 0u; i < 4u; i++) {
    bytes[i] = first + i;
    if (step > 0u) {
      bytes[i] = min(255u, below / step);
    }
    below += atomicLoad(&counts[channel * 256u + first + i]);
  }
  return bytes;
}

fn pixel_at(pixel: u32) -> vec3<u32> {
  return vec3<u32>(byte_at(pixel * 3u), byte_at(pixel * 3u + 1u), byte_at(pixel * 3u + 2u));
}

fn byte_at(i: u32) -> u32 {
  return (images[i / 4u] >> (8u * (i % 4u))) & 255u;
}
