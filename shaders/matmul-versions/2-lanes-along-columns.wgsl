// Version 2: neighbouring lanes have neighbouring columns.
//
// Their loads of B and stores of C lie side by side, and all of them load the same element of A: a line of memory
// serves many lanes. Still two loads for each product.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.y;
  let column = id.x;
  var sum = 0.0;
  for (var step = 0u; step < constants.k; step++) {
    sum += a[row * constants.k + step] * b[step * constants.n + column];
  }
  c[row * constants.n + column] = sum;
}
