/**
 * A small ResNet trained on Fashion-MNIST with attune's public pieces: what a training loop looks like when one
 * writes it oneself. A step is one program for the gradients and one for the update.
 */
import {
  argmax,
  backward,
  crossEntropy,
  generator,
  open,
  resnetSmall,
  sgd,
  tensor,
} from '../../dist/index.js';
import { uniformGenerator } from '../lib/random.mjs';
import { countRight, networkOptions, shuffled, testBatch, trainingBatch } from './batches.mjs';
import { SIDE } from './dataset.mjs';

/** Images per program when testing; their number does not change the result. */
const TEST_BATCH = 250;

/**
 * Trains by `recipe` on the CPU and tests once, at the end. Calls `onEpoch` with each epoch's mean loss, accuracy
 * in training, and speed. Returns the test accuracy, and of the training steps alone seconds, processor time of all
 * threads, and images.
 */
export async function trainWithAttune(recipe, train, test, onEpoch) {
  const device = await open('cpu', recipe.threads === undefined ? {} : { threads: recipe.threads });
  try {
    const model = resnetSmall(networkOptions(recipe));
    await model.to(device);
    const { lr, momentum, weightDecay } = recipe;
    const optimizer = sgd(model.memory, { lr, momentum, weightDecay, nesterov: true });
    const random = uniformGenerator(recipe.seed);
    const training = { random: generator(recipe.seed) };
    const stepsPerEpoch = Math.floor(train.count / recipe.batch);
    let [seconds, processorSeconds, step] = [0, 0, 0];
    for (let epoch = 1; epoch <= recipe.epochs; epoch++) {
      const started = performance.now();
      const usage = process.cpuUsage();
      const order = shuffled(train.count, random);
      let [loss, right] = [0, 0];
      for (let i = 0; i < stepsPerEpoch; i++) {
        const indices = order.subarray(i * recipe.batch, (i + 1) * recipe.batch);
        const batch = trainingBatch(train, indices, recipe, random);
        optimizer.groups[0].lr = lr * rateFactor(step++, recipe, stepsPerEpoch);
        const result = await trainStep(device, model, optimizer, batch, recipe, training);
        loss += result.loss / stepsPerEpoch;
        right += countRight(result.predicted, batch.labels);
      }
      const images = stepsPerEpoch * recipe.batch;
      const elapsed = (performance.now() - started) / 1000;
      const { user, system } = process.cpuUsage(usage);
      seconds += elapsed;
      processorSeconds += (user + system) / 1e6;
      onEpoch({ epoch, loss, accuracy: right / images, seconds: elapsed, imagesPerSecond: images / elapsed });
    }
    const accuracy = await testAccuracy(device, model, test, recipe);
    const { adapter, features } = device.info;
    const images = step * recipe.batch;
    return { accuracy, seconds, processorSeconds, images, device: [adapter, ...features].join(', ') };
  } finally {
    await device.close();
  }
}

async function trainStep(device, model, optimizer, { size, pixels, labels }, { labelSmoothing }, training) {
  const result = await device.run(() => {
    const logits = model.forward(tensor(pixels, [size, SIDE, SIDE, 1]), training);
    const loss = crossEntropy(logits, tensor(labels, [size]), { labelSmoothing });
    backward(loss);
    return { loss, predicted: argmax(logits) };
  });
  await device.run(() => {
    optimizer.step();
    optimizer.zeroGradients();
  });
  return result;
}

/** Warm-up from nothing in a straight line, then down to nothing along half a cosine. `step` counts from 0. */
function rateFactor(step, { warmup, epochs }, stepsPerEpoch) {
  const steps = epochs * stepsPerEpoch;
  const warmupSteps = Math.round(warmup * steps);
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  return 0.5 * (1 + Math.cos((Math.PI * (step - warmupSteps)) / (steps - warmupSteps)));
}

async function testAccuracy(device, model, test, recipe) {
  let right = 0;
  for (let begin = 0; begin < test.count; begin += TEST_BATCH) {
    const end = Math.min(test.count, begin + TEST_BATCH);
    const { size, pixels, labels } = testBatch(test, begin, end, recipe);
    const predicted = await device.run(() => argmax(model.forward(tensor(pixels, [size, SIDE, SIDE, 1]))));
    right += countRight(predicted, labels);
  }
  return right / test.count;
}
