// The run's step values: what changes from run to run without changing the plan (learning rates, counters).
// Each is one word; a kernel knows from its constants which word holds what, and whether it is a float.
// The kernel's file declares `@group(0) @binding(N) var<uniform> step: Step;` after its constants.
struct Step {
  words: array<vec4<u32>, 128>,
}
