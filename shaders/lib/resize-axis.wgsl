// Where the pixels of a resized image lie along one axis, and with which weights they take their neighbours: see
// src/ops/image/resize-axis.ts. Pixel i lies at (step i + start) / unit - 1, which whole numbers count.
struct Axis {
  size: u32,
  out_size: u32,
  step: u32,
  start: u32,
  unit: u32,
}

// The first neighbour of a pixel, which may lie before the edge, and how far behind a place the pixel is.
struct Neighbours {
  first: i32,
  fraction: f32,
}

// Only the cubic has a neighbour before the place that a pixel is at or behind.
fn neighbours_before(taps: u32) -> u32 {
  return select(0u, 1u, taps == 4u);
}

fn neighbours_of(axis: Axis, taps: u32, pixel: u32) -> Neighbours {
  let scaled = axis.step * pixel + axis.start;
  let first = i32(scaled / axis.unit) - 1 - i32(neighbours_before(taps));
  return Neighbours(first, f32(scaled % axis.unit) / f32(axis.unit));
}

// Beyond an edge is what is at the edge.
fn place_of(axis: Axis, neighbour: i32) -> u32 {
  return u32(clamp(neighbour, 0, i32(axis.size) - 1));
}

fn weight_of(taps: u32, k: u32, fraction: f32) -> f32 {
  if (taps == 1u) {
    return 1.0;
  }
  if (taps == 2u) {
    return select(fraction, 1.0 - fraction, k == 0u);
  }
  let distance = abs(fraction + 1.0 - f32(k));
  let near = (1.0 - distance) * (1.0 + distance - 1.25 * distance * distance);
  let far = 0.75 * (1.0 - distance) * (2.0 - distance) * (2.0 - distance);
  return select(far, near, distance <= 1.0);
}

// The weight of a place in a pixel: at an edge the place may be several of its neighbours.
fn weight_in(axis: Axis, taps: u32, pixel: u32, place: u32) -> f32 {
  let neighbours = neighbours_of(axis, taps, pixel);
  var sum = 0.0;
  for (var k = 0u; k < taps; k++) {
    if (place_of(axis, neighbours.first + i32(k)) == place) {
      sum += weight_of(taps, k, neighbours.fraction);
    }
  }
  return sum;
}

// The pixels first .. end - 1 that have a place as a neighbour.
struct Pixels {
  first: u32,
  end: u32,
}

fn pixels_over(axis: Axis, taps: u32, place: u32) -> Pixels {
  let last = place + 1u + neighbours_before(taps);
  let first = min(axis.out_size, first_from(axis, last, taps));
  let end = min(axis.out_size, first_from(axis, last, 0u));
  return Pixels(first, select(end, axis.out_size, place == axis.size - 1u));
}

// The first pixel that lies at `place - less` or behind it.
fn first_from(axis: Axis, place: u32, less: u32) -> u32 {
  if (place + 1u <= less) {
    return 0u;
  }
  let reach = (place + 1u - less) * axis.unit;
  return (max(reach, axis.start) - axis.start + axis.step - 1u) / axis.step;
}
