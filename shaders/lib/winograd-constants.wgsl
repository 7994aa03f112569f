// The constants of Winograd's transforms: with these, those of a convolution and of its input gradient begin. Comes after
// conv2d-geometry.wgsl; the words behind the geometry are of src/ops/conv2d/conv2d-winograd-variants.ts. WORKSPACE is the place
// of the workspace's binding, behind this one.
//
// An input gradient is a forward convolution, turned: it reads dy and writes dx, with the taps in reverse, from filters to
// channels. So what is read is called the image here, its depth channels, and the depth of what is written filters.
struct Constants {
  geometry: Geometry,
  // 4 x 4 places each, of all images; winograd-product.wgsl has these five by the names that a product has for them.
  tiles: u32,
  filters: u32,
  channels: u32,
  positions: u32,
  epilogue: u32,
  height: u32,
  width: u32,
  out_height: u32,
  out_width: u32,
  pad_top: u32,
  pad_left: u32,
  tiles_down: u32,
  tiles_across: u32,
}

@group(0) @binding(WORKSPACE - 1u) var<uniform> constants: Constants;
