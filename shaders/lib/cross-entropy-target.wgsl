// The target distribution of a row: one class, or given probabilities; smoothed towards the uniform one.
struct Constants {
  rows: u32,
  columns: u32,
  smoothing: f32,
  has_labels: u32,
  not_a_number: f32,
  has_ignored: u32,
  ignored: i32,
}

@group(0) @binding(0) var<storage, read> logits: array<Element>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> targets: array<Element>;

// Whether the row's label is the one to ignore.
fn is_ignored(row: u32) -> bool {
  return constants.has_ignored == 1u && labels[row] == constants.ignored;
}

// The sum of the row's targets after smoothing, which is 1 for a class.
fn target_total(row: u32) -> f32 {
  if (constants.has_labels == 1u) {
    return 1.0;
  }
  var total = 0.0;
  for (var j = 0u; j < constants.columns; j++) {
    total += f32(targets[row * constants.columns + j]);
  }
  return (1.0 - constants.smoothing) * total + constants.smoothing;
}

// The target of class j after smoothing; NaN where the row's label is no class.
fn target_at(row: u32, j: u32) -> f32 {
  var plain = 0.0;
  if (constants.has_labels == 1u) {
    let label = labels[row];
    let known = label >= 0 && label < i32(constants.columns);
    plain = select(constants.not_a_number, select(0.0, 1.0, label == i32(j)), known);
  } else {
    plain = f32(targets[row * constants.columns + j]);
  }
  return (1.0 - constants.smoothing) * plain + constants.smoothing / f32(constants.columns);
}

struct RowStatistics {
  largest: f32,
  total: f32,
}

// The row's largest logit and the sum of exp(x - largest).
fn row_statistics(row: u32, columns: u32) -> RowStatistics {
  let start = row * columns;
  var largest = f32(logits[start]);
  for (var j = 1u; j < columns; j++) {
    largest = max(largest, f32(logits[start + j]));
  }
  var total = 0.0;
  for (var j = 0u; j < columns; j++) {
    total += exp_of(f32(logits[start + j]) - largest);
  }
  return RowStatistics(largest, total);
}
