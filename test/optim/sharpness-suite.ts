/** Sharpness-aware minimisation on any device: fifty steps beside PyTorch, and steps that fail. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BatchNorm2d, linear, Module, type Training } from '#src/index';
import { ModelMemory } from '#src/nn/memory';
import { add } from '#src/ops/pointwise/add';
import { backward } from '#src/ops/backward';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { multiply } from '#src/ops/pointwise/multiply';
import { square } from '#src/ops/pointwise/square';
import { sum } from '#src/ops/reduce/sum';
import { tanh } from '#src/ops/pointwise/tanh';
import { SharpnessAware, WeightAverage } from '#src/optim/index';
import type { Device } from '#src/program/device';
import { Parameter } from '#src/tensor/parameter';
import { generator } from '#src/tensor/philox';
import { type Scalar, type Tensor, type TensorLike, tensor } from '#src/tensor/tensor';
import { golden } from '../ops/golden-suite.js';
import { assertClose, assertThrows, formulaValues } from '../ops/support.js';
import { optimizers } from './support.js';

interface SharpnessCase {
  readonly name: string;
  readonly optimizer: 'sgd' | 'adam';
  // biome-ignore lint/suspicious/noExplicitAny: the options of two optimisers.
  readonly options: any;
  readonly radius: number;
  /** Before each step, at its weights. */
  readonly losses: readonly number[];
  readonly arrays: Readonly<Record<string, readonly number[]>>;
}

/** The network of make-regularization.py. */
class Network extends Module {
  readonly a = linear(4, 8, { bias: false });
  readonly norm = new BatchNorm2d(8);
  readonly b = linear(8, 3);

  constructor() {
    super();
    [this.a.weight, this.b.weight, this.b.bias as Parameter].forEach((parameter, i) => {
      parameter.set(formulaValues(parameter.shape, i + 1));
    });
  }

  override forward(x: TensorLike, training?: Training): Tensor {
    return this.b.forward(tanh(this.norm.forward(this.a.forward(x), training)));
  }
}

const sumOfSquares = (parameters: readonly Parameter[]) =>
  parameters.map((parameter) => sum(square(parameter))).reduce((a, b) => add(a, b) as Scalar);

/** Registers the tests on the device, with so many of PyTorch's runs. */
export function testSharpness(on: string, open: () => Promise<Device>, cases = Infinity): void {
  const { sharpness: all } = golden<{ sharpness: SharpnessCase[] }>('regularization.json');
  for (const { name, optimizer: kind, options, radius, losses, arrays } of all.slice(0, cases)) {
    test(`SAM around ${name} on ${on}: fifty steps as PyTorch takes them`, async () => {
      const device = await open();
      const exact = device.precision === 'float64';
      // Batch norm over twelve rows grows a rounding of float32 from step to step.
      const tolerance = exact ? { absolute: 1e-10, relative: 1e-10 } : { absolute: 1e-3, relative: 1e-3 };
      const network = new Network();
      await network.to(device);
      const sharpness = new SharpnessAware(network.memory, radius);
      const optimizer = optimizers[kind](network.memory, { ...options, parts: [sharpness] });
      const random = generator(1);
      const x = formulaValues([12, 4], 5);
      const labels = Int32Array.from({ length: 12 }, (_, i) => i % 3);
      const gradient = () => {
        const loss = crossEntropy(network.forward(tensor(x, [12, 4]), { random }), tensor(labels, [12]));
        backward(loss);
        return loss;
      };
      const plans: number[] = [];
      for (const expected of losses) {
        const loss = device.run(gradient);
        void device.run(() => sharpness.perturb());
        void device.run(gradient);
        await device.run(() => {
          optimizer.step();
          optimizer.zeroGradients();
        });
        assertClose(await loss, [expected], tolerance, 'loss');
        plans.push(device.plansMade);
      }
      assert.is(plans.at(-1), plans[0], 'every step has the plans of the first; both gradients share one');
      for (const { name: array, array: buffer } of network.namedArrays()) {
        assertClose(await buffer.read(), arrays[array] as readonly number[], tolerance, array);
      }
      optimizer.close();
      network.close();
    });
  }

  for (const failing of ['first', 'second'] as const) {
    test(`SAM on ${on}: a ${failing} gradient that is not finite changes nothing and is told once`, async () => {
      const device = await open();
      const memory = new ModelMemory(device, [new Parameter(formulaValues([5000], 1), [5000])]);
      const sharpness = new SharpnessAware(memory, 0.1);
      const average = new WeightAverage(memory, 0.5);
      const optimizer = optimizers.sgd(memory, { lr: 0.1, momentum: 0.9, parts: [sharpness, average] });
      const step = (first: number, second: number) => {
        const gradient = (factor: number) => () =>
          backward(multiply(sumOfSquares(memory.parameters), tensor([factor], [])) as Scalar);
        return Promise.all([
          device.run(gradient(first)),
          device.run(() => sharpness.perturb()),
          device.run(gradient(second)),
          device.run(() => {
            optimizer.step();
            optimizer.zeroGradients();
          }),
        ]);
      };
      const everything = async () => {
        const arenas = [memory.values, ...Object.values(optimizer.arenas)];
        return Promise.all(arenas.map(async ({ chunks: [chunk] }) => [...(await device.read(chunk!))]));
      };
      await step(1, 1);
      const before = await everything();
      await step(failing === 'first' ? Number.NaN : 1, failing === 'second' ? Number.POSITIVE_INFINITY : 1);
      await assertThrows(everything, 'numeric', /gradients of step 2 are not finite/);
      assert.equal(await everything(), before, 'byte for byte');
      await step(1, 1);
      const after = await everything();
      assert.ok(after.every((values, i) => values.every(Number.isFinite) && values[0] !== before[i]![0]));
      optimizer.close();
      memory.close();
    });
  }

  test(`SAM on ${on}: the way up is as long as the radius, and back to the bit`, async () => {
    const device = await open();
    const parameters = [[70], [3, 5]].map((shape, i) => new Parameter(formulaValues(shape, i + 1), shape));
    const memory = new ModelMemory(device, parameters);
    const sharpness = new SharpnessAware(memory, 0.3);
    const optimizer = optimizers.sgd(memory, { lr: 0, parts: [sharpness] });
    const read = async () => [...(await device.read(memory.values.chunks[0]!))];
    const start = await read();
    await device.run(() => backward(sumOfSquares(parameters)));
    await device.run(() => sharpness.perturb());
    const moved = await read();
    const way = Math.sqrt(moved.reduce((total, x, i) => total + (x - start[i]!) ** 2, 0));
    assert.ok(Math.abs(way - 0.3) < 1e-6, `${way}`);
    assert.ok((await device.read(memory.gradients.chunks[0]!)).every((g) => g === 0));
    await device.run(() => optimizer.step());
    assert.equal(await read(), start);
    await assertThrows(() => device.run(() => optimizer.step()), 'program', /call perturb\(\) between/);
    assert.throws(() => new SharpnessAware(memory, 0), /more than 0/);
    const { liveBytes } = device.counters;
    optimizer.close();
    memory.close();
    assert.ok(device.counters.liveBytes < liveBytes);
  });
}
