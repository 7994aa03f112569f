/** Which values a mixed-precision program keeps as float16. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { isHalfKey, tuningKey } from '#src/device/tuner';
import {
  backward,
  conv2d,
  crossEntropy,
  generator,
  normalizeImages,
  relu,
  resnetSmall,
  tensor,
} from '#src/index';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { makePlan, type Plan } from '#src/program/plan';
import { type Recording, record } from '#src/program/recording';
import type { TemporaryStorage } from '#src/program/storage';
import { cpuDevice } from '../ops/support.js';

const BYTES = { float32: 4, float16: 2, int32: 4, uint32: 4, uint8: 1 };
const SIDE = 32;

interface Training {
  readonly recording: Recording;
  plan(mixed: boolean): Plan;
}

let training: Promise<Training> | undefined;

/** A training program of a small ResNet, forward and backward: recorded once, planned as often as is asked for. */
function trainingProgram(): Promise<Training> {
  training ??= recordTraining();
  return training;
}

async function recordTraining(): Promise<Training> {
  const device = await cpuDevice('float32');
  const model = resnetSmall({ classes: 10 });
  await model.to(device);
  const { recording, result } = record(() => {
    const images = tensor(new Uint8Array(2 * SIDE * SIDE * 3), [2, SIDE, SIDE, 3], 'uint8');
    const x = normalizeImages(images, [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]);
    const logits = model.forward(x, { random: generator(1) });
    const loss = crossEntropy(logits, tensor(new Int32Array(2), [2]));
    backward(loss);
    return { loss, logits };
  });
  const returned = Object.values(result).map(({ storage }) => storage);
  const backend = {
    elementBytes: (dtype: keyof typeof BYTES) => BYTES[dtype],
    inPlace: false,
    maxBindingBytes: 2 ** 30,
  };
  return { recording, plan: (mixed) => makePlan(recording, returned, FUSIONS, backend, mixed) };
}

test('activations, their gradients and copies of weights are float16; statistics, logits, losses, weights and their gradients are not', async () => {
  const { plan } = await trainingProgram();
  const dtypes = new Map<string, Set<string>>();
  for (const { kernel, operands } of plan(true).launches) {
    kernel.bindings.forEach(({ name }, i) => {
      const key = `${kernel.name}.${name}`;
      dtypes.set(key, (dtypes.get(key) ?? new Set()).add(operands[i]?.dtype ?? 'absent'));
    });
  }
  const of = (key: string) => [...(dtypes.get(key) ?? [])].sort();
  for (const key of ['conv2d.x', 'conv2d.out', 'batchMoments.x', 'scaleShift.y', 'globalAveragePool.x'])
    assert.equal(of(key), ['float16'], key);
  for (const key of ['conv2dInputGradient.dy', 'conv2dInputGradient.dx', 'conv2dWeightGradient.x', 'add.y'])
    assert.equal(of(key), ['float16'], key);
  assert.equal(of('halfCopy.x'), ['float32']);
  for (const key of ['halfCopy.y', 'conv2d.w', 'conv2dInputGradient.w'])
    assert.equal(of(key), ['float16'], key);
  for (const key of [
    'matmul.b',
    'batchMoments.partials',
    'scaleShift.scale',
    'globalAveragePool.y',
    'matmul.out',
  ])
    assert.equal(of(key), ['float32'], key);
  for (const key of ['crossEntropy.logits', 'crossEntropyGradient.dlogits', 'accumulate.x'])
    assert.equal(of(key), ['float32'], key);
});

test('a mixed training program needs little more than half the memory, and the same launches but for copies of weights', async () => {
  const { plan } = await trainingProgram();
  const [plain, mixed] = [plan(false), plan(true)];
  assert.ok(
    plain.launches.every(({ operands }) => operands.every((storage) => storage?.dtype !== 'float16')),
  );
  const names = ({ launches }: Plan) => launches.map(({ kernel }) => kernel.name);
  assert.equal(
    names(mixed).filter((name) => name !== 'halfCopy'),
    names(plain),
  );
  assert.ok(
    mixed.lowerBoundBytes < 0.65 * plain.lowerBoundBytes,
    `${mixed.lowerBoundBytes} of ${plain.lowerBoundBytes}`,
  );
});

test('the tuner sees the launches of a mixed program as it runs them', async () => {
  const { plan } = await trainingProgram();
  const keysOf = (mixed: boolean) =>
    new Set(plan(mixed).launches.flatMap((launch) => tuningKey(launch) ?? []));
  const [plain, mixed] = [keysOf(false), keysOf(true)];
  assert.not.ok([...plain].some(isHalfKey));
  for (const key of mixed) {
    const float32 = key.replace(/ float16.*/, '');
    assert.ok(plain.has(float32), `${key} has a class without float16`);
    assert.is(isHalfKey(key), /^conv2d/.test(key), key);
  }
  // The first convolution reads images as float16, and its weights, too.
  assert.ok(mixed.has('conv2d 3x3/1x1 3>16 at 2048 float16'), [...mixed].join('; '));

  const cpu = await cpuDevice('float32');
  const launchesOf = (isMixed: boolean) =>
    new Device(cpu.backend, FUSIONS, isMixed).launchesOf(() => {
      const x = relu(relu(tensor(new Float32Array(64), [1, 4, 4, 4])));
      return relu(conv2d(x, tensor(new Float32Array(16), [1, 1, 4, 4])));
    });
  const dtypes = (isMixed: boolean) =>
    launchesOf(isMixed).map(({ operands }) => operands.map((operand) => operand?.dtype ?? null));
  assert.not.ok(dtypes(false).flat().includes('float16'));
  assert.ok(dtypes(true).flat().includes('float16'));
});

test('what one launch cannot take as float16 is float32 in all of them', async () => {
  const { plan } = await trainingProgram();
  const dtypes = new Map<number, string>();
  for (const { operands } of plan(true).launches) {
    for (const storage of operands) {
      if (storage === null || storage.kind === 'state') continue;
      assert.is(dtypes.get(storage.ordinal) ?? storage.dtype, storage.dtype);
      dtypes.set(storage.ordinal, storage.dtype);
    }
  }
});

test('each convolution reads a copy of its own weights, made just before it', async () => {
  const { plan } = await trainingProgram();
  const [plain, mixed] = [plan(false), plan(true)];
  const readers = ({ launches }: Plan) => launches.filter(({ kernel }) => kernel.name.startsWith('conv2d'));
  readers(plain).forEach((launch, i) => {
    const at = launch.kernel.bindings.findIndex(({ name }) => name === 'w');
    if (at < 0) return;
    const same = readers(mixed)[i];
    const { kernel, operands } = mixed.launches[mixed.launches.indexOf(same) - 1];
    assert.is(kernel.name, 'halfCopy');
    assert.is(operands[0], launch.operands[at]);
    assert.is((operands[1] as TemporaryStorage).ordinal, (same.operands[at] as TemporaryStorage).ordinal);
  });
});

test.run();
