// y = x / (1 - p) where kept, 0 where dropped. One invocation per four elements: the words of one Philox call
// at counter (i / 4, launch, step, 0).
struct Constants {
  count: u32,
  probability: f32,
  launch: u32,
  seed_at: u32,
  step_at: u32,
  purpose: u32,
}

@group(0) @binding(0) var<storage, read> x: array<Element0>;
@group(0) @binding(1) var<storage, read_write> y: array<Element1>;
@group(0) @binding(2) var<uniform> constants: Constants;
@group(0) @binding(3) var<uniform> step: Step;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  let quad = flat_index(id, groups, WORKGROUP);
  let seed = step.words[constants.seed_at >> 2u][constants.seed_at & 3u];
  let position = step.words[constants.step_at >> 2u][constants.step_at & 3u];
  let random = philox(vec4<u32>(quad, constants.launch, position, 0u), vec2<u32>(seed, constants.purpose));
  let scale = 1.0 / (1.0 - constants.probability);
  for (var lane = 0u; lane < 4u; lane++) {
    let i = quad * 4u + lane;
    if (i < constants.count) {
      y[i] = Element1(select(f32(x[i]) * scale, 0.0, uniform_from(random[lane]) < constants.probability));
    }
  }
}
