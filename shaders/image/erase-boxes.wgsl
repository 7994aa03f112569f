// y = 0 inside the box of each image, else x; images are [n, height, width, channels], boxes top, left, bottom, right.
struct Constants {
  count: u32,
  height: u32,
  width: u32,
  channels: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> boxes: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let pixel = i / constants.channels;
  let column = i32(pixel % constants.width);
  let line = pixel / constants.width;
  let row = i32(line % constants.height);
  let box = 4u * (line / constants.height);
  let inside = row >= boxes[box] && column >= boxes[box + 1u] && row < boxes[box + 2u] && column < boxes[box + 3u];
  y[i] = select(x[i], Element(0.0), inside);
}
