/** A step whose gradients are not finite changes nothing, is told once by name, and training goes on. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { backward } from '#src/ops/backward';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import type { Optimizer } from '#src/optim/optimizer';
import type { Device } from '#src/program/device';
import { Parameter } from '#src/tensor/parameter';
import { tensor } from '#src/tensor/tensor';
import { assertThrows } from '../ops/support.js';
import { optimizers } from './support.js';

const COUNT = 5000; // more than one partial sum

/** Registers the tests on the device. */
export function testGate(on: string, open: () => Promise<Device>): void {
  for (const kind of ['sgd', 'rmsprop', 'adam'] as const) {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      test(`${kind} on ${on}: a gradient of ${bad} changes nothing and is told once`, async () => {
        const device = await open();
        const memory = new ModelMemory(device, [new Parameter(new Float32Array(COUNT).fill(1), [COUNT])]);
        const options =
          kind !== 'adam' ? { lr: 0.1, momentum: 0.9, weightDecay: 0.1 } : { lr: 0.1, weightDecay: 0.1 };
        const optimizer: Optimizer = optimizers[kind](memory, options);
        const step = (factor: number) => takeStep(device, memory, optimizer, factor);
        await step(1);
        const before = await contents(memory, optimizer);
        await step(bad);
        await step(bad);
        await assertThrows(
          () => device.run(() => sum(tensor([1, 2], [2]))),
          'numeric',
          /gradients of 2 steps, the last of them step 3 are not finite; nothing was changed by them.*lower the learning rate/,
        );
        assert.equal(await contents(memory, optimizer), before, 'byte for byte');
        await step(2);
        const after = await contents(memory, optimizer);
        assert.ok(
          after.every((values, i) => values.every(Number.isFinite) && values[0] !== before[i][0]),
          'training goes on',
        );
        await step(bad);
        await assertThrows(
          () => device.read(memory.values.chunks[0]),
          'numeric',
          /gradients of step 5 are not finite/,
        );
        assert.equal(await contents(memory, optimizer), after);
        optimizer.close();
        memory.close();
      });
    }
  }

  test(`the gate on ${on} tells of each failure once, whatever is in flight`, async () => {
    const device = await open();
    const memory = new ModelMemory(device, [new Parameter(new Float32Array(4).fill(1), [4])]);
    const optimizer = optimizers.sgd(memory, { lr: 0.1 });
    const step = (factor: number) => takeStep(device, memory, optimizer, factor);
    const waits = [
      step(Number.NaN),
      ...Array.from({ length: 4 }, () => device.run(() => sum(tensor([1], [1])))),
      step(1),
    ];
    const reads = await Promise.allSettled(waits);
    assert.equal(reads.map(({ status }) => status).filter((status) => status === 'rejected').length, 1);
    optimizer.close();
    memory.close();
  });

  test(`clipping on ${on} scales by the norm of all gradients`, async () => {
    const device = await open();
    const memory = new ModelMemory(device, [
      new Parameter(new Float32Array(COUNT), [COUNT]),
      new Parameter(new Float32Array(3), [3]),
    ]);
    const optimizer = optimizers.sgd(memory, { lr: 1, maxGradientNorm: 2 });
    await takeStep(device, memory, optimizer, 3);
    const norm = 3 * Math.sqrt(COUNT + 3);
    assert.ok(Math.abs((await optimizer.gradientNorm()) - norm) < 1e-3);
    const [value] = await device.read(memory.values.chunks[0]);
    assert.ok(Math.abs(value + (3 * 2) / norm) < 1e-5, 'w = 0 - lr * g * limit / norm');
    optimizer.close();
    memory.close();
  });
}

/** One step with every gradient equal to `factor`. The two programs read nothing back. */
async function takeStep(
  device: Device,
  memory: ModelMemory,
  optimizer: Optimizer,
  factor: number,
): Promise<void> {
  const first = device.run(() => {
    optimizer.zeroGradients();
    for (const parameter of memory.parameters) backward(sum(multiply(parameter, tensor([factor], []))));
  });
  const second = device.run(() => optimizer.step());
  await Promise.all([first, second]);
}

/** Everything that a step may change. */
async function contents(memory: ModelMemory, optimizer: Optimizer): Promise<number[][]> {
  const arenas = [memory.values, ...Object.values(optimizer.moments)];
  const chunks = arenas.flatMap((arena) => arena.chunks);
  return Promise.all(chunks.map(async (chunk) => [...(await memory.device.read(chunk))].slice(0, COUNT)));
}
