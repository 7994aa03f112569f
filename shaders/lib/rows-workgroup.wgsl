// Kernels along rows with a workgroup for each row: lane l takes the columns l, l + WORKGROUP, ... in order, then the lanes
// are combined as a tree. f32. Comes with grid.wgsl.
const LANES = WORKGROUP;

var<workgroup> row_parts: array<f32, WORKGROUP>;

fn row_of(workgroup: vec3<u32>, workgroups: vec3<u32>, lane: u32) -> u32 {
  return flat_workgroup(workgroup, workgroups);
}

fn first_column(lane: u32) -> u32 {
  return lane;
}

// The largest of what the lanes give; what is no number may be lost. All lanes of the workgroup have to call it.
fn row_largest(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  row_parts[lane] = value;
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      row_parts[lane] = max(row_parts[lane], row_parts[lane + width]);
    }
    workgroupBarrier();
  }
  return row_parts[0];
}

// The sum of what the lanes give. All lanes of the workgroup have to call it.
fn row_total(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  row_parts[lane] = value;
  workgroupBarrier();
  for (var width = WORKGROUP / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      row_parts[lane] += row_parts[lane + width];
    }
    workgroupBarrier();
  }
  return row_parts[0];
}
