/** Kernels whose operands are stored as float16, against float64 from the same numbers; and whole programs. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import type { TypedArray } from '#src/device/dtype';
import { halfCopyKernel } from '#src/device/half-copy';
import type { Kernel } from '#src/device/kernel';
import {
  add,
  conv2d,
  gradients,
  maxPool2d,
  multiply,
  relu,
  relu6,
  sum,
  type Tensor,
  tensor,
} from '#src/index';
import { FUSIONS } from '#src/ops/fusions';
import { type KernelName, kernels } from '#src/ops/kernels';
import { checkHalf } from '#src/engine/check-half';
import { Device } from '#src/program/device';
import { fromHalfBits, halfBits, rounded } from './half.js';
import { launchHalf } from './half-launch.js';
import { halfTest } from './half-test.js';
import { type Instance, instances } from './kernel-instances.js';
import { chosen } from './kernel-suite.js';
import {
  assertClose,
  assertThrows,
  cpuDevice,
  formulaValues,
  magnitude,
  Random,
  webgpuDevice,
} from './support.js';

const TIMES = 4;
/** A result is rounded once; what it was computed from is the same. */
const RELATIVE = 2 ** -10;

test('the bits of float16 on the host', () => {
  assert.equal(
    [0, 1, -2, 65504, 65520, 2 ** -24, 2 ** -14].map(halfBits),
    [0, 0x3c00, 0xc000, 0x7bff, 0x7c00, 1, 0x0400],
  );
  for (let bits = 0; bits < 0x7c00; bits += 7) assert.is(halfBits(fromHalfBits(bits)), bits);
  assert.is(rounded(1 + 2 ** -11), 1, 'a tie to even');
});

let seed = 5000;
for (const [name, kernel] of Object.entries(kernels) as [KernelName, Kernel][]) {
  const halves = kernel.bindings.flatMap(({ half }, i) => (half ? [i] : []));
  const variants = Object.keys(kernel.shader.variants).filter((variant) =>
    instances.has(`${name}.${variant}`),
  );
  if (halves.length === 0 || variants.length === 0) continue;
  const random = new Random(seed++);
  halfTest(`${name} with operands stored as float16`, async () => {
    const { backend } = await webgpuDevice();
    const { backend: judge } = await cpuDevice('float64');
    for (const variant of variants) {
      for (let time = 0; time < TIMES; time++) {
        const instance = roundedInstance(instances.get(`${name}.${variant}`)?.(random) as Instance, halves);
        // Each of them by itself, and all at once: a program has any mixture.
        const stored = time === 0 ? halves : halves.filter(() => random.unit() < 0.6);
        const found = await launchHalf(backend, chosen(kernel, variant), instance, stored);
        const expected = await launchHalf(judge, kernel, instance, []);
        expected.forEach((values, i) => {
          const absolute = ((instance.terms ?? 1) + 16) * 2 ** -24 * magnitude(values);
          const where = `${name}.${variant} ${JSON.stringify(instance.attributes)}, operand ${i}`;
          assertClose(found[i], values, { absolute, relative: RELATIVE }, where);
        });
      }
    }
  });
}

halfTest('a float16 copy of float32 numbers', async () => {
  const { backend } = await webgpuDevice();
  const values = [...formulaValues([1000], 3), 0, 65504, -(2 ** -14), 1 + 2 ** -11 + 2 ** -12];
  const operands = [
    { dtype: 'float32' as const, values },
    { dtype: 'float32' as const, values: new Array(values.length).fill(1) },
  ];
  const instance = { attributes: { count: values.length }, operands };
  const [x, y] = await launchHalf(backend, halfCopyKernel as Kernel, instance as Instance, [1]);
  assert.equal([...x], [...Float32Array.from(values)]);
  // To the nearest of them: drivers may round either way.
  assertClose(y as number[], values, { absolute: 2 ** -24, relative: 2 ** -10 }, 'copy');
  assert.equal([...y], Array.from(y, rounded));
});

/** Its float operands that may be stored as float16 hold numbers that float16 has. */
function roundedInstance(instance: Instance, halves: readonly number[]): Instance {
  const operands = instance.operands.map((operand, i) =>
    operand?.dtype === 'float32' && halves.includes(i)
      ? { ...operand, values: Array.from(operand.values, rounded) }
      : operand,
  );
  return { ...instance, operands };
}

/** The same program with float32 and with float16 in between. */
async function bothWays<T>(body: () => T) {
  const plain = await webgpuDevice();
  const mixed = new Device(plain.backend, FUSIONS, true);
  return [await mixed.run(body), await plain.run(body)] as const;
}

for (const [channels, filters, groups, kernel, stride] of [
  [3, 5, 1, 3, 2],
  [8, 12, 1, 3, 1],
  [8, 8, 8, 3, 2],
  [5, 5, 5, 3, 1],
  [64, 72, 1, 1, 1],
  [6, 9, 3, 3, 1],
  [64, 48, 1, 3, 2],
] as const) {
  halfTest(
    `a block of a network, ${channels} to ${filters} channels in ${groups} groups, ${kernel} x ${kernel} by ${stride}`,
    async () => {
      const x = formulaValues([2, 9, 11, channels], 1).map(rounded);
      const wShape = [kernel, kernel, channels / groups, filters];
      const w = formulaValues(wShape, 2, 0.5);
      const body = () => {
        const image = tensor(x, [2, 9, 11, channels]);
        const weights = tensor(w, wShape);
        const y = conv2d(relu(image), weights, { stride, padding: 1, groups });
        const z = maxPool2d(add(relu6(y), y), { kernel: 2, stride: 2 });
        const loss = sum(multiply(z, tensor([3], [1])));
        return { loss, gradients: gradients(loss as Tensor, [image, weights]) };
      };
      const [mixed, plain] = await bothWays(body);
      assertClose(
        mixed.loss as number,
        [plain.loss as number],
        { absolute: 1e-3 * w.length, relative: 2e-3 },
        'loss',
      );
      (mixed.gradients as TypedArray[]).forEach((gradient, i) => {
        const expected = (plain.gradients as TypedArray[])[i];
        // A rounded activation may be the larger one of a window or not: a few elements may differ wholly.
        const largest = magnitude(expected);
        const off = Array.from(gradient).filter(
          (value, at) => Math.abs(value - expected[at]) > 4e-3 * largest,
        );
        assert.ok(
          off.length <= 0.01 * expected.length,
          `${off.length} of ${expected.length} gradients ${i} differ`,
        );
      });
    },
  );
}

halfTest('the check of an adapter: float16 in between passes, float32 does not', async () => {
  const { backend } = await webgpuDevice();
  await checkHalf(new Device(backend, FUSIONS, true));
  let closed = false;
  const plain = Object.assign(new Device(backend, FUSIONS), {
    close: async () => {
      closed = true; // not the backend: all tests share it
    },
  });
  await assertThrows(
    () => checkHalf(plain),
    'device',
    /float16 does not work as it should: numbers that it cannot hold came back whole.*leave --precision out/,
  );
  assert.ok(closed);
});

test.run();
