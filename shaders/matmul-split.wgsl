// C[m, n] = epilogue(sum over the parts of their results), the second pass of a product that was cut along k; see
// lib/matmul-parts.wgsl for the first. One invocation has four neighbouring columns of a row; parts are added in order,
// f32, so that the result depends on the cut alone.
@group(0) @binding(7) var<storage, read_write> workspace: array<f32>;

fn part_vector(index: u32, columns: u32) -> vec4<f32> {
  return vec4<f32>(
    workspace[index],
    workspace[select(index, index + 1u, columns > 1u)],
    workspace[select(index, index + 2u, columns > 2u)],
    workspace[select(index, index + 3u, columns > 3u)],
  );
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let i = flat_index(id, groups, WORKGROUP);
  let fours = (constants.n + 3u) / 4u;
  if (i >= constants.batch * constants.m * fours) {
    return;
  }
  let column = i % fours * 4u;
  let columns = constants.n - column;
  let row = i / fours % constants.m;
  let product = i / fours / constants.m;
  let size = constants.m * constants.n;
  let first = product * constants.parts * size + row * constants.n + column;
  var sum = part_vector(first, columns);
  for (var part = 1u; part < constants.parts; part++) {
    sum += part_vector(first + part * size, columns);
  }
  finish(sum, constants.epilogue, column, product * size + row * constants.n + column, columns);
}
