/** Winograd's convolution, forward and for both gradients, against the plain loops in float64. */
import type { Kernel, SimdEntry } from '#src/device/kernel';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { weightGradientSplits } from '#src/ops/conv2d/conv2d-gradient-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { conv2dWeightGradientKernel } from '#src/ops/conv2d/conv2d-weight-gradient-kernel';
import {
  FORWARD,
  INPUT_GRADIENT,
  isWinograd,
  isWinogradInputGradient,
  isWinogradWeightGradient,
  preparedTiles,
  wholeTiles,
} from '#src/ops/conv2d/conv2d-winograd';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  BUILDS,
  epilogueOperands,
  generator,
  PathCounts,
  pick,
  randomEpilogue,
  randomSplits,
  randomValues,
  sameBytes,
  SimdHarness,
  tolerance,
} from './cpu-harness.js';

const ROUNDS = 60;
const GRADIENT_ROUNDS = 72;
const PATHS = [
  'rows cut',
  'columns cut',
  'asymmetric padding',
  'no padding',
  'depth blocks',
  'several images',
  'products prepared',
  'weights prepared',
  'column blocks',
];

const GRADIENT_PATHS = ['splits', 'tile blocks', 'channel and filter blocks'];

/** Channels, filters and images beyond one block, and neither: the judge's time is bounded. */
const GRADIENT_SIZES = [
  { channels: 72, filters: 136, batch: 2 },
  { channels: 16, filters: 24, batch: 50 },
  { channels: 24, filters: 16, batch: 3 },
];

/** 3x3 with stride 1, of sizes on both sides of a tile's and a block's edge; `wide` is computed, `deep` summed over. */
function randomGeometry(random: () => number, wide: 'channels' | 'filters'): Conv2dGeometry {
  const [height, width] = [pick(random, [3, 7, 8, 9]), pick(random, [5, 6, 7, 9])];
  const [padTop, padLeft] = [pick(random, [0, 0, 1, 2]), pick(random, [0, 1, 1, 2])];
  const outHeight = Math.max(1, height + padTop + pick(random, [0, 1, 1, 2]) - 2);
  const outWidth = Math.max(1, width + padLeft + pick(random, [0, 1, 1, 2]) - 2);
  const columns = pick(random, [16, 24, 40, 40]);
  const depth = pick(random, [16, 16, 40, 136, 136, 264]);
  return {
    batch: pick(random, depth < 40 ? [5, 8] : [1, 2, 3]),
    ...{ height, width, outHeight, outWidth, padTop, padLeft },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1 },
    ...(wide === 'filters' ? { channels: depth, filters: columns } : { channels: columns, filters: depth }),
  };
}

/** What the plain loops make of these operands in float64. */
function judge<A>(
  kernel: Kernel<A>,
  attributes: A,
  operands: readonly (Float32Array | null)[],
  outputs: number,
) {
  const y = new Float64Array(outputs);
  const wide = operands.map((values) => Float64Array.from(values ?? []));
  const units = kernel.cpu.units(attributes);
  kernel.cpu.run({ attributes, operands: [...wide, y], step: [], begin: 0, end: units });
  return y;
}

/** More tiles than fit in a block, with prepared products and with prepared weights of two blocks of depths. */
function manyTiles(wide: 'channels' | 'filters'): Conv2dGeometry[] {
  const base = {
    ...{ height: 9, width: 9, outHeight: 9, outWidth: 9, padTop: 1, padLeft: 1, groups: 1 },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1 },
  };
  const channels = wide === 'filters' ? { channels: 264, filters: 16 } : { channels: 16, filters: 264 };
  return [9, 30].map((batch) => ({ ...base, ...channels, batch }));
}

/** Random geometries of which Winograd's convolution applies, and those with many tiles. */
function* geometries(
  random: () => number,
  wide: 'channels' | 'filters',
  applies: (geometry: Conv2dGeometry) => boolean,
): Generator<Conv2dGeometry> {
  yield* manyTiles(wide);
  for (let round = 0; round < ROUNDS; ) {
    const geometry = randomGeometry(random, wide);
    if (!applies(geometry)) continue;
    round++;
    yield geometry;
  }
}

