/** The SIMD gradients of a convolution against float64 loops, which follow every product to where it belongs. */
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import {
  conv2dInputGradientSimd,
  conv2dInputGradientUnits,
  conv2dWeightGradientSimd,
  conv2dWeightGradientUnits,
} from '#src/ops/conv2d/conv2d-gradient-simd';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { GEOMETRY_PATHS, geometryPaths, randomGeometry } from './conv2d-geometries.js';
import {
  BUILDS,
  generator,
  PathCounts,
  pick,
  randomSplits,
  randomValues,
  sameBytes,
  SimdHarness,
  tolerance,
} from './cpu-harness.js';

/** Sums in float64, with what tolerances are measured by: how many terms, and their absolute values' sum. */
class Sums {
  readonly values: Float64Array;
  readonly magnitudes: Float64Array;
  readonly terms: Int32Array;

  constructor(length: number) {
    this.values = new Float64Array(length);
    this.magnitudes = new Float64Array(length);
    this.terms = new Int32Array(length);
  }

  add(index: number, product: number): void {
    this.values[index] += product;
    this.magnitudes[index] += Math.abs(product);
    this.terms[index]++;
  }

  check(found: Float32Array, what: string): void {
    found.forEach((value, i) => {
      const error = Math.abs(value - this.values[i]!);
      if (error <= tolerance(this.terms[i]!, this.magnitudes[i]!)) return;
      assert.unreachable(`${what}: element ${i} is ${value}, not ${this.values[i]}`);
    });
  }
}

/** Calls `visit` with the indices into x, w and y of every product of the forward sum, and its position (b, p, q). */
function eachProduct(
  c: Conv2dGeometry,
  visit: (x: number, w: number, y: number, position: number) => void,
): void {
  const groupChannels = c.channels / c.groups;
  const groupFilters = c.filters / c.groups;
  for (let position = 0; position < c.batch * c.outHeight * c.outWidth; position++) {
    const q = position % c.outWidth;
    const p = Math.floor(position / c.outWidth) % c.outHeight;
    const b = Math.floor(position / (c.outWidth * c.outHeight));
    for (let tap = 0; tap < c.kernelHeight * c.kernelWidth; tap++) {
      const h = p * c.strideHeight - c.padTop + Math.floor(tap / c.kernelWidth) * c.dilationHeight;
      const v = q * c.strideWidth - c.padLeft + (tap % c.kernelWidth) * c.dilationWidth;
      if (h < 0 || h >= c.height || v < 0 || v >= c.width) continue;
      const pixel = ((b * c.height + h) * c.width + v) * c.channels;
      for (let filter = 0; filter < c.filters; filter++) {
        const first = Math.floor(filter / groupFilters) * groupChannels;
        for (let channel = 0; channel < groupChannels; channel++) {
          const weight = (tap * groupChannels + channel) * c.filters + filter;
          visit(pixel + first + channel, weight, position * c.filters + filter, position);
        }
      }
    }
  }
}

/** The judge's time is bounded: larger geometries are passed over. */
function isLarge(c: Conv2dGeometry): boolean {
  const outputs = c.batch * c.outHeight * c.outWidth * c.filters;
  return (outputs * c.kernelHeight * c.kernelWidth * c.channels) / c.groups > 7e5;
}

function sizes(c: Conv2dGeometry): { inputs: number; weights: number; outputs: number } {
  return {
    inputs: c.batch * c.height * c.width * c.channels,
    weights: (c.kernelHeight * c.kernelWidth * c.channels * c.filters) / c.groups,
    outputs: c.batch * c.outHeight * c.outWidth * c.filters,
  };
}

