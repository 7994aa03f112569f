/** attune's half of the training comparison: the same network, images and steps as in training_reference.py. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findModel, loadWeights } from '../../dist/models/index.js';
import { Dropout, stateDict } from '../../dist/nn/index.js';
import { permuteValues } from '../../dist/nn/permute.js';
import { backward, crossEntropy } from '../../dist/ops/index.js';
import { adam, sgd } from '../../dist/optim/index.js';
import { generator } from '../../dist/tensor/philox.js';
import { tensor } from '../../dist/tensor/tensor.js';

/**
 * Trains the case whose files are in `folder` on `device`. Returns the loss of every step, and by PyTorch's names
 * and in its layout the gradients of the first step and the running statistics after the last.
 */
export async function trainCase(device, definition, folder) {
  const { steps, batches, batch, side, channels } = definition;
  const model = await loadModel(device, definition, join(folder, 'initial.pth'));
  const optimizer = makeOptimizer(model.memory, definition);
  const images = new Float32Array(readBytes(folder, 'images.f32'));
  const labels = new Int32Array(readBytes(folder, 'labels.i32'));
  const imageLength = batch * side * side * channels;
  const training = { random: generator(0) };

  const losses = [];
  let gradients;
  for (let step = 0; step < steps; step++) {
    const at = step % batches;
    const pixels = images.subarray(at * imageLength, (at + 1) * imageLength);
    const classes = labels.subarray(at * batch, (at + 1) * batch);
    const loss = await device.run(() => {
      const logits = model.forward(tensor(pixels, [batch, side, side, channels]), training);
      const mean = crossEntropy(logits, tensor(classes, [batch]));
      backward(mean);
      return mean;
    });
    losses.push(loss);
    gradients ??= await readGradients(device, model);
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
  }
  const statistics = await runningStatistics(model);
  optimizer.close();
  model.close();
  return { losses, gradients, statistics };
}

async function loadModel(device, { model: name, classes }, path) {
  const model = findModel(name).create({ classes });
  await loadWeights(model, path);
  // Each library has random numbers of its own.
  for (const module of model.modules()) if (module instanceof Dropout) module.probability = 0;
  await model.to(device);
  return model;
}

function makeOptimizer(memory, { optimizer, lr, weightDecay }) {
  return optimizer === 'sgd'
    ? sgd(memory, { lr, weightDecay, momentum: 0.9 })
    : adam(memory, { lr, weightDecay });
}

async function readGradients(device, model) {
  const gradients = new Map();
  for (const { name, array, owner, field } of model.namedArrays()) {
    if (!array.gradient) continue;
    const values = await device.read(array.gradient);
    const axes = owner.torchAxes(field);
    gradients.set(name, axes === null ? values : permuteValues(values, array.shape, axes));
  }
  return gradients;
}

async function runningStatistics(model) {
  const entries = Array.from(await stateDict(model), ([name, { data }]) => [name, data]);
  return new Map(entries.filter(([name]) => name.includes('running')));
}

/** The bytes of a file as memory of their own, aligned for any type. */
function readBytes(folder, name) {
  const { buffer, byteOffset, byteLength } = readFileSync(join(folder, name));
  return buffer.slice(byteOffset, byteOffset + byteLength);
}
