// dv_j = sum over i of p_ij dout_i and dk_j = scale * sum over i of p_ij (dout_i . v_j - D_i) q_i, p_ij = e^(s_ij - L_i):
// src/ops/attention/attention.ts. `statistics` has L and D of each query and head.
//
// An invocation has one key. Queries and gradients come in tiles of TILE_ROWS rows, which the workgroup reads together.
// f32, queries in order, four at a time.
@group(0) @binding(0) var<storage, read> q: array<Element0>;
@group(0) @binding(1) var<storage, read> k: array<Element1>;
@group(0) @binding(2) var<storage, read> v: array<Element2>;
@group(0) @binding(3) var<storage, read> dout: array<Element3>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read_write> dk: array<Element6>;
@group(0) @binding(7) var<storage, read_write> dv: array<Element7>;
@group(0) @binding(8) var<uniform> constants: Constants;

var<workgroup> query_tile: array<vec4<f32>, TILE_ROWS * FOURS>;
var<workgroup> dout_tile: array<vec4<f32>, TILE_ROWS * FOURS>;

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

fn dout_four(row: u32, column: u32) -> vec4<f32> {
  let at = row + column;
  if (column + 4u <= constants.size) {
    return vec4<f32>(f32(dout[at]), f32(dout[at + 1u]), f32(dout[at + 2u]), f32(dout[at + 3u]));
  }
  var four = vec4<f32>();
  for (var c = 0u; column + c < constants.size; c++) {
    four[c] = f32(dout[at + c]);
  }
  return four;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let place = place_of(flat_workgroup(workgroup, workgroups), constants.keys);
  if (place.batch >= constants.batch) {
    return;
  }
  let key = place.first + lane;
  let is_key = key < constants.keys;
  // A number that the compiler does not know: unrolled loops take software adapters minutes to compile.
  let fours = (constants.size + 3u) / 4u;
  let row = row_start(place, key, constants.keys);
  var key_row: array<vec4<f32>, FOURS>;
  var value_row: array<vec4<f32>, FOURS>;
  var key_sums: array<vec4<f32>, FOURS>;
  var value_sums: array<vec4<f32>, FOURS>;
  if (is_key) {
    for (var f = 0u; f < fours; f++) {
      key_row[f] = k_four(row, 4u * f);
      value_row[f] = v_four(row, 4u * f);
    }
  }
  // With `causal` none of the workgroup's keys counts for a query before the first of them.
  let begin = select(0u, place.first / TILE_ROWS * TILE_ROWS, constants.causal == 1u);
  for (var first = begin; first < constants.queries; first += TILE_ROWS) {
    for (var i = lane; i < TILE_ROWS * FOURS; i += WORKGROUP) {
      let query = first + i / FOURS;
      let at = row_start(place, query, constants.queries);
      var query_four = vec4<f32>();
      var gradient_four = vec4<f32>();
      if (query < constants.queries) {
        query_four = q_four(at, i % FOURS * 4u);
        gradient_four = dout_four(at, i % FOURS * 4u);
      }
      query_tile[i] = query_four;
      dout_tile[i] = gradient_four;
    }
    workgroupBarrier();
    let rows = min(TILE_ROWS, constants.queries - first);
    for (var t = 0u; t < rows && is_key; t += 4u) {
      let tile = t * FOURS;
      var products = vec4<f32>();
      var slopes = vec4<f32>();
      for (var f = 0u; f < fours; f++) {
        let key_four = key_row[f];
        let value_four = value_row[f];
        products += vec4<f32>(
          dot(key_four, query_tile[tile + f]),
          dot(key_four, query_tile[tile + FOURS + f]),
          dot(key_four, query_tile[tile + 2u * FOURS + f]),
          dot(key_four, query_tile[tile + 3u * FOURS + f]),
        );
        slopes += vec4<f32>(
          dot(value_four, dout_tile[tile + f]),
          dot(value_four, dout_tile[tile + FOURS + f]),
          dot(value_four, dout_tile[tile + 2u * FOURS + f]),
          dot(value_four, dout_tile[tile + 3u * FOURS + f]),
        );
      }
      var weights = vec4<f32>();
      var factors = vec4<f32>();
      for (var c = 0u; c < min(4u, rows - t); c++) {
        let query = first + t + c;
        let statistic = 2u * ((place.batch * constants.queries + query) * constants.heads + place.head);
        weights[c] = weight_of(score(products[c], place, query, key), statistics[statistic]);
        factors[c] = weights[c] * (slopes[c] - statistics[statistic + 1u]) * constants.scale;
      }
      for (var f = 0u; f < fours; f++) {
        var key_sum = key_sums[f];
        key_sum += factors.x * query_tile[tile + f];
        key_sum += factors.y * query_tile[tile + FOURS + f];
        key_sum += factors.z * query_tile[tile + 2u * FOURS + f];
        key_sum += factors.w * query_tile[tile + 3u * FOURS + f];
        key_sums[f] = key_sum;
        var value_sum = value_sums[f];
        value_sum += weights.x * dout_tile[tile + f];
        value_sum += weights.y * dout_tile[tile + FOURS + f];
        value_sum += weights.z * dout_tile[tile + 2u * FOURS + f];
        value_sum += weights.w * dout_tile[tile + 3u * FOURS + f];
        value_sums[f] = value_sum;
      }
    }
    workgroupBarrier();
  }
  if (!is_key) {
    return;
  }
  for (var column = 0u; column < constants.size; column++) {
    dk[row + column] = Element6(key_sums[column / 4u][column % 4u]);
    dv[row + column] = Element7(value_sums[column / 4u][column % 4u]);
  }
}
