// words[4 i + lane] = Philox at counter (i, c1, c2, c3) under key (k0, k1): the random words themselves, for tests
struct Constants {
  count: u32,
  first: u32,
  c1: u32,
  c2: u32,
  c3: u32,
  k0: u32,
  k1: u32,
}

@group(0) @binding(0) var<storage, read_write> words: array<Element>;
@group(0) @binding(1) var<uniform> constants: Constants;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  if (id.x >= constants.count) {
    return;
  }
  let counter = vec4<u32>(constants.first + id.x, constants.c1, constants.c2, constants.c3);
  let random = philox(counter, vec2<u32>(constants.k0, constants.k1));
  for (var lane = 0u; lane < 4u; lane++) {
    words[id.x * 4u + lane] = random[lane];
  }
}
