/** Shared by the tests of nn: a float64 device, and a small network with every kind of array. */
import { openCpu } from '#src/device/cpu/node';
import { BatchNorm2d } from '#src/nn/batch-norm';
import { Conv2d } from '#src/nn/conv2d';
import { Initializer } from '#src/nn/initializers';
import { Sequential } from '#src/nn/layers';
import { Linear } from '#src/nn/linear';
import { Module } from '#src/nn/module';
import { relu } from '#src/ops/pointwise/relu';
import { globalAveragePool } from '#src/ops/pool/pool';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import type { Tensor, TensorLike } from '#src/tensor/tensor';
import { AttuneError } from '#src/errors';
import * as assert from 'uvu/assert';

export async function openJudge(): Promise<Device> {
  return new Device(await openCpu({ precision: 'float64' }), FUSIONS);
}

/** Images [batch, 4, 4, 3] to [batch, 2]. */
export class TinyNet extends Module {
  readonly conv1: Conv2d;
  readonly bn1: BatchNorm2d;
  readonly trunk: Sequential;
  fc: Linear;

  constructor(seed = 1) {
    super();
    const initializer = new Initializer(seed);
    this.conv1 = new Conv2d(3, 5, { kernel: [3, 2], bias: true }, initializer);
    this.bn1 = new BatchNorm2d(5);
    this.trunk = new Sequential(new Conv2d(5, 4, { kernel: 1 }, initializer), new BatchNorm2d(4));
    this.fc = new Linear(4, 2, initializer);
  }

  override forward(x: TensorLike): Tensor {
    const y = relu(this.bn1.forward(this.conv1.forward(x)));
    return this.fc.forward(globalAveragePool(this.trunk.forward(y)));
  }
}

/** Names of TinyNet's arrays, as PyTorch would give them. */
export const TINY_NAMES = [
  'conv1.weight',
  'conv1.bias',
  'bn1.weight',
  'bn1.bias',
  'bn1.running_mean',
  'bn1.running_var',
  'trunk.0.weight',
  'trunk.1.weight',
  'trunk.1.bias',
  'trunk.1.running_mean',
  'trunk.1.running_var',
  'fc.weight',
  'fc.bias',
];

/** The AttuneError that `action` throws. */
export async function failure(action: () => unknown): Promise<AttuneError> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, AttuneError);
    return error as AttuneError;
  }
  return assert.unreachable('nothing was thrown') as never;
}
