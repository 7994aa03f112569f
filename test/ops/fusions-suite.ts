/** Fusion on against fusion off, on any device, over four runs of each program: results and launches. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ModelMemory } from '#src/nn/memory';
import { assign } from '#src/ops/update/accumulate';
import { add } from '#src/ops/pointwise/add';
import { backward, gradients } from '#src/ops/backward';
import { batchNorm } from '#src/ops/norm/batch-norm';
import { batchMoments, batchNormTraining } from '#src/ops/norm/batch-norm-training';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { matmul } from '#src/ops/product/matmul';
import { multiply } from '#src/ops/pointwise/multiply';
import { relu } from '#src/ops/pointwise/relu';
import { relu6 } from '#src/ops/pointwise/relu6';
import { reshape } from '#src/ops/shape/reshape';
import { stochasticDepth } from '#src/ops/pointwise/stochastic-depth';
import { sum } from '#src/ops/reduce/sum';
import { Device } from '#src/program/device';
import type { State } from '#src/program/state';
import { Parameter } from '#src/tensor/parameter';
import { generator } from '#src/tensor/philox';
import { sizeOf } from '#src/tensor/shape';
import { type Tensor, tensor } from '#src/tensor/tensor';
import { assertClose, float32Tolerance, Random } from './support.js';

interface Program {
  readonly name: string;
  /** Launches without and with fusion. */
  readonly launches: readonly [plain: number, fused: number];
  /** `data` makes a new tensor of random numbers in each run. */
  body(data: (...shape: number[]) => Tensor, state: State): unknown;
}

const normalised = (x: Tensor, data: (...shape: number[]) => Tensor) => {
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map(() => data(x.shape.at(-1) as number));
  return batchNorm(x, { gamma, beta, mean, variance: multiply(variance, variance) });
};
const image = (data: (...shape: number[]) => Tensor) =>
  conv2d(data(2, 4, 4, 3), data(3, 3, 3, 8), { padding: 1 });

const programs: readonly Program[] = [
  {
    name: 'linear layer with ReLU',
    launches: [3, 1],
    body: (data) => relu(add(matmul(data(5, 6), data(6, 8)), data(8))),
  },
  { name: 'bias first', launches: [2, 1], body: (data) => add(data(8), matmul(data(5, 6), data(6, 8))) },
  {
    name: 'batch of products with a bias',
    launches: [2, 1],
    body: (data) => add(matmul(data(2, 5, 6), data(6, 8)), data(8)),
  },
  {
    name: 'convolution, batch norm, ReLU',
    launches: [5, 3],
    body: (data) => relu(normalised(image(data), data)),
  },
  {
    name: 'convolution, batch norm, residual, ReLU',
    launches: [6, 3],
    body: (data) => relu(add(normalised(image(data), data), data(2, 4, 4, 8))),
  },
  {
    name: 'the residual first, ReLU up to 6',
    launches: [6, 3],
    body: (data) => relu6(add(data(2, 4, 4, 8), normalised(image(data), data))),
  },
  { name: 'sum of two convolutions', launches: [3, 2], body: (data) => add(image(data), image(data)) },
  {
    name: 'two biases',
    launches: [3, 2],
    body: (data) => add(add(matmul(data(5, 6), data(6, 8)), data(8)), data(8)),
  },
  {
    name: 'ReLU before the bias',
    launches: [3, 2],
    body: (data) => add(relu(matmul(data(5, 6), data(6, 8))), data(8)),
  },
  // What looks like a bias or a batch norm of the product and is none.
  {
    name: 'one row for all',
    launches: [2, 2],
    body: (data) => add(matmul(data(1, 6), data(6, 8)), data(5, 8)),
  },
  {
    name: 'a product read as a column',
    launches: [2, 2],
    body: (data) => add(reshape(matmul(data(2, 3), data(3, 6)), [12, 1]), data(6)),
  },
  {
    name: 'a product with other channels',
    launches: [4, 4],
    body: (data) => normalised(reshape(matmul(data(2, 3), data(3, 6)), [4, 3]), data),
  },
  {
    name: 'an outer sum',
    launches: [2, 2],
    body: (data) => add(reshape(matmul(data(2, 3), data(3, 6)), [12, 1]), data(1, 12)),
  },
  {
    name: 'a product with itself',
    launches: [2, 2],
    body: (data) => {
      const y = matmul(data(4, 3), data(3, 4));
      return add(y, y);
    },
  },
  {
    name: 'a product that is returned too',
    launches: [2, 2],
    body: (data) => {
      const y = matmul(data(4, 3), data(3, 4));
      return [y, relu(y)];
    },
  },
  {
    name: 'a state that changes in between',
    launches: [4, 4],
    body(data, state) {
      const y = matmul(data(4, 3), reshape(state, [3, 4]));
      assign(state, add(state, data(12)));
      return relu(y);
    },
  },
  {
    name: 'a state that changes afterwards',
    launches: [4, 3],
    body(data, state) {
      const y = relu(matmul(data(4, 3), reshape(state, [3, 4])));
      assign(state, add(state, data(12)));
      return y;
    },
  },
  {
    name: 'a batch norm in training with residual and ReLU, backwards',
    launches: [13, 10],
    body(data) {
      const [x, gamma, beta] = [data(2, 4, 4, 8), data(8), data(8)];
      const y = relu(add(batchNormTraining(x, { gamma, beta }, batchMoments(x)), data(2, 4, 4, 8)));
      return [y, ...gradients(sum(multiply(y, data(2, 4, 4, 8))), [x, gamma, beta])];
    },
  },
  {
    // What is dropped keeps the residual and the ReLU out of the batch norm; the mask of the ReLU, too.
    name: 'the same with stochastic depth',
    launches: [17, 17],
    body(data) {
      const [x, gamma, beta] = [data(3, 4, 4, 8), data(8), data(8)];
      const branch = batchNormTraining(x, { gamma, beta }, batchMoments(x));
      const y = relu(add(stochasticDepth(branch, 0.4, generator(6)), data(3, 4, 4, 8)));
      return [y, ...gradients(sum(multiply(y, data(3, 4, 4, 8))), [x, gamma, beta])];
    },
  },
];

