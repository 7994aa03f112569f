// One flat index for kernels with one invocation per element.
//
// A dispatch has at most 65,535 workgroups per dimension, so a long grid is folded into x and y
// (see flatGrid in src/device/grid.ts); the flat index undoes that. Indices at or past the end must be ignored
// by the caller.
fn flat_index(global_id: vec3<u32>, workgroups: vec3<u32>, workgroup_size: u32) -> u32 {
  return global_id.y * workgroups.x * workgroup_size + global_id.x;
}

// The same for kernels with one workgroup per row.
fn flat_workgroup(workgroup_id: vec3<u32>, workgroups: vec3<u32>) -> u32 {
  return workgroup_id.y * workgroups.x + workgroup_id.x;
}
