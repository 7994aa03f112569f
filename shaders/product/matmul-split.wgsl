// C[m, n] = epilogue(sum over the splits of their results), the second pass of a product, a convolution or its input gradient
// whose sum was split; see src/ops/product/product-splits.ts. One invocation has four neighbouring columns of a row; splits are
// added in order, f32, so that the result depends on the cut alone. Comes after splits-of-matmul.wgsl or its likes, and what
// finishes a sum. WORKSPACE is the place of the workspace's binding.
@group(0) @binding(WORKSPACE) var<storage, read_write> workspace: array<f32>;

fn split_vector(index: u32, columns: u32) -> vec4<f32> {
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
  let m = result_rows();
  let n = result_columns();
  let fours = (n + 3u) / 4u;
  if (i >= result_products() * m * fours) {
    return;
  }
  let column = i % fours * 4u;
  let columns = n - column;
  let row = i / fours % m;
  let product = i / fours / m;
  let size = m * n;
  let first = product * constants.splits * size + row * n + column;
  var sum = split_vector(first, columns);
  for (var split = 1u; split < constants.splits; split++) {
    sum += split_vector(first + split * size, columns);
  }
  finish(sum, epilogue_bits(), column, result_row(product, row) + column, columns);
}
