// As scatter-add.wgsl, where many parts go to each row: SHARES lanes of a workgroup share those of a row, for COLUMNS columns.
// Share s adds the parts s, s + SHARES, ... of the row in order; then the shares are added in order. f32.
struct Constants {
  count: u32,
  rows: u32,
  columns: u32,
  indices: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element>;
@group(0) @binding(1) var<storage, read> order: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<Element>;
@group(0) @binding(3) var<uniform> constants: Constants;

var<workgroup> shared_sums: array<f32, COLUMNS * SHARES>;

@compute @workgroup_size(COLUMNS * SHARES)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = flat_workgroup(workgroup, groups);
  let blocks = (constants.columns + COLUMNS - 1u) / COLUMNS;
  let part = block / blocks;
  let column = (block - part * blocks) * COLUMNS + lane % COLUMNS;
  let share = lane / COLUMNS;
  let outer = part / constants.rows;
  let row = part - outer * constants.rows;
  let place = part * constants.columns + column;
  let valid = column < constants.columns && place < constants.count;
  var total = 0.0;
  if (valid) {
    let positions = constants.rows + 1u;
    let end = positions + u32(order[row + 1u]);
    for (var k = positions + u32(order[row]) + share; k < end; k += SHARES) {
      total += f32(x[(outer * constants.indices + u32(order[k])) * constants.columns + column]);
    }
  }
  shared_sums[lane] = total;
  workgroupBarrier();
  if (valid && share == 0u) {
    for (var other = 1u; other < SHARES; other++) {
      total += shared_sums[other * COLUMNS + lane];
    }
    y[place] = Element(total);
  }
}
