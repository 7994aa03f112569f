// The register tile of products on software adapters: an invocation holds ROWS x 4 sums and no memory is shared.
//
// There every load costs the same as a load per lane, even one that all lanes share. So the lanes of a subgroup
// load different rows of the first factor, one each, and tell each other: one load serves LANES rows.
// The subgroup has at least LANES lanes, and the workgroup fills at least that many.
enable subgroups;

const ROW_GROUPS = ROWS / LANES;
alias Sums = array<vec4<f32>, ROWS>;

// Adds the products of LANES rows, from row `first` of the tile on, over four steps of k: lane i holds four
// neighbouring elements of row i in `x`; `y` has a row of four columns for each step.
fn add_lanes(sums: ptr<function, Sums>, first: u32, x: vec4<f32>, y: mat4x4<f32>) {
  (*sums)[first] += y * subgroupBroadcast(x, 0u);
  (*sums)[first + 1u] += y * subgroupBroadcast(x, 1u);
  (*sums)[first + 2u] += y * subgroupBroadcast(x, 2u);
  (*sums)[first + 3u] += y * subgroupBroadcast(x, 3u);
  if (LANES == 8u) {
    (*sums)[first + 4u] += y * subgroupBroadcast(x, 4u);
    (*sums)[first + 5u] += y * subgroupBroadcast(x, 5u);
    (*sums)[first + 6u] += y * subgroupBroadcast(x, 6u);
    (*sums)[first + 7u] += y * subgroupBroadcast(x, 7u);
  }
}

// The sums of row `row`, which is not known when the shader is compiled. Rows are finished in a loop that picks
// them like this, because an array indexed by a variable may leave the registers, and a loop that is unrolled
// repeats the epilogue ROWS times: that took llvmpipe most of its time to compile.
fn row_of(sums: ptr<function, Sums>, row: u32) -> vec4<f32> {
  var result = (*sums)[0];
  for (var i = 1u; i < ROWS; i++) {
    result = select(result, (*sums)[i], row == i);
  }
  return result;
}
