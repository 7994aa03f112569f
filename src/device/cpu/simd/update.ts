/**
 * What an optimiser does to an arena: squared norms, the updates of src/ops/update/sgd-update.ts, rmsprop-update.ts and
 * adam-update.ts, and the parts around them: sam-perturbation.ts, weight-average.ts and pull-to-start.ts.
 * Step values are floats in memory. Rate and decay of group g are the pair g of `groups`; every block of 64
 * elements belongs to one group.
 */
import { advance, read, write } from './lanes';
import { multiplyAdd } from './tile';

const GROUP_BLOCK: i32 = 64;
/** Places in the gate, as in src/ops/update/gradient-gate.ts. */
const GATE_NORM: usize = 0;
const GATE_SCALE: usize = 1;
const GATE_FINITE: usize = 2;

/** Whether the gradients are finite: an update does nothing when they are not. */
// @ts-ignore: decorator
@inline
function passes(gate: usize): bool {
  return load<f32>(gate + GATE_FINITE * 4) != 0;
}

/** The factor of gradients: 1, or less where they are clipped. */
// @ts-ignore: decorator
@inline
function scaleOf(gate: usize): v128 {
  return f32x4.splat(load<f32>(gate + GATE_SCALE * 4));
}

/** Where the values of the group are that the block from `first` on belongs to; each group has `bytes` of them. */
// @ts-ignore: decorator
@inline
function groupOf(first: i32, blockGroups: usize, values: usize, bytes: usize): usize {
  return values + <usize>load<u32>(blockGroups + <usize>(first / GROUP_BLOCK) * 4) * bytes;
}

/** One past the last element, in bytes, of the block from `first` on. */
// @ts-ignore: decorator
@inline
function endOfBlock(first: i32, last: i32): usize {
  return <usize>min(last, first + GROUP_BLOCK) * 4;
}

/** partials[u] = sum of squares of the `block` elements from u * block on, for begin <= u < end. */
export function squaredNorm(x: usize, partials: usize, begin: i32, end: i32, count: i32, block: i32): void {
  for (let unit = begin; unit < end; unit++) {
    const last = <usize>min(count, (unit + 1) * block) * 4;
    let at = <usize>(unit * block) * 4;
    let sum0 = f32x4.splat(0), sum1 = f32x4.splat(0), sum2 = f32x4.splat(0), sum3 = f32x4.splat(0);
    for (; at + 64 <= last; at += 64) {
      const a = v128.load(x + at), b = v128.load(x + at, 16), c = v128.load(x + at, 32), d = v128.load(x + at, 48);
      sum0 = multiplyAdd(a, a, sum0);
      sum1 = multiplyAdd(b, b, sum1);
      sum2 = multiplyAdd(c, c, sum2);
      sum3 = multiplyAdd(d, d, sum3);
    }
    for (; at < last; at += advance(last - at)) {
      const a = read(x + at, last - at < 16);
      sum0 = multiplyAdd(a, a, sum0);
    }
    const sums = f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3));
    const low = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
    const high = f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    store<f32>(partials + <usize>unit * 4, low + high);
  }
}

/** One step of SGD for the elements first <= i < last; `first` is a multiple of 64. `momentum` points to its value. */
export function sgd(
  gradients: usize, blockGroups: usize, gate: usize, parameters: usize, velocity: usize, first: i32, last: i32,
  groups: usize, momentum: usize, hasMomentum: bool, nesterov: bool,
): void {
  if (!passes(gate)) return;
  const scale = scaleOf(gate);
  const keep = v128.load32_splat(momentum);
  for (; first < last; first += GROUP_BLOCK) {
    const group = groupOf(first, blockGroups, groups, 8);
    const rate = v128.load32_splat(group), decay = v128.load32_splat(group, 4);
    const end = endOfBlock(first, last);
    for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      const w = read(parameters + at, one);
      const g = multiplyAdd(read(gradients + at, one), scale, f32x4.mul(decay, w));
      let direction = g;
      if (hasMomentum) {
        const v = multiplyAdd(keep, read(velocity + at, one), g);
        write(velocity + at, v, one);
        direction = nesterov ? multiplyAdd(keep, v, g) : v;
      }
      write(parameters + at, f32x4.sub(w, f32x4.mul(rate, direction)), one);
    }
  }
}

/**
 * One step of RMSprop for the elements first <= i < last; `first` is a multiple of 64. `numbers` points to alpha,
 * 1 - alpha, momentum and epsilon. `inside`: epsilon is added under the root.
 */
