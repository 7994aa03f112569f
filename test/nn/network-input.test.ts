/** A network may take several tensors by name: what its input records is what its forward pass gets. */
import type { HostBatch, Input } from '#src/inputs/index';
import { classification } from '#src/tasks/index';
import { linear, Module, type NetworkInput, oneTensor } from '#src/nn/index';
import type { Network } from '#src/models/index';
import { concat } from '#src/ops/index';
import { generator } from '#src/tensor/philox';
import { type Tensor, type TensorLike, tensor } from '#src/tensor/tensor';
import { networkInput, recordMicroBatch } from '#src/training/step/training-step';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails } from '../finetune/support.js';
import { cpuDevice } from '../ops/support.js';

class Two extends Module {
  readonly head = linear(3, 2, { seed: 1 });

  override forward(x: NetworkInput): Tensor {
    const { left, right } = x as Readonly<Record<string, TensorLike>>;
    return this.head.forward(concat([left!, right!], 1));
  }
}

const input: Pick<Input, 'record'> = {
  record: ({ size, arrays: { left, right } }: HostBatch) => ({
    left: tensor(left as Float32Array, [size, 1], 'float32'),
    right: tensor(right as Float32Array, [size, 2], 'float32'),
  }),
};
const batch = {
  size: 2,
  arrays: { left: Float32Array.of(1, 2), right: Float32Array.of(3, 4, 5, 6) },
  targets: Int32Array.of(0, 1),
  shares: Float32Array.of(0.5, 0.5),
};

test('a training step gives a network its named tensors', async () => {
  const device = await cpuDevice('float64');
  const model = new Two();
  await model.to(device);
  const options = {
    model: model as unknown as Network,
    task: classification(['a', 'b']),
    ...{ loss: { labelSmoothing: 0 }, classWeights: null },
    ...{ input: input as Input, random: generator(1) },
  };
  const { loss } = await device.run(() => recordMicroBatch(batch, options));
  const weight = await device.read(model.head.weight.gradient!);
  const joined = [
    [1, 3, 4],
    [2, 5, 6],
  ];
  const logits = await device.run(() => model.head.forward(tensor(Float32Array.from(joined.flat()), [2, 3])));
  const probability = (i: number, c: number) => {
    const [a, b] = [Math.exp(logits[2 * i]!), Math.exp(logits[2 * i + 1]!)];
    return [a, b][c]! / (a + b);
  };
  const expected = -0.5 * (Math.log(probability(0, 0)) + Math.log(probability(1, 1)));
  assert.ok(Math.abs((loss as number) - expected) < 1e-12);
  // d loss / d w[k][0] = mean of x[k] (p(0) - [target is 0])
  for (let k = 0; k < 3; k++) {
    const slope = 0.5 * (joined[0]![k]! * (probability(0, 0) - 1) + joined[1]![k]! * probability(1, 0));
    assert.ok(Math.abs(weight[2 * k]! - slope) < 1e-12, `weight ${k}`);
  }
  model.close();
});

test('what takes one tensor says so', async () => {
  const device = await cpuDevice('float64');
  const of = () => device.run(() => oneTensor(input.record(batch), 'resnet50'));
  await fails(of(), 'usage', /this takes one tensor, and not left, right \(resnet50\)/);
  const mixed = {
    ...batch,
    mix: { share: 0.5, box: [0, 0, 0, 0], lossShare: 0.5, partnerShares: batch.shares },
  } as const;
  await fails(
    device.run(() => networkInput(mixed, input as Input) as Tensor),
    'usage',
    /one tensor.*\(mixup\)/,
  );
});

test.run();
