// The positions of `indices` by the row that they name; see src/ops/shape/order-indices.ts for what `order` holds.
//
// A workgroup has WORKGROUP rows, 256; behind the last row comes one more, of the positions that name none. Its lanes look
// through runs of neighbouring positions: what belongs to rows before says where the workgroup's own positions go, what
// belongs to its own rows is listed there. Then the list is ordered by the eight bits of the row within the workgroup, lowest
// first, each pass between `order` and the workspace and back, and none changes the order of equals. A lane writes where
// the lanes before it end, so no order is left to chance.
struct Constants {
  indices: u32,
  rows: u32,
  wrapped: u32,
  skipped: u32,
}

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read_write> order: array<i32>;
@group(0) @binding(2) var<uniform> constants: Constants;
@group(0) @binding(WORKSPACE) var<storage, read_write> workspace: array<i32>;

var<workgroup> sums: array<u32, WORKGROUP>;

// The row that a position names; `rows` for none.
fn row_at(position: u32) -> u32 {
  let index = indices[position];
  let row = index + select(0, i32(constants.wrapped), index < 0);
  let named = row >= 0 && row < i32(constants.rows) && row != i32(constants.skipped);
  return select(constants.rows, u32(row), named);
}

// The sum of `value` over the lanes before this one. The sum over all is sums[WORKGROUP - 1] until the next call.
fn sum_before(value: u32, lane: u32) -> u32 {
  workgroupBarrier();
  sums[lane] = value;
  workgroupBarrier();
  for (var distance = 1u; distance < WORKGROUP; distance *= 2u) {
    var other = 0u;
    if (lane >= distance) {
      other = sums[lane - distance];
    }
    workgroupBarrier();
    sums[lane] += other;
    workgroupBarrier();
  }
  return sums[lane] - value;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = flat_workgroup(workgroup, groups) * WORKGROUP;
  if (first > constants.rows) {
    return;
  }
  let positions = constants.rows + 1u;
  let run = (constants.indices + WORKGROUP - 1u) / WORKGROUP;
  let begin = min(lane * run, constants.indices);
  let end = min(begin + run, constants.indices);
  var before = 0u;
  var own = 0u;
  for (var i = begin; i < end; i++) {
    let row = row_at(i);
    before += select(0u, 1u, row < first);
    own += select(0u, 1u, row >= first && row - first < WORKGROUP);
  }
  sum_before(before, lane);
  let base = sums[WORKGROUP - 1u];
  var place = base + sum_before(own, lane);
  let count = sums[WORKGROUP - 1u];
  for (var i = begin; i < end; i++) {
    let row = row_at(i);
    if (row >= first && row - first < WORKGROUP) {
      order[positions + place] = i32(i);
      place++;
    }
  }

  let share = (count + WORKGROUP - 1u) / WORKGROUP;
  let head = base + min(lane * share, count);
  let tail = min(head + share, base + count);
  for (var bit = 0u; bit < 8u; bit++) {
    storageBarrier();
    let back = bit % 2u == 1u;
    var zeros = 0u;
    for (var k = head; k < tail; k++) {
      let position = u32(select(order[positions + k], workspace[k], back));
      zeros += select(1u, 0u, (((row_at(position) - first) >> bit) & 1u) == 1u);
    }
    var zero = base + sum_before(zeros, lane);
    var one = head + sums[WORKGROUP - 1u] - (zero - base);
    for (var k = head; k < tail; k++) {
      let position = select(order[positions + k], workspace[k], back);
      let is_one = (((row_at(u32(position)) - first) >> bit) & 1u) == 1u;
      let target_place = select(zero, one, is_one);
      zero += select(1u, 0u, is_one);
      one += select(0u, 1u, is_one);
      if (back) {
        order[positions + target_place] = position;
      } else {
        workspace[target_place] = position;
      }
    }
  }
  storageBarrier();

  // Where the lane's row begins: by halves, the first of the positions whose row is not before it.
  let row = first + lane;
  if (row <= constants.rows) {
    var low = base;
    var high = base + count;
    while (low < high) {
      let middle = (low + high) / 2u;
      if (row_at(u32(order[positions + middle])) < row) {
        low = middle + 1u;
      } else {
        high = middle;
      }
    }
    order[row] = i32(low);
  }
}
