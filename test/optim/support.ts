/** What the tests of optimisers share: parameters on a device, and the problem of the golden values. */
import { ModelMemory } from '#src/nn/memory';
import { backward } from '#src/ops/backward';
import { multiply } from '#src/ops/pointwise/multiply';
import { square } from '#src/ops/pointwise/square';
import { subtract } from '#src/ops/pointwise/subtract';
import { sum } from '#src/ops/reduce/sum';
import { add } from '#src/ops/pointwise/add';
import { adam, adamW } from '#src/optim/adam';
import type { Optimizer } from '#src/optim/optimizer';
import { rmsprop } from '#src/optim/rmsprop';
import { sgd } from '#src/optim/sgd';
import type { Device } from '#src/program/device';
import { Parameter } from '#src/tensor/parameter';
import { type Scalar, tensor } from '#src/tensor/tensor';
import { formulaValues } from '../ops/support.js';

export const optimizers = { sgd, adam, adamW, rmsprop } as const;

const SHAPES = [[3, 5], [70]] as const;

/** The two arrays of make-golden.py, placed on the device. Close the memory. */
export function goldenMemory(device: Device): ModelMemory {
  return new ModelMemory(
    device,
    SHAPES.map((shape, i) => new Parameter(formulaValues(shape, 50 + i), shape)),
  );
}

/** loss = sum of c (w - t)^2 / 2 over both arrays, recorded. */
export function goldenLoss({ parameters }: ModelMemory): Scalar {
  const parts = parameters.map((parameter, i) => {
    const { shape } = parameter;
    const target = tensor(formulaValues(shape, 70 + i), shape);
    const half = tensor(formulaValues(shape, 60 + i, 0.5, 0.75), shape);
    return sum(multiply(half, square(subtract(parameter, target))));
  });
  return add(parts[0], parts[1]) as Scalar;
}

/** One step: gradients in one program, the update in another. The loss before it. */
export async function trainStep(device: Device, optimizer: Optimizer, loss: () => Scalar): Promise<number> {
  const value = await device.run(() => {
    optimizer.zeroGradients();
    const result = loss();
    backward(result);
    return result;
  });
  await device.run(() => optimizer.step());
  return value as number;
}