/** Where random ones are too small: more columns, positions or taps than a block has room for. */
const LARGE: readonly Conv2dGeometry[] = [
  { channels: 530, filters: 3, size: 6, kernel: 2, groups: 1 },
  { channels: 3, filters: 5, size: 25, kernel: 2, groups: 1 },
  { channels: 1, filters: 1, size: 12, kernel: 8, groups: 1 },
  { channels: 2, filters: 2, size: 12, kernel: 8, groups: 2 },
].map(({ channels, filters, size, kernel, groups }) => ({
  batch: 1,
  ...{ height: size, width: size, channels, filters, kernelHeight: kernel, kernelWidth: kernel },
  ...{ outHeight: size - kernel + 1, outWidth: size - kernel + 1, strideHeight: 1, strideWidth: 1 },
  ...{ padTop: 0, padLeft: 0, dilationHeight: 1, dilationWidth: 1, groups },
}));

function geometries(random: () => number): ReturnType<typeof randomGeometry>[] {
  const large = LARGE.map((geometry) => ({ geometry, kind: 'dense' as const, asymmetric: false }));
  const some = Array.from({ length: 450 }, () => randomGeometry(random)).filter(
    (found) => !isLarge(found.geometry),
  );
  return [...large, ...some];
}

for (const build of BUILDS) {
  test(`${build}: input gradients agree with float64, and any split gives the same bytes`, async () => {
    const simd = await SimdHarness.load(build);
    const counts = new PathCounts();
    const random = generator(3);
    for (const found of geometries(random)) {
      const { geometry } = found;
      const { inputs, weights, outputs } = sizes(geometry);
      const dy = randomValues(random, outputs);
      const w = randomValues(random, weights);
      const units = conv2dInputGradientUnits(geometry);
      const run = (splits: readonly number[]) =>
        simd.run(conv2dInputGradientSimd, geometry, [dy, w], inputs, splits);
      const whole = run([0, units]);
      const sums = new Sums(inputs);
      eachProduct(geometry, (x, weight, y) => sums.add(x, dy[y]! * w[weight]!));
      sums.check(whole, JSON.stringify(geometry));
      assert.ok(sameBytes(run(randomSplits(random, units)), whole), `split: ${JSON.stringify(geometry)}`);
      const depth = (geometry.kernelHeight * geometry.kernelWidth * geometry.filters) / geometry.groups;
      const unreached = sums.terms.includes(0);
      counts.hit(
        ...geometryPaths(found),
        ...(depth > 256 ? ['depth blocks'] : []),
        ...(unreached ? ['unreached'] : []),
      );
    }
    counts.print(`input gradient, ${build}`, [...GEOMETRY_PATHS, 'depth blocks', 'unreached']);
  });

  test(`${build}: weight gradients agree with float64, and any split gives the same bytes`, async () => {
    const simd = await SimdHarness.load(build);
    const counts = new PathCounts();
    const random = generator(4);
    for (const found of geometries(random)) {
      const { geometry } = found;
      const { inputs, weights, outputs } = sizes(geometry);
      const positions = geometry.batch * geometry.outHeight * geometry.outWidth;
      const positionsPerSplit = Math.ceil(positions / (positions > 256 ? 2 : pick(random, [1, 1, 2, 3, 5])));
      const splits = Math.ceil(positions / positionsPerSplit);
      const attributes = { ...geometry, splits, positionsPerSplit };
      const x = randomValues(random, inputs);
      const dy = randomValues(random, outputs);
      const units = conv2dWeightGradientUnits(attributes);
      const run = (cuts: readonly number[]) =>
        simd.run(conv2dWeightGradientSimd, attributes, [x, dy], splits * weights, cuts);
      const whole = run([0, units]);
      const sums = new Sums(splits * weights);
      eachProduct(geometry, (input, weight, y, position) =>
        sums.add(Math.floor(position / positionsPerSplit) * weights + weight, x[input]! * dy[y]!),
      );
      sums.check(whole, JSON.stringify(attributes));
      assert.ok(sameBytes(run(randomSplits(random, units)), whole), `split: ${JSON.stringify(attributes)}`);
      counts.hit(...geometryPaths(found), ...(splits > 1 ? ['splits'] : []));
    }
    counts.print(`weight gradient, ${build}`, [...GEOMETRY_PATHS, 'splits']);
  });
}

test.run();
