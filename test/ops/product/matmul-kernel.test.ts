/** The plain loops of the matrix product against the textbook's, and the CPU device against them. */
import { openCpu } from '#src/device/cpu/node';
import type { MatmulAttributes } from '#src/ops/product/matmul-attributes';
import { matmulKernel } from '#src/ops/product/matmul-kernel';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { epilogueOperands, generator, pick, randomEpilogue, randomValues } from '../../device/cpu-harness.js';
import { checkMatmul, judge, matmulInputs, plainMatmul, withHeads } from '../kernel-cases.js';

function randomMatmul(random: () => number): MatmulAttributes {
  const m = pick(random, [1, 3, 4, 5, 47, 48, 49, 97]);
  const n = pick(random, [1, 3, 4, 5, 8, 17]);
  const k = pick(random, [1, 2, 5, 16, 33]);
  const attributes = plainMatmul(m, n, k, {
    batch: pick(random, [1, 2, 3]),
    transposeA: random() < 0.5,
    transposeB: random() < 0.5,
    batchStrideA: pick(random, [0, m * k]),
    batchStrideB: pick(random, [0, k * n]),
    epilogue: randomEpilogue(random),
  });
  return random() < 0.4 ? withHeads(random, attributes) : attributes;
}

function randomInputs(random: () => number, attributes: MatmulAttributes): (Float32Array | null)[] {
  const { batch, m, n, epilogue } = attributes;
  return [
    ...matmulInputs(attributes).map((length) => randomValues(random, length)),
    ...epilogueOperands(random, epilogue, n, batch * m * n),
  ];
}

test('120 random products agree with three plain loops', () => {
  const random = generator(5);
  for (let round = 0; round < 120; round++) {
    const attributes = randomMatmul(random);
    const { batch, heads, m, n, k, transposeA, transposeB, a: ofA, b: ofB, out, epilogue } = attributes;
    const inputs = randomInputs(random, attributes);
    const [a, b, scale, shift, residual] = inputs;
    const actual = judge(matmulKernel, attributes, inputs, batch * m * n);
    const written = new Set<number>();
    for (let element = 0; element < actual.length; element++) {
      const column = element % n;
      const row = Math.floor(element / n) % m;
      const product = Math.floor(element / n / m);
      const outer = Math.floor(product / heads);
      const head = product % heads;
      const index = outer * out.batch + head * out.head + row * out.row + column;
      const startA = outer * ofA.batch + head * ofA.head;
      const startB = outer * ofB.batch + head * ofB.head;
      written.add(index);
      let y = 0;
      for (let i = 0; i < k; i++) {
        const left = a![startA + (transposeA ? i * ofA.row + row : row * ofA.row + i)]!;
        y += left * b![startB + (transposeB ? column * ofB.row + i : i * ofB.row + column)]!;
      }
      y = y * (scale?.[column] ?? 1) + (shift?.[column] ?? 0) + (residual?.[index] ?? 0);
      if (epilogue.activation !== 'none') y = Math.max(y, 0);
      if (epilogue.activation === 'relu6') y = Math.min(y, 6);
      if (!(Math.abs(actual[index]! - y) <= 1e-13)) {
        assert.unreachable(`element ${index}: ${actual[index]}, not ${y}: ${JSON.stringify(attributes)}`);
      }
    }
    assert.is(written.size, batch * m * n);
  }
});

test('units computed one by one give the same bytes, in float64 and float32', () => {
  const random = generator(6);
  for (let round = 0; round < 40; round++) {
    const attributes = randomMatmul(random);
    const inputs = randomInputs(random, attributes);
    const outputs = attributes.batch * attributes.m * attributes.n;
    const units = matmulKernel.cpu.units(attributes);
    for (const Values of [Float64Array, Float32Array]) {
      const operands = inputs.map((input) => Values.from(input ?? []));
      const whole = new Values(outputs);
      matmulKernel.cpu.run({ attributes, operands: [...operands, whole], step: [], begin: 0, end: units });
      const parts = new Values(outputs);
      for (let unit = units - 1; unit >= 0; unit--) {
        matmulKernel.cpu.run({
          attributes,
          operands: [...operands, parts],
          step: [],
          begin: unit,
          end: unit + 1,
        });
      }
      assert.equal(parts, whole);
    }
  }
});

test('the CPU device agrees with float64', async () => {
  const device = await openCpu();
  const random = generator(7);
  for (let round = 0; round < 40; round++) await checkMatmul(device, random, randomMatmul(random));
  await device.close();
});

test.run();