/** Registers the tests; `open` gives a device whose backend both kinds share, and the rules are the engine's. */
export function testFusions(on: string, open: () => Promise<Device>): void {
  for (const { name, launches, body } of programs) {
    test(`fusion changes nothing but launches on ${on}: ${name}`, async () => {
      const fused = await open();
      const plain = new Device(fused.backend, []);
      const states = [fused, plain].map((device) =>
        device.createState([12], 'float32', new Float32Array(12).fill(0.5)),
      );
      for (let run = 0; run < 4; run++) {
        const [found, expected] = await Promise.all(
          [fused, plain].map((device, i) => {
            const random = new Random(50 + run);
            const data = (...shape: number[]) =>
              tensor(Float32Array.from(random.values(sizeOf(shape))), shape);
            return device.run(() => [body(data, states[i])].flat());
          }),
        );
        (expected as Float32Array[]).forEach((values, i) => {
          assertClose(
            (found as Float32Array[])[i],
            values,
            float32Tolerance(values, 64),
            `run ${run}, result ${i}`,
          );
        });
      }
      assert.equal([plain.lastProgram.launches, fused.lastProgram.launches], launches);
      assertClose(
        await fused.read(states[0]),
        await plain.read(states[1]),
        { absolute: 1e-6, relative: 1e-6 },
        'state',
      );
      for (const [i, state] of states.entries()) [fused, plain][i].releaseState(state);
    });
  }

  test(`fused and plain training agree past the third step on ${on}`, async () => {
    const fused = await open();
    const plain = new Device(fused.backend, []);
    const random = new Random(77);
    const [weights, x] = [random.values(48), random.values(30)];
    const results: ArrayLike<number>[] = [];
    for (const device of [fused, plain]) {
      const [weight, bias] = [new Parameter(weights, [6, 8]), new Parameter(new Float64Array(8), [8])];
      const memory = new ModelMemory(device, [weight, bias]);
      for (let step = 0; step < 5; step++) {
        await device.run(() => backward(sum(relu(add(matmul(tensor(x, [5, 6]), weight), bias)))));
      }
      results.push(await device.read(memory.gradients.chunks[0]));
      memory.close();
    }
    assertClose(results[0] as Float32Array, results[1], { absolute: 1e-5, relative: 1e-5 }, 'gradients');
  });
}