function countPaths(
  counts: PathCounts,
  { batch, ...c }: Conv2dGeometry,
  rows: number,
  columns: number,
  depth: number,
) {
  if (rows % 4 !== 0) counts.hit('rows cut');
  if (columns % 4 !== 0) counts.hit('columns cut');
  const [bottom, right] = [c.outHeight + 2 - c.height - c.padTop, c.outWidth + 2 - c.width - c.padLeft];
  if (bottom !== c.padTop || right !== c.padLeft) counts.hit('asymmetric padding');
  if (c.padTop === 0 || c.padLeft === 0) counts.hit('no padding');
  if (depth > 128) counts.hit('depth blocks');
  if (batch > 1) counts.hit('several images');
}

/**
 * Compares with float64. A tile's elements are sums of the same products: rounding may be as large as for a plain sum
 * of the terms of the largest magnitude, twice.
 */
function compare(
  y: Float32Array,
  expected: Float64Array,
  magnitudes: Float64Array,
  terms: number,
  what: string,
) {
  const allowed =
    2 *
    tolerance(
      terms,
      magnitudes.reduce((a, b) => Math.max(a, b), 0),
    );
  for (let index = 0; index < y.length; index++) {
    const error = Math.abs(y[index]! - expected[index]!);
    if (!(error <= allowed)) {
      assert.unreachable(`element ${index}: ${y[index]}, not ${expected[index]}: ${what}`);
    }
  }
}

/** Runs an entry whole, and cut at random places: both must give the same bytes. */
function runBothWays<A>(
  simd: SimdHarness,
  random: () => number,
  { simd: entry, cpu }: Kernel<A>,
  attributes: A,
  operands: readonly (Float32Array | null)[],
  outputs: number,
): Float32Array {
  const units = cpu.units(attributes);
  const run = (splits: readonly number[]) =>
    simd.run(entry as SimdEntry<A>, attributes, operands, outputs, splits);
  const whole = run([0, units]);
  assert.ok(sameBytes(run(randomSplits(random, units)), whole), `split: ${JSON.stringify(attributes)}`);
  return whole;
}

const absolute = (values: Float32Array | null) => values?.map(Math.abs) ?? null;

