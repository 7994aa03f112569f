/** The SIMD entries that are loops (pointwise, sums, batch norm, pooling, updates, copies) against their plain loops in float64. */
import { kernels } from '#src/ops/kernels';
import type { Kernel } from '#src/device/kernel';
import { errorFunction } from '#src/ops/pointwise/error-function';
import { stridesOf } from '#src/tensor/shape';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUILDS, generator, randomSplits, sameBytes, SimdHarness } from './cpu-harness.js';
import { copyOf, type LoopCase, loopCases } from './cpu-simd-cases.js';
import { assertSameSet } from '../same-set.js';

/** Products and what works on bytes: cpu-simd-matmul, -conv2d, -conv2d-gradient and -images test them. */
const TESTED_ELSEWHERE = [
  ...['matmul', 'conv2d', 'conv2dInputGradient', 'conv2dWeightGradient'],
  ...['gaussianBlurColumns', 'gaussianBlurRows', 'normalizeImages', 'transformImages'],
];

/** The plain loops in float64. */
function judge({ kernel, attributes, operands, step }: LoopCase): (Float64Array | Uint32Array)[] {
  const copies = operands.map((values) =>
    values instanceof Uint32Array ? values.slice() : Float64Array.from(values ?? []),
  );
  kernel.cpu.run({ attributes, operands: copies, step, begin: 0, end: kernel.cpu.units(attributes) });
  return copies;
}

function check(found: ArrayLike<number>, expected: ArrayLike<number>, terms: number, where: string): void {
  let largest = 1;
  for (let i = 0; i < expected.length; i++) {
    if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]!));
  }
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(found[i], expected[i])) continue;
    const error = Math.abs(found[i]! - expected[i]!);
    if (error <= (4 + Math.sqrt(terms)) * 2 ** -24 * largest) continue;
    assert.unreachable(`${where}: element ${i} is ${found[i]}, not ${expected[i]}`);
  }
}