export function rmsprop(
  gradients: usize, blockGroups: usize, gate: usize, parameters: usize, squares: usize, velocity: usize,
  first: i32, last: i32, groups: usize, numbers: usize, hasMomentum: bool, inside: bool,
): void {
  if (!passes(gate)) return;
  const scale = scaleOf(gate);
  const alpha = v128.load32_splat(numbers), rest = v128.load32_splat(numbers, 4);
  const keep = v128.load32_splat(numbers, 8), epsilon = v128.load32_splat(numbers, 12);
  const zero = f32x4.splat(0);
  const under = inside ? epsilon : zero, beside = inside ? zero : epsilon;
  for (; first < last; first += GROUP_BLOCK) {
    const group = groupOf(first, blockGroups, groups, 8);
    const rate = v128.load32_splat(group), decay = v128.load32_splat(group, 4);
    const end = endOfBlock(first, last);
    for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      const w = read(parameters + at, one);
      const g = multiplyAdd(read(gradients + at, one), scale, f32x4.mul(decay, w));
      const square = multiplyAdd(alpha, read(squares + at, one), f32x4.mul(f32x4.mul(rest, g), g));
      write(squares + at, square, one);
      let direction = f32x4.div(g, f32x4.add(f32x4.sqrt(f32x4.add(square, under)), beside));
      if (hasMomentum) {
        direction = multiplyAdd(keep, read(velocity + at, one), direction);
        write(velocity + at, direction, one);
      }
      write(parameters + at, f32x4.sub(w, f32x4.mul(rate, direction)), one);
    }
  }
}

/**
 * One step of Adam for the elements first <= i < last; `first` is a multiple of 64. `numbers` points to beta1,
 * 1 - beta1, beta2, 1 - beta2, 1 - beta1^t, 1 - beta2^t and epsilon. `hat`: epsilon is added before the correction.
 */
export function adam(
  gradients: usize, blockGroups: usize, gate: usize, parameters: usize, m: usize, v: usize, first: i32, last: i32,
  groups: usize, numbers: usize, decoupled: bool, hat: bool,
): void {
  if (!passes(gate)) return;
  const scale = scaleOf(gate);
  const beta1 = v128.load32_splat(numbers), rest1 = v128.load32_splat(numbers, 4);
  const beta2 = v128.load32_splat(numbers, 8), rest2 = v128.load32_splat(numbers, 12);
  const correction1 = load<f32>(numbers, 16), correction2 = load<f32>(numbers, 20);
  const epsilon = v128.load32_splat(numbers, 24);
  const factor: f32 = hat ? sqrt<f32>(correction2) / correction1 : 1 / correction1;
  const divisor = f32x4.splat(hat ? 1 : correction2);
  for (; first < last; first += GROUP_BLOCK) {
    const group = groupOf(first, blockGroups, groups, 8);
    const rate = load<f32>(group);
    const decay = load<f32>(group, 4);
    const step = f32x4.splat(rate * factor);
    const shrink = f32x4.splat(decoupled ? 1 - rate * decay : 1);
    const pull = f32x4.splat(decoupled ? 0 : decay);
    const end = endOfBlock(first, last);
    for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      const w = f32x4.mul(read(parameters + at, one), shrink);
      const g = multiplyAdd(read(gradients + at, one), scale, f32x4.mul(pull, w));
      const firstMoment = multiplyAdd(beta1, read(m + at, one), f32x4.mul(rest1, g));
      const secondMoment = multiplyAdd(beta2, read(v + at, one), f32x4.mul(f32x4.mul(rest2, g), g));
      write(m + at, firstMoment, one);
      write(v + at, secondMoment, one);
      const root = f32x4.sqrt(f32x4.div(secondMoment, divisor));
      write(parameters + at, f32x4.sub(w, f32x4.div(f32x4.mul(step, firstMoment), f32x4.add(root, epsilon))), one);
    }
  }
}

/**
 * The way up of sharpness-aware minimisation for the elements first <= i < last: weights are kept, then moved by `radius`,
 * which points to its value, along their gradient, which becomes 0.
 */
export function samPerturbation(
  gate: usize, parameters: usize, gradients: usize, kept: usize, first: i32, last: i32, radius: usize,
): void {
  const finite = passes(gate);
  const norm = <f64>load<f32>(gate + GATE_NORM * 4);
  const factor = f32x4.splat(<f32>(<f64>load<f32>(radius) / (norm + 1e-12)));
  const zero = f32x4.splat(0);
  const end = <usize>last * 4;
  for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    const w = read(parameters + at, one);
    write(kept + at, w, one);
    if (!finite) continue;
    write(parameters + at, multiplyAdd(factor, read(gradients + at, one), w), one);
    write(gradients + at, zero, one);
  }
}

/** The moving average of weights for the elements first <= i < last. `share`, of the new weights, points to its value. */
export function weightAverage(
  gate: usize, parameters: usize, average: usize, first: i32, last: i32, share: usize,
): void {
  if (!passes(gate)) return;
  const factor = v128.load32_splat(share);
  const end = <usize>last * 4;
  for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
    const one = end - at < 16;
    const a = read(average + at, one);
    write(average + at, multiplyAdd(factor, f32x4.sub(read(parameters + at, one), a), a), one);
  }
}

/** Adds pull (w - start) to the gradients first <= i < last; `first` is a multiple of 64. Group g's pull is pulls[g]. */
export function pullToStart(
  blockGroups: usize, parameters: usize, start: usize, gradients: usize, first: i32, last: i32, pulls: usize,
): void {
  for (; first < last; first += GROUP_BLOCK) {
    const pull = v128.load32_splat(groupOf(first, blockGroups, pulls, 4));
    const end = endOfBlock(first, last);
    for (let at = <usize>first * 4; at < end; at += advance(end - at)) {
      const one = end - at < 16;
      const away = f32x4.sub(read(parameters + at, one), read(start + at, one));
      write(gradients + at, multiplyAdd(pull, away, read(gradients + at, one)), one);
    }
  }
}
