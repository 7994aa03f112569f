// The first factor of a product (a matrix, or the image of a convolution), four neighbouring elements at once.
// Indices, and the ends of what is inside, are multiples of 4; see a-scalar.wgsl for everything else.
@group(0) @binding(0) var<storage, read> a: array<vec4<Element0>>;

// Elements index .. index + 3. Element q counts where first <= q < last and is zero elsewhere, whatever lies
// there: here all four count, or none.
fn a_vector(index: i32, first: i32, last: i32) -> vec4<f32> {
  let inside = first <= 0 && last > 0;
  return select(vec4<f32>(), vec4<f32>(a[u32(select(0, index, inside)) / 4u]), inside);
}
