/** Every gradient against central differences in float64, over random shapes. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { add } from '#src/ops/pointwise/add';
import { gradients } from '#src/ops/backward';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { mean } from '#src/ops/reduce/mean';
import { meanSquaredError } from '#src/ops/loss/mean-squared-error';
import { multiply } from '#src/ops/pointwise/multiply';
import { type OperationName, operations } from '#src/ops/operations';
import { reshape } from '#src/ops/shape/reshape';
import { square } from '#src/ops/pointwise/square';
import { sum } from '#src/ops/reduce/sum';
import { tanh } from '#src/ops/pointwise/tanh';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { type Make, type Problem, problems } from './gradient-problems.js';
import { assertClose, cpuDevice, Random } from './support.js';

const EPSILON = 1e-6;
const TOLERANCE = { absolute: 1e-7, relative: 1e-6 };
const ROUNDS = 6;

test('every operation with a gradient is checked by differences', () => {
  for (const [name, { gradient }] of Object.entries(operations)) {
    assert.ok(name in problems || typeof gradient !== 'function', name);
  }
});

let seed = 100;
for (const [name, make] of Object.entries(problems)) {
  // The problems of operations whose gradient is still to come are here already.
  if (typeof operations[name as OperationName].gradient !== 'function') continue;
  const random = new Random(seed++);
  test(`the gradient of ${name} agrees with differences over ${ROUNDS} random shapes`, async () => {
    for (let round = 0; round < ROUNDS; round++) await checkDifferences(name, make(random), random);
  });
}

/** Compares `gradients` of a random linear function of the output with central differences. */
async function checkDifferences(
  name: string,
  { shapes, range = [-1, 1], call }: Problem,
  random: Random,
): Promise<void> {
  const device = await cpuDevice('float64');
  const inputs = shapes.map((shape) => random.values(sizeOf(shape), ...range));
  const upstream = new Map<string, Float64Array>();
  const lossOf = (tensors: readonly Tensor[]) => {
    const output = call(tensors);
    const key = output.shape.join();
    if (!upstream.has(key)) upstream.set(key, random.values(output.length));
    return sum(multiply(output, tensor(upstream.get(key) as Float64Array, output.shape)));
  };
  const load = () => inputs.map((values, i) => tensor(values, shapes[i]));
  const lossNow = async () => (await device.run(() => lossOf(load()))) as number;
  const found = await device.run(() => {
    const tensors = load();
    return gradients(lossOf(tensors), tensors).map((gradient) => reshape(gradient, [-1]));
  });
  for (const [i, values] of inputs.entries()) {
    const alone = await device.run(() => {
      const tensors = load();
      return reshape(gradients(lossOf(tensors), [tensors[i]])[0], [-1]);
    });
    assert.equal(alone, found[i], `${name}, input ${i} without the others`);
    const differences = new Float64Array(values.length);
    for (let j = 0; j < values.length; j++) {
      const kept = values[j];
      values[j] = kept + EPSILON;
      const above = await lossNow();
      values[j] = kept - EPSILON;
      const below = await lossNow();
      values[j] = kept;
      differences[j] = (above - below) / (2 * EPSILON);
    }
    assertClose(found[i], differences, TOLERANCE, `${name} of ${JSON.stringify(shapes)}, input ${i}`);
  }
}

test('losses agree with differences: mean, meanSquaredError, crossEntropy from probabilities', async () => {
  const random = new Random(7);
  const target = random.values(12, 0, 1);
  const losses: Make[] = [
    () => ({ shapes: [[3, 4]], call: ([x]) => mean(square(x)) }),
    () => ({ shapes: [[3, 4]], call: ([x]) => mean(square(x), -1, true) }),
    () => ({
      shapes: [
        [3, 4],
        [3, 4],
      ],
      call: ([a, b]) => meanSquaredError(a, b),
    }),
    () => ({
      shapes: [[3, 4]],
      call: ([x]) => crossEntropy(x, tensor(target, [3, 4]), { labelSmoothing: 0.2 }),
    }),
    () => ({
      shapes: [[3, 4]],
      range: [0.1, 0.9],
      call: ([p]) =>
        crossEntropy(p, tensor([0, 3, 2], [3], 'int32'), { fromLogits: false, labelSmoothing: 0.1 }),
    }),
  ];
  for (const make of losses) await checkDifferences('loss', make(random), random);
});

test('a tensor that is used several times gets the sum of its gradients', async () => {
  const random = new Random(8);
  const uses: Make = () => ({
    shapes: [[3], [2, 3]],
    // x appears five times, once through a view and once broadcast; y's gradient passes through both branches.
    call: ([x, y]) => {
      const z = multiply(x, y);
      return add(add(multiply(z, z), multiply(x, x)), reshape(tanh(add(x, sum(y, 0))), [1, 3]));
    },
  });
  for (let round = 0; round < ROUNDS; round++) await checkDifferences('reuse', uses(random), random);
});

test.run();
