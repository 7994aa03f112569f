// Version 1: one invocation for each element of C, and nothing else.
//
// Neighbouring lanes have neighbouring rows. So their loads of A, and their stores of C, lie a whole row apart, and
// memory that moves in lines of many bytes brings a line for every lane. Two loads for each product.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  let column = id.y;
  var sum = 0.0;
  for (var step = 0u; step < constants.k; step++) {
    sum += a[row * constants.k + step] * b[step * constants.n + column];
  }
  c[row * constants.n + column] = sum;
}