for (const build of BUILDS) {
  test(`${build}: loops agree with float64, and any split gives the same bytes`, async () => {
    const simd = await SimdHarness.load(build);
    const random = generator(5);
    const counts = new Map<string, number>();
    for (const loopCase of loopCases(random)) {
      const { kernel, attributes, operands, step, terms } = loopCase;
      const where = `${kernel.name} ${JSON.stringify(attributes)}`;
      assert.ok(kernel.simd!.suits?.(attributes) ?? true, where);
      const units = kernel.cpu.units(attributes);
      const whole = simd.launch(kernel.simd!, attributes, operands, [0, units], step);
      for (const [i, expected] of judge(loopCase).entries()) {
        check(whole[i] ?? [], expected, terms, `${where}, operand ${i}`);
      }
      const split = simd.launch(kernel.simd!, attributes, operands, randomSplits(random, units), step);
      for (const [i, values] of whole.entries()) {
        assert.ok(values === null || sameBytes(split[i]!, values), `split: ${where}`);
      }
      counts.set(kernel.name, (counts.get(kernel.name) ?? 0) + 1);
    }
    console.log(`  ${build}: ${[...counts].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    const entries = Object.values(kernels).filter(
      ({ name, simd: entry }) => entry && !TESTED_ELSEWHERE.includes(name),
    );
    assertSameSet(
      counts.keys(),
      entries.map(({ name }) => name),
      'every SIMD entry of src/ops/kernels.ts has cases in cpu-simd-cases.ts',
    );
  });
}

for (const build of BUILDS) {
  test(`${build}: e^x, its kin, erf and the logarithm keep their digits everywhere, and overflow, underflow and NaN`, async () => {
    const simd = await SimdHarness.load(build);
    const special = [
      0,
      -0,
      88.8,
      -88,
      -103,
      -104.5,
      1e4,
      -1e4,
      Infinity,
      -Infinity,
      Number.NaN,
      1e-30,
      -1e-10,
      ...[1e-45, 1e-39, 2 ** -126, 3.4e38, 0.7, 0.71, 1 - 2 ** -24, 1, 1 + 2 ** -23, 1.42],
    ];
    const x = Float32Array.from([
      ...special,
      ...Array.from({ length: 40_000 }, (_, i) => (i - 20_000) / 180),
    ]);
    const { exp, tanh, log } = Math;
    const functions = { erf: errorFunction, exp, tanh, log, sigmoid: (v: number) => 1 / (1 + Math.exp(-v)) };
    for (const [name, formula] of Object.entries(functions)) {
      const kernel = kernels[name as keyof typeof functions];
      const units = kernel.cpu.units({ count: x.length });
      const y = simd.launch(
        kernel.simd!,
        { count: x.length },
        [x, new Float32Array(x.length)],
        [0, units],
      )[1]!;
      for (const [i, value] of x.entries()) {
        const expected = Math.fround(formula(value));
        if (Object.is(y[i], expected) || y[i] === expected) continue;
        const error = Math.abs(y[i]! - expected);
        // 1 / (1 + e^-x) has no results below the normal numbers: e^-x is infinite there.
        const smallest = name === 'sigmoid' ? 2 ** -126 : 2 ** -147;
        const limit = Math.max(2 ** -22 * Math.abs(expected), smallest);
        assert.ok(error <= limit, `${name}(${value}) is ${y[i]}, not ${expected}`);
      }
    }
  });
}

test('a row with NaN has NaN as its largest element, sum and softmax', async () => {
  const simd = await SimdHarness.load('plain');
  const x = Float32Array.from({ length: 50 }, (_, i) => (i === 37 ? Number.NaN : i));
  const results = [
    ...['sum', 'max'].map((reduction) => {
      const attributes = { reduction, outer: 1, length: 50, inner: 1 };
      return simd.launch(kernels.reduce.simd!, attributes as never, [x, new Float32Array(1)], [0, 1])[1]!;
    }),
    simd.launch(
      kernels.softmax.simd!,
      { rows: 1, columns: 50, logarithm: false },
      [x, new Float32Array(50)],
      [0, 1],
    )[1]!,
  ];
  for (const values of results) assert.ok([...values].every(Number.isNaN), `${values}`);
});

test('sums and largest elements along an axis of every length up to 70, where the unrolled steps begin and end', async () => {
  const simd = await SimdHarness.load('plain');
  for (const [reduction, inner] of [
    ['sum', 1],
    ['max', 1],
    ['sum', 70],
  ] as const) {
    for (let length = 1; length <= 70; length++) {
      const attributes = { reduction, outer: 2, length, inner };
      // Whole numbers, all different: the sum is exact, and one element more or less shows.
      const x = Float32Array.from({ length: 2 * length * inner }, (_, i) => ((i * 37) % 1009) + 1);
      const operands = [x, new Float32Array(2 * inner)];
      const units = kernels.reduce.cpu.units(attributes);
      const [, found] = simd.launch(kernels.reduce.simd!, attributes, operands, [0, units]);
      const expected = operands.map((values) => Float64Array.from(values));
      const step: never[] = [];
      kernels.reduce.cpu.run({ attributes, operands: expected, step, begin: 0, end: units });
      assert.equal([...found!], [...expected[1]!], JSON.stringify(attributes));
    }
  }
});

test('the logarithm in softmax keeps its digits', async () => {
  const simd = await SimdHarness.load('plain');
  const rows = 2000;
  // Rows [0, t]: the first result is -ln(1 + e^t), of a sum that takes every mantissa.
  const t = Float32Array.from({ length: rows }, (_, i) => -i / 250);
  const x = Float32Array.from({ length: 2 * rows }, (_, i) => (i % 2 ? t[(i - 1) / 2]! : 0));
  const attributes = { rows, columns: 2, logarithm: true };
  const units = kernels.softmax.cpu.units(attributes);
  const y = simd.launch(kernels.softmax.simd!, attributes, [x, new Float32Array(x.length)], [0, units])[1]!;
  for (let row = 0; row < rows; row++) {
    const expected = -Math.log1p(Math.exp(t[row]!));
    const error = Math.abs(y[2 * row]! - expected);
    // The sum itself is rounded once.
    assert.ok(
      error <= 2 ** -21 * Math.abs(expected) + 2 ** -24,
      `row ${row}: ${y[2 * row]}, not ${expected}`,
    );
  }
});

test('a gradient that is NaN stays NaN behind a closed ReLU, as in the plain loop', async () => {
  const simd = await SimdHarness.load('plain');
  const kernel = kernels.reluGradient;
  const operands = [Float32Array.of(-1, 1, 0), Float32Array.of(Number.NaN, 2, 3), new Float32Array(3)];
  const [, , dx] = simd.launch(kernel.simd!, { count: 3 }, operands, [0, 1]);
  assert.equal([...dx!], [Number.NaN, 2, 0]);
});

test('transposed copies in every order of 2 to 6 dimensions', async () => {
  const simd = await SimdHarness.load('plain');
  const random = generator(8);
  for (let rank = 2; rank <= 6; rank++) {
    const permutations = ordersOf(rank);
    for (const [i, permutation] of permutations.entries()) {
      // Planes of several tiles, which end within one and within a vector, and copies of several units.
      const large = i % Math.ceil(permutations.length / 40) === 0;
      const wide = large ? [permutation[rank - 1], random() < 0.7 ? rank - 1 : 0] : [];
      const shape = permutation.map((_, axis) => 1 + Math.floor(random() * (wide.includes(axis) ? 150 : 3)));
      const strides = stridesOf(shape);
      const to = permutation.map((axis) => shape[axis]!);
      const [attributes, operands] = copyOf(
        to,
        permutation.map((axis) => strides[axis]!),
        stridesOf(to),
      );
      const where = `${shape} in the order ${permutation}`;
      const kernel = kernels.stridedCopy as Kernel;
      const units = kernel.cpu.units(attributes);
      const [x, y] = operands.map((values) => values.slice());
      kernel.cpu.run({ attributes, operands: [x!, y!], step: [], begin: 0, end: units });
      const [, found] = simd.launch(kernel.simd!, attributes, operands, randomSplits(random, units));
      assert.ok(sameBytes(found!, y!), where);
    }
  }
});

/** All orders of the dimensions 0 .. rank - 1. */
function ordersOf(rank: number): number[][] {
  if (rank === 0) return [[]];
  return ordersOf(rank - 1).flatMap((order) =>
    Array.from({ length: rank }, (_, at) => order.toSpliced(at, 0, rank - 1)),
  );
}

test.run();
