// Index arithmetic for tensors of up to six dimensions.
//
// Six sizes or strides travel as two vec4: dimensions 0 to 3, then 4 and 5. Shorter shapes are padded at the
// front with sizes of 1.
struct Six {
  a: vec4<u32>,
  b: vec4<u32>,
}

fn six_at(six: Six, d: u32) -> u32 {
  return select(six.b[d & 3u], six.a[d & 3u], d < 4u);
}

// Where the element with flat index `index` of `shape` lies in memory with these strides.
fn strided_index(index: u32, shape: Six, strides: Six) -> u32 {
  var rest = index;
  var position = 0u;
  for (var i = 0u; i < 6u; i++) {
    let d = 5u - i;
    let size = six_at(shape, d);
    position += (rest % size) * six_at(strides, d);
    rest = rest / size;
  }
  return position;
}
