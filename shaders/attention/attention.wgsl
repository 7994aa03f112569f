// out_i = sum over j of e^(s_ij - L_i) v_j, and L_i = log of the sum over j of e^(s_ij): src/ops/attention/attention.ts.
//
// An invocation has one query. Keys and values come in tiles of TILE_ROWS rows, which the workgroup reads together. The
// largest score so far is taken away from all; where a later one is larger, what was added up is multiplied by e^(old - new).
// f32, keys in order, four at a time.
@group(0) @binding(0) var<storage, read> q: array<Element0>;
@group(0) @binding(1) var<storage, read> k: array<Element1>;
@group(0) @binding(2) var<storage, read> v: array<Element2>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read_write> log_sum_exp: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<Element5>;
@group(0) @binding(6) var<uniform> constants: Constants;

var<workgroup> key_tile: array<vec4<f32>, TILE_ROWS * FOURS>;
var<workgroup> value_tile: array<vec4<f32>, TILE_ROWS * FOURS>;

fn q_four(row: u32, column: u32) -> vec4<f32> {
  let at = row + column;
  if (column + 4u <= constants.size) {
    return vec4<f32>(f32(q[at]), f32(q[at + 1u]), f32(q[at + 2u]), f32(q[at + 3u]));
  }
  var four = vec4<f32>();
  for (var c = 0u; column + c < constants.size; c++) {
    four[c] = f32(q[at + c]);
  }
  return four;
}

fn k_four(row: u32, column: u32) -> vec4<f32> {
  let at = row + column;
  if (column + 4u <= constants.size) {
    return vec4<f32>(f32(k[at]), f32(k[at + 1u]), f32(k[at + 2u]), f32(k[at + 3u]));
  }
  var four = vec4<f32>();
  for (var c = 0u; column + c < constants.size; c++) {
    four[c] = f32(k[at + c]);
  }
  return four;
}

fn v_four(row: u32, column: u32) -> vec4<f32> {
  let at = row + column;
  if (column + 4u <= constants.size) {
    return vec4<f32>(f32(v[at]), f32(v[at + 1u]), f32(v[at + 2u]), f32(v[at + 3u]));
  }
  var four = vec4<f32>();
  for (var c = 0u; column + c < constants.size; c++) {
    four[c] = f32(v[at + c]);
  }
  return four;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = place_of(flat_workgroup(workgroup, workgroups), constants.queries);
  if (place.batch >= constants.batch) {
    return;
  }
  let query = place.first + lane;
  let is_query = query < constants.queries;
  // A number that the compiler does not know: unrolled loops take software adapters minutes to compile.
  let fours = (constants.size + 3u) / 4u;
  let row = row_start(place, query, constants.queries);
  var query_row: array<vec4<f32>, FOURS>;
  var sums: array<vec4<f32>, FOURS>;
  if (is_query) {
    for (var f = 0u; f < fours; f++) {
      query_row[f] = q_four(row, 4u * f);
    }
  }
  var largest = MASKED;
  var total = 0.0;
  // With `causal` no key behind the workgroup's last query counts.
  let end = select(constants.keys, min(constants.keys, place.first + WORKGROUP), constants.causal == 1u);
  for (var first = 0u; first < end; first += TILE_ROWS) {
    for (var i = lane; i < TILE_ROWS * FOURS; i += WORKGROUP) {
      let key = first + i / FOURS;
      let at = row_start(place, key, constants.keys);
      var key_four = vec4<f32>();
      var value_four = vec4<f32>();
      if (key < constants.keys) {
        key_four = k_four(at, i % FOURS * 4u);
        value_four = v_four(at, i % FOURS * 4u);
      }
      key_tile[i] = key_four;
      value_tile[i] = value_four;
    }
    workgroupBarrier();
    let rows = min(TILE_ROWS, constants.keys - first);
    for (var t = 0u; t < rows && is_query; t += 4u) {
      let tile = t * FOURS;
      var products = vec4<f32>();
      for (var f = 0u; f < fours; f++) {
        let four = query_row[f];
        products += vec4<f32>(
          dot(four, key_tile[tile + f]),
          dot(four, key_tile[tile + FOURS + f]),
          dot(four, key_tile[tile + 2u * FOURS + f]),
          dot(four, key_tile[tile + 3u * FOURS + f]),
        );
      }
      var scores = vec4<f32>(MASKED);
      for (var c = 0u; c < min(4u, rows - t); c++) {
        scores[c] = score(products[c], place, query, first + t + c);
      }
      let shift = max(max(largest, max(scores.x, scores.y)), max(scores.z, scores.w));
      let kept = exp(largest - shift);
      largest = shift;
      let weights = vec4<f32>(
        weight_of(scores.x, shift),
        weight_of(scores.y, shift),
        weight_of(scores.z, shift),
        weight_of(scores.w, shift),
      );
      total = total * kept + (weights.x + weights.y) + (weights.z + weights.w);
      for (var f = 0u; f < fours; f++) {
        var sum = sums[f] * kept;
        sum += weights.x * value_tile[tile + f];
        sum += weights.y * value_tile[tile + FOURS + f];
        sum += weights.z * value_tile[tile + 2u * FOURS + f];
        sum += weights.w * value_tile[tile + 3u * FOURS + f];
        sums[f] = sum;
      }
    }
    workgroupBarrier();
  }
  if (!is_query) {
    return;
  }
  // Where nothing counts, sums are 0, and so is the result.
  let nothing = total == 0.0;
  let divisor = select(total, 1.0, nothing);
  for (var column = 0u; column < constants.size; column++) {
    out[row + column] = Element5(sums[column / 4u][column % 4u] / divisor);
  }
  log_sum_exp[(place.batch * constants.queries + query) * constants.heads + place.head] =
    select(largest + log_of(total), 0.0, nothing);
}
