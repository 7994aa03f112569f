// losses[row] = sum over j of t_j (ln sum exp(x - m) - (x_j - m)), m = max of the row's logits x, t its targets.
// NaN where the row's label is no class, 0 where it is the one to ignore. One invocation per row, f32, in order.
@group(0) @binding(3) var<storage, read_write> losses: array<Element>;
@group(0) @binding(4) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let row = flat_index(id, groups, WORKGROUP);
  if (row >= constants.rows) {
    return;
  }
  let columns = constants.columns;
  if (is_ignored(row)) {
    losses[row] = Element(0.0);
    return;
  }
  let statistics = row_statistics(row, columns);
  let log_total = log_of(statistics.total);
  var loss = 0.0;
  for (var j = 0u; j < columns; j++) {
    let t = target_at(row, j);
    // A class that is not asked for may be impossible: its logit minus infinity. Compared by bits, for a NaN is not 0.
    let asked = (bitcast<u32>(t) << 1u) != 0u;
    loss += select(0.0, t * (log_total - (f32(logits[row * columns + j]) - statistics.largest)), asked);
  }
  losses[row] = Element(loss);
}
