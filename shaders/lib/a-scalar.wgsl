// The first factor of a product (a matrix, or the image of a convolution), element by element: any size.
// The same functions as a-vec4.wgsl.
@group(0) @binding(0) var<storage, read> a: array<Element0>;

// The element at index, or zero where it does not count.
fn a_element(index: i32, inside: bool) -> f32 {
  return select(0.0, f32(a[select(0, index, inside)]), inside);
}

// Elements index .. index + 3. Element q counts where first <= q < last and is zero elsewhere.
fn a_vector(index: i32, first: i32, last: i32) -> vec4<f32> {
  return vec4<f32>(
    a_element(index, first <= 0 && last > 0),
    a_element(index + 1, first <= 1 && last > 1),
    a_element(index + 2, first <= 2 && last > 2),
    a_element(index + 3, first <= 3 && last > 3),
  );
}
