// Kernels along rows with one invocation for each row, which takes all of its columns. lib/rows-workgroup.wgsl has the same
// functions for lanes that share a row. Comes with grid.wgsl.
const LANES = 1u;

fn row_of(workgroup: vec3<u32>, workgroups: vec3<u32>, lane: u32) -> u32 {
  return flat_workgroup(workgroup, workgroups) * WORKGROUP + lane;
}

fn first_column(lane: u32) -> u32 {
  return 0u;
}

fn row_largest(lane: u32, value: f32) -> f32 {
  return value;
}

fn row_total(lane: u32, value: f32) -> f32 {
  return value;
}
