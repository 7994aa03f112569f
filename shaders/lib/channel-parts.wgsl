// Sums over rows by a workgroup of PARTS lanes for each of CHANNELS neighbouring channels: a lane adds every PARTS-th row
// of its channel, and then the parts of a channel are added in order. f32. Comes with grid.wgsl.
const WORKGROUP = CHANNELS * PARTS;

var<workgroup> channel_parts: array<f32, WORKGROUP>;

fn channel_blocks(channels: u32) -> u32 {
  return (channels + CHANNELS - 1u) / CHANNELS;
}

// The channel and the part of a lane, in block number `block` of the channels. The channel may lie past the last one.
fn channel_of(lane: u32, block: u32) -> u32 {
  return block * CHANNELS + lane % CHANNELS;
}
fn part_of(lane: u32) -> u32 {
  return lane / CHANNELS;
}

// The parts of a lane's channel, added up. All lanes of the workgroup have to call it.
fn channel_total(lane: u32, value: f32) -> f32 {
  workgroupBarrier();
  channel_parts[lane] = value;
  workgroupBarrier();
  var total = 0.0;
  for (var part = 0u; part < PARTS; part++) {
    total += channel_parts[part * CHANNELS + lane % CHANNELS];
  }
  return total;
}
