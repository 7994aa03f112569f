/** groupNorm, which is put together from other operations, on any device: PyTorch's values, and the formula in other words. */
import { groupNorm, gradients, multiply, sum, tensor } from '#src/index';
import type { Device } from '#src/program/device';
import { sizeOf } from '#src/tensor/shape';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertClose, formulaValues, Random } from '../support.js';

/** F.group_norm of two images with three positions and four channels in two groups; gradients as in make-golden.py. */
const PYTORCH = {
  y: [
    ...[0.09113106577, 0.6499311848, -0.4942086318, 0.5663854759, -0.1603148357, -0.005530909143],
    ...[0.04152895913, 0.8552688045, -0.4117607371, -0.6609930031, -2.662084551, 1.144152133],
    ...[-0.09980466529, -0.1694781082, -1.16002261, -0.02467772926, -0.2534383405, -0.5699660458],
    ...[-0.2832029857, 0.448125703, 0.5218779469, -0.9704539834, 0.5936166391, 0.9209291352],
  ],
  dx: [
    ...[-0.2002701441, 0.1047137628, 0.7079227984, 0.2504973692, -0.05148790535, 0.05148790535],
    ...[-0.6552637202, 0.3835592699, 0.09729433343, -0.001737952145, -0.3299666555, -0.3567490618],
    ...[0.1136045776, 0.01024193149, -0.1420527361, 0.1010221036, 0.1406462865, -0.08614349082],
    ...[-0.02053337174, 0.02053337174, 0.004179608328, -0.1825289131, 0.1009859927, -0.05995536014],
  ],
  dscale: [3.148585074, 2.249234776, 1.383163979, 0.4470686346],
  dshift: [0.6249625262, 0.1211152193, -0.3827320875, -0.8865793944],
};

const EPSILON = 1e-3;

export function testGroupNorm(on: string, tolerance: number, open: () => Promise<Device>): void {
  const close = { absolute: tolerance, relative: tolerance };

  test(`groupNorm and its gradients on ${on} are what PyTorch gives`, async () => {
    const device = await open();
    const found = await device.run(() => {
      const x = tensor(formulaValues([2, 3, 4], 81, 2, 0.5), [2, 3, 4]);
      const [scale, shift] = [82, 83].map((seed) => tensor(formulaValues([4], seed), [4]));
      const y = groupNorm(x, scale!, shift!, { groups: 2, epsilon: EPSILON });
      const loss = sum(multiply(y, tensor(formulaValues([2, 3, 4], 97), [2, 3, 4])));
      const [dx, dscale, dshift] = gradients(loss, [x, scale!, shift!]);
      return { y, dx: dx!, dscale: dscale!, dshift: dshift! };
    });
    for (const [name, expected] of Object.entries(PYTORCH))
      assertClose(found[name as keyof typeof PYTORCH], expected, close, name);
  });

  test(`groupNorm of any shape on ${on}: one group, as many as channels, and what is between`, async () => {
    const device = await open();
    const random = new Random(31);
    for (const [shape, groups] of [
      [[2, 3, 4, 6], 1],
      [[2, 3, 4, 6], 6],
      [[1, 5, 6], 3],
      [[3, 8], 2],
      [[2, 2, 1, 3, 4], 2],
    ] as const) {
      const values = Float32Array.from(random.values(sizeOf(shape), -2, 2));
      const y = await device.run(() =>
        groupNorm(tensor(values, shape), null, null, { groups, epsilon: EPSILON }),
      );
      assertClose(y, byFormula(values, shape, groups), close, `${shape} in ${groups}`);
    }
  });

  test(`groupNorm with a scale or a shift alone on ${on}`, async () => {
    const device = await open();
    const { scaled, shifted, plain } = await device.run(() => {
      const x = tensor([1, 2, 4, 7], [1, 2, 2]);
      const vector = tensor([2, 3], [2]);
      const options = { groups: 2, epsilon: EPSILON };
      return {
        scaled: groupNorm(x, vector, null, options),
        shifted: groupNorm(x, null, vector, options),
        plain: groupNorm(x, null, null, options),
      };
    });
    assertClose(
      scaled,
      [...plain].map((value, i) => value * (2 + (i % 2))),
      close,
      'scale',
    );
    assertClose(
      shifted,
      [...plain].map((value, i) => value + 2 + (i % 2)),
      close,
      'shift',
    );
    assert.ok(plain[0]! < -0.9 && plain[2]! > 0.9);
  });
}

/** From the definition: each element by the mean and variance of those of its image and group. */
function byFormula(values: ArrayLike<number>, shape: readonly number[], groups: number): number[] {
  const channels = shape.at(-1)!;
  const width = channels / groups;
  const image = values.length / shape[0]!;
  const groupOf = (i: number) => Math.floor(i / image) * groups + Math.floor((i % channels) / width);
  const all = Array.from(values);
  return Array.from(values, (value, i) => {
    const mine = all.filter((_, j) => groupOf(j) === groupOf(i));
    const mean = mine.reduce((a, b) => a + b) / mine.length;
    const variance = mine.reduce((total, one) => total + (one - mean) ** 2, 0) / mine.length;
    return (value - mean) / Math.sqrt(variance + EPSILON);
  });
}
