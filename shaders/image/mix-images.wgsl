// y = partner inside the box, else x + share (partner - x); images are [n, height, width, channels].
//
// share (f32) and the box's top, left, bottom, right (u32) are step values.
struct Constants {
  count: u32,
  height: u32,
  width: u32,
  channels: u32,
  share_at: u32,
  box_at: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> partners: array<Element>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;
@group(0) @binding(4) var<uniform> step: Step;

// The side `index` of the box.
fn side(index: u32) -> u32 {
  let at = constants.box_at + index;
  return step.words[at >> 2u][at & 3u];
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  if (i >= constants.count) {
    return;
  }
  let pixel = i / constants.channels;
  let column = pixel % constants.width;
  let row = (pixel / constants.width) % constants.height;
  let inside = row >= side(0u) && column >= side(1u) && row < side(2u) && column < side(3u);
  let own = f32(x[i]);
  let partner = f32(partners[i]);
  y[i] = Element(select(own + step_float(constants.share_at) * (partner - own), partner, inside));
}