for (const build of BUILDS) {
  test(`${build}: forward, ${ROUNDS} random convolutions with epilogues`, async () => {
    const simd = await SimdHarness.load(build);
    const random = generator(21);
    const counts = new PathCounts();
    for (const geometry of geometries(random, 'filters', isWinograd)) {
      const { batch, height, width, channels, filters, outHeight, outWidth } = geometry;
      const attributes = { ...geometry, epilogue: randomEpilogue(random) };
      const outputs = batch * outHeight * outWidth * filters;
      const operands = [
        randomValues(random, batch * height * width * channels),
        randomValues(random, 9 * channels * filters),
        ...epilogueOperands(random, attributes.epilogue, filters, outputs),
      ];
      const y = runBothWays(simd, random, conv2dKernel, attributes, operands, outputs);
      const expected = judge(conv2dKernel, attributes, operands, outputs);
      const loose = { ...attributes, epilogue: { ...attributes.epilogue, activation: 'none' as const } };
      const magnitudes = judge(conv2dKernel, loose, operands.map(absolute), outputs);
      compare(y, expected, magnitudes, 9 * channels, JSON.stringify(attributes));
      countPaths(counts, geometry, outHeight, outWidth, channels);
      counts.hit(preparedTiles(FORWARD, geometry) > 0 ? 'products prepared' : 'weights prepared');
      if (filters > 32) counts.hit('column blocks');
    }
    counts.print(`Winograd forward, ${build}`, PATHS);
  });

  test(`${build}: input gradient, ${ROUNDS} random convolutions`, async () => {
    const simd = await SimdHarness.load(build);
    const random = generator(22);
    const counts = new PathCounts();
    for (const geometry of geometries(random, 'channels', isWinogradInputGradient)) {
      const { batch, height, width, channels, filters, outHeight, outWidth } = geometry;
      const outputs = batch * height * width * channels;
      const operands = [
        randomValues(random, batch * outHeight * outWidth * filters),
        randomValues(random, 9 * channels * filters),
      ];
      const dx = runBothWays(simd, random, conv2dInputGradientKernel, geometry, operands, outputs);
      const expected = judge(conv2dInputGradientKernel, geometry, operands, outputs);
      const magnitudes = judge(conv2dInputGradientKernel, geometry, operands.map(absolute), outputs);
      compare(dx, expected, magnitudes, 9 * filters, JSON.stringify(geometry));
      countPaths(counts, geometry, height, width, filters);
      counts.hit(preparedTiles(INPUT_GRADIENT, geometry) > 0 ? 'products prepared' : 'weights prepared');
      if (channels > 32) counts.hit('column blocks');
    }
    counts.print(`Winograd input gradient, ${build}`, PATHS);
  });

  test(`${build}: weight gradient, ${GRADIENT_ROUNDS} random convolutions`, async () => {
    const simd = await SimdHarness.load(build);
    const random = generator(23);
    const counts = new PathCounts();
    for (let round = 0; round < GRADIENT_ROUNDS; ) {
      const geometry = {
        ...randomGeometry(random, 'filters'),
        ...GRADIENT_SIZES[round % GRADIENT_SIZES.length]!,
      };
      if (!isWinograd(geometry)) continue;
      round++;
      const { batch, height, width, channels, filters, outHeight, outWidth } = geometry;
      const positions = batch * outHeight * outWidth;
      const whole = wholeTiles(geometry);
      const positionsPerSplit = whole * Math.ceil(positions / whole / pick(random, [1, 2]));
      const splits = Math.ceil(positions / positionsPerSplit);
      const attributes = { ...geometry, splits, positionsPerSplit };
      assert.ok(isWinogradWeightGradient(attributes));
      const outputs = splits * 9 * channels * filters;
      const operands = [
        randomValues(random, batch * height * width * channels),
        randomValues(random, positions * filters),
      ];
      const partials = runBothWays(simd, random, conv2dWeightGradientKernel, attributes, operands, outputs);
      const expected = judge(conv2dWeightGradientKernel, attributes, operands, outputs);
      const magnitudes = judge(conv2dWeightGradientKernel, attributes, operands.map(absolute), outputs);
      compare(partials, expected, magnitudes, positionsPerSplit, JSON.stringify(attributes));
      countPaths(counts, geometry, outHeight, outWidth, 0);
      if (splits > 1) counts.hit('splits');
      if (Math.ceil(outHeight / 4) * Math.ceil(outWidth / 4) * batch > 48 * splits) counts.hit('tile blocks');
      if (channels > 64 && filters > 128) counts.hit('channel and filter blocks');
    }
    const paths = PATHS.slice(0, PATHS.indexOf('depth blocks'));
    counts.print(`Winograd weight gradient, ${build}`, [...paths, ...GRADIENT_PATHS]);
  });
}

test('what is too small or has another form is not computed this way', () => {
  const base: Conv2dGeometry = {
    ...{ batch: 1, height: 14, width: 14, outHeight: 14, outWidth: 14, channels: 64, filters: 64, groups: 1 },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: 1, padLeft: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1 },
  };
  for (const applies of [isWinograd, isWinogradInputGradient]) {
    assert.ok(applies(base));
    const others: Partial<Conv2dGeometry>[] = [
      { kernelHeight: 1 },
      { kernelWidth: 5 },
      { strideHeight: 2 },
      { strideWidth: 2 },
      { dilationHeight: 2 },
      { dilationWidth: 2 },
      { groups: 2 },
      { channels: 8 },
      { filters: 68 },
      { height: 7, width: 7, outHeight: 7, outWidth: 7 },
    ];
    for (const other of others) assert.not(applies({ ...base, ...other }), JSON.stringify(other));
  }
});

test('the sum of a weight gradient is cut between tiles', () => {
  const base: Conv2dGeometry = {
    ...{ batch: 8, height: 56, width: 56, outHeight: 56, outWidth: 56, channels: 64, filters: 64, groups: 1 },
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1, padTop: 1, padLeft: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1 },
  };
  for (const side of [14, 28, 56]) {
    const geometry = { ...base, height: side, width: side, outHeight: side, outWidth: side };
    const cut = weightGradientSplits(geometry);
    assert.ok(cut.splits > 1, `${side}: ${cut.splits} splits`);
    assert.ok(isWinogradWeightGradient({ ...geometry, ...cut }), `${side}: ${cut.positionsPerSplit}`);
    const between = { ...geometry, positionsPerSplit: cut.positionsPerSplit + side };
    assert.not(isWinogradWeightGradient(between), `${side}`);
  }
});

test.run();
