/** A training step of attune, as src/finetune/README.md shows it: SGD with momentum over all parameters. */
import { backward } from '../../dist/ops/backward.js';
import { crossEntropy, lossScaleOf } from '../../dist/ops/index.js';
import { sgd } from '../../dist/optim/index.js';
import { generator } from '../../dist/tensor/philox.js';
import { tensor } from '../../dist/tensor/tensor.js';

/**
 * Training of `model`, which is on `device`; images are normalised and have `shape`, [batch, height, width,
 * channels]; labels are class indices (Int32Array); the other options are those of `sgd`.
 *
 * - `step(images, labels)` resolves with the loss once the update is done.
 * - `setRate(lr)` is the rate of the steps from then on.
 * - `plan(images, labels)` makes the plan of the gradients without running it, and resolves with what it needs.
 */
export function attuneTraining(device, model, { shape, ...options }) {
  const optimizer = sgd(model.memory, options);
  const random = generator(1);
  const gradients = (images, labels) => () => {
    const x = tensor(images, shape);
    const loss = crossEntropy(model.forward(x, { random }), tensor(labels, [labels.length]));
    backward(loss, optimizer.scaling ? lossScaleOf(optimizer.scaling) : undefined);
    return loss;
  };
  const update = () => {
    optimizer.step();
    optimizer.zeroGradients();
  };
  return {
    async step(images, labels) {
      const [loss] = await Promise.all([device.run(gradients(images, labels)), device.run(update)]);
      random.step++;
      return loss;
    },
    setRate(lr) {
      optimizer.groups[0].lr = lr;
    },
    plan: (images, labels) => device.prepare(gradients(images, labels)),
  };
}
