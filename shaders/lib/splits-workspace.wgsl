// Where the splits of a product that was cut along its sum go: [splits, ...] as the result lies, f32, for the second pass,
// matmul-split.wgsl. The epilogue is the business of that. WORKSPACE is the place of the workspace's binding.
@group(0) @binding(WORKSPACE) var<storage, read_write> workspace: array<f32>;

// Stores the sums of `columns` columns, four at most.
fn finish(sum: vec4<f32>, bits: u32, column: u32, index: u32, columns: u32) {
  if (columns > 0u) {
    workspace[index] = sum.x;
  }
  if (columns > 1u) {
    workspace[index + 1u] = sum.y;
  }
  if (columns > 2u) {
    workspace[index + 2u] = sum.z;
  }
  if (columns > 3u) {
    workspace[index + 3u] = sum.w;
  }
}

fn finish_one(sum: f32, index: u32) {
  workspace[index] = sum;
}
