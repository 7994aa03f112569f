// What the kernels of attention share; src/ops/attention/attention-attributes.ts has the same for processors. Kernels bind
// `mask`, int32 or float32, as the words that it is, and rows of heads as vectors of four, with zeros behind their end.
// Comes with grid.wgsl and is-nan.wgsl.
struct Constants {
  batch: u32,
  heads: u32,
  queries: u32,
  keys: u32,
  size: u32,
  scale: f32,
  causal: u32,
  mask: u32,
  mask_batch: u32,
  mask_head: u32,
  mask_query: u32,
  mask_key: u32,
}

// The lowest number stands for a key that does not count; scores are clamped to the one above it.
const MASKED = -0x1.fffffep+127f;
const LEAST = -0x1.fffffcp+127f;
const COUNTS = 1u;
const ADDED = 2u;

// The batch and head of a workgroup, and the first of its rows.
struct Place {
  batch: u32,
  head: u32,
  first: u32,
}

fn place_of(workgroup: u32, rows: u32) -> Place {
  let blocks = (rows + WORKGROUP - 1u) / WORKGROUP;
  let product = workgroup / blocks;
  return Place(product / constants.heads, product % constants.heads, workgroup % blocks * WORKGROUP);
}

// The row of `place`'s head in a tensor [batch, rows, heads, size].
fn row_start(place: Place, row: u32, rows: u32) -> u32 {
  return ((place.batch * rows + row) * constants.heads + place.head) * constants.size;
}

// The score of a product of query and key, MASKED where the key does not count. By bits: drivers may assume that there are
// no infinities, and that a number is not NaN.
fn score(product: f32, place: Place, query: u32, key: u32) -> f32 {
  if (constants.causal == 1u && key > query) {
    return MASKED;
  }
  var value = product * constants.scale;
  if (constants.mask != 0u) {
    let start = place.batch * constants.mask_batch + place.head * constants.mask_head;
    let word = mask[start + query * constants.mask_query + key * constants.mask_key];
    if (word == select(0xff800000u, 0u, constants.mask == COUNTS)) {
      return MASKED;
    }
    if (constants.mask == ADDED) {
      value += bitcast<f32>(word);
    }
  }
  return select(max(value, LEAST), value, is_nan(value));
}

// e^(score - shift), and 0 for what does not count.
fn weight_of(score: f32, shift: f32) -> f32 {
  return select(exp_of(score - shift), 0.0, bitcast<u32>(score) == bitcast<u32>(MASKED));
}
