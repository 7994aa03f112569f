/** A two-layer head on random data: what the tests train, count and measure. */
import { ModelMemory } from '#src/nn/memory';
import { add } from '#src/ops/pointwise/add';
import { backward } from '#src/ops/backward';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { dropout } from '#src/ops/pointwise/dropout';
import { matmul } from '#src/ops/product/matmul';
import { relu } from '#src/ops/pointwise/relu';
import type { Optimizer } from '#src/optim/optimizer';
import type { Device } from '#src/program/device';
import { Parameter } from '#src/tensor/parameter';
import { generator } from '#src/tensor/philox';
import { type Scalar, tensor } from '#src/tensor/tensor';
import { optimizers } from '../optim/support.js';
import { Random } from '../ops/support.js';

export interface HeadSizes {
  readonly batch: number;
  readonly features: number;
  readonly hidden: number;
  readonly classes: number;
}

/** linear, ReLU, dropout, linear, cross-entropy with label smoothing, on a device. Close it. */
export class Head {
  readonly memory: ModelMemory;
  readonly optimizer: Optimizer;
  private readonly device: Device;
  private readonly sizes: HeadSizes;
  private readonly random = generator(42);
  private readonly images: Float32Array;
  private readonly labels: Int32Array;

  constructor(device: Device, kind: 'sgd' | 'adam', sizes: HeadSizes) {
    const { batch, features, hidden, classes } = sizes;
    const random = new Random(5);
    const parameter = (shape: number[], bound: number) => {
      const values = random.values(
        shape.reduce((a, b) => a * b),
        -bound,
        bound,
      );
      return new Parameter(Float32Array.from(values), shape);
    };
    const parameters = [
      parameter([features, hidden], 1 / Math.sqrt(features)),
      parameter([hidden], 0.1),
      parameter([hidden, classes], 1 / Math.sqrt(hidden)),
      parameter([classes], 0.1),
    ];
    this.device = device;
    this.sizes = sizes;
    this.memory = new ModelMemory(device, parameters);
    const options =
      kind === 'sgd' ? { lr: 0.2, momentum: 0.9, weightDecay: 1e-3 } : { lr: 0.01, weightDecay: 1e-3 };
    this.optimizer = optimizers[kind](this.memory, options);
    this.images = Float32Array.from(random.values(batch * features));
    // A class is where the features are largest, so that there is something to learn.
    this.labels = Int32Array.from({ length: batch }, (_, i) => {
      const row = this.images.subarray(i * features, i * features + classes);
      return row.indexOf(Math.max(...row));
    });
  }

  /** One step on all the data; the loss before it. */
  async step(): Promise<number> {
    const { memory, optimizer, sizes, random, device } = this;
    const loss = await device.run(() => {
      const [w1, b1, w2, b2] = memory.parameters;
      optimizer.zeroGradients();
      const x = tensor(this.images, [sizes.batch, sizes.features]);
      const hidden = dropout(relu(add(matmul(x, w1), b1)), 0.2, random);
      const logits = add(matmul(hidden, w2), b2);
      const result: Scalar = crossEntropy(logits, tensor(this.labels, [sizes.batch]), {
        labelSmoothing: 0.1,
      });
      backward(result);
      return result;
    });
    await device.run(() => optimizer.step());
    random.step++;
    return loss;
  }

  close(): void {
    this.optimizer.close();
    this.memory.close();
  }
}
