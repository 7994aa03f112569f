// The sums that an invocation of a product holds: ROWS rows of four neighbouring columns.
alias Sums = array<vec4<f32>, ROWS>;

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
