// dq_i = scale * sum over j of e^(s_ij - L_i) (dout_i . v_j - D_i) k_j: src/ops/attention/attention.ts.
// `statistics` has L and D of each query and head. Invocations and tiles as in attention.wgsl.
@group(0) @binding(0) var<storage, read> q: array<Element0>;
@group(0) @binding(1) var<storage, read> k: array<Element1>;
@group(0) @binding(2) var<storage, read> v: array<Element2>;
@group(0) @binding(3) var<storage, read> dout: array<Element3>;
@group(0) @binding(4) var<storage, read> statistics: array<f32>;
@group(0) @binding(5) var<storage, read> mask: array<u32>;
@group(0) @binding(6) var<storage, read_write> dq: array<Element6>;
@group(0) @binding(7) var<uniform> constants: Constants;

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
  var dout_row: array<vec4<f32>, FOURS>;
  var sums: array<vec4<f32>, FOURS>;
  var log_sum_exp = 0.0;
  var along = 0.0;
  if (is_query) {
    for (var f = 0u; f < fours; f++) {
      query_row[f] = q_four(row, 4u * f);
      dout_row[f] = dout_four(row, 4u * f);
    }
    let statistic = 2u * ((place.batch * constants.queries + query) * constants.heads + place.head);
    log_sum_exp = statistics[statistic];
    along = statistics[statistic + 1u];
  }
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
      var slopes = vec4<f32>();
      for (var f = 0u; f < fours; f++) {
        let query_four = query_row[f];
        let dout_four = dout_row[f];
        products += vec4<f32>(
          dot(query_four, key_tile[tile + f]),
          dot(query_four, key_tile[tile + FOURS + f]),
          dot(query_four, key_tile[tile + 2u * FOURS + f]),
          dot(query_four, key_tile[tile + 3u * FOURS + f]),
        );
        slopes += vec4<f32>(
          dot(dout_four, value_tile[tile + f]),
          dot(dout_four, value_tile[tile + FOURS + f]),
          dot(dout_four, value_tile[tile + 2u * FOURS + f]),
          dot(dout_four, value_tile[tile + 3u * FOURS + f]),
        );
      }
      var weights = vec4<f32>();
      for (var c = 0u; c < min(4u, rows - t); c++) {
        weights[c] = weight_of(score(products[c], place, query, first + t + c), log_sum_exp);
      }
      let factors = weights * (slopes - along) * constants.scale;
      for (var f = 0u; f < fours; f++) {
        var sum = sums[f];
        sum += factors.x * key_tile[tile + f];
        sum += factors.y * key_tile[tile + FOURS + f];
        sum += factors.z * key_tile[tile + 2u * FOURS + f];
        sum += factors.w * key_tile[tile + 3u * FOURS + f];
        sums[f] = sum;
      }
    }
    workgroupBarrier();
  }
  if (!is_query) {
    return;
  }
  for (var column = 0u; column < constants.size; column++) {
    dq[row + column] = Element6(sums[column / 4u][column % 4u]);
  }
}
