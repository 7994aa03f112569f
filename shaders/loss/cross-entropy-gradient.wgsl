// dlogits[row, j] = (T softmax(x)_j - t_j) dlosses[row], t the row's targets and T their sum.
// NaN where the row's label is no class, 0 where it is the one to ignore. One invocation per row, f32, in order.
@group(0) @binding(3) var<storage, read> dlosses: array<Element>;
@group(0) @binding(4) var<storage, read_write> dlogits: array<Element>;
@group(0) @binding(5) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = flat_index(id, groups, WORKGROUP);
  if (row >= constants.rows) {
    return;
  }
  let columns = constants.columns;
  if (is_ignored(row)) {
    for (var j = 0u; j < columns; j++) {
      dlogits[row * columns + j] = Element(0.0);
    }
    return;
  }
  let statistics = row_statistics(row, columns);
  let total = target_total(row);
  let upstream = f32(dlosses[row]);
  for (var j = 0u; j < columns; j++) {
    let at = row * columns + j;
    let probability = exp_of(f32(logits[at]) - statistics.largest) / statistics.total;
    let t = target_at(row, j);
    dlogits[at] = Element((total * probability - t) * upstream);
  }
}
