// The pixel with its hue turned by `shift` of the colour circle: to hue, saturation and value, and back.
fn turn_hue(pixel: vec3<u32>, shift: f32, white: f32) -> vec3<u32> {
  let color = vec3<f32>(pixel) / white;
  let largest = max(color.r, max(color.g, color.b));
  let range = largest - min(color.r, min(color.g, color.b));
  let colored = range > 0.0;
  let saturation = range / select(1.0, largest, colored);
  let distance = (vec3<f32>(largest) - color) / select(1.0, range, colored);
  var sector = 4.0 + distance.g - distance.r;
  if (largest == color.r) {
    sector = distance.b - distance.g;
  } else if (largest == color.g) {
    sector = 2.0 + distance.r - distance.b;
  }
  let six = 6.0 * fract(fract(sector / 6.0 + 1.0) + shift);
  let whole = floor(six);
  let fraction = six - whole;
  let low = part(largest, saturation);
  let falling = part(largest, saturation * fraction);
  let rising = part(largest, saturation * (1.0 - fraction));
  let top = u32(largest * 255.0);
  switch (u32(whole) % 6u) {
    case 0u: { return vec3<u32>(top, rising, low); }
    case 1u: { return vec3<u32>(falling, top, low); }
    case 2u: { return vec3<u32>(low, top, rising); }
    case 3u: { return vec3<u32>(low, falling, top); }
    case 4u: { return vec3<u32>(rising, low, top); }
    default: { return vec3<u32>(top, low, falling); }
  }
}

// value (1 - less) as a byte.
fn part(value: f32, less: f32) -> u32 {
  return u32(255.0 * clamp(value * (1.0 - less), 0.0, 1.0));
}
