/**
 * Makes weights/demo/garments.safetensors: the small ResNet, trained by attune on the CPU on the seven classes of
 * Fashion-MNIST that the demo does not use. Every garment is at its one place (src/examples/demo/placing.ts), mirrored
 * in half of the cases.
 *
 *     npm run build && node bench/demo/pretrain.mjs [--images 42000] [--epochs 1] [--data FOLDER] [--out FILE]
 *                                                   [--model resnet-small]
 *
 * results/pretrain.txt is what it printed for the weights that are committed. `--model vit-small` is for bench/vit.mjs, which
 * has the two beside each other; its file is not committed.
 */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeCheckpoint } from '../../dist/finetune/index.js';
import {
  adamW,
  argmax,
  backward,
  countParameters,
  crossEntropy,
  findModel,
  generator,
  normalizeImages,
  open,
  scheduleFactor,
  sgd,
  tensor,
} from '../../dist/index.js';
import { countRight, shuffled } from '../fashion/batches.mjs';
import { FOLDER } from '../fashion/dataset.mjs';
import { uniformGenerator } from '../lib/random.mjs';
import { CLASSES, HELD_OUT, placedGarments } from './garments.mjs';

const SIDE = 32;
const CHANNELS = 3;
const TEST_BATCH = 250;
/** Steps between two lines of the log. */
const LOG_INTERVAL = 100;

const COMMON = { batch: 64, warmup: 0.1, seed: 42 };
const RECIPES = {
  'resnet-small': { ...COMMON, lr: 0.1, momentum: 0.9, weightDecay: 5e-4 },
  'vit-small': { ...COMMON, lr: 1e-3, weightDecay: 0.05 },
};
/** Mean and deviation of the placed garments' pixels. */
const preprocessing = {
  resize: SIDE,
  crop: SIDE,
  mean: [0.134, 0.134, 0.134],
  std: [0.27, 0.27, 0.27],
  interpolation: 'bilinear',
};

const { values: options } = parseArgs({
  options: {
    images: { type: 'string', default: 'Infinity' },
    epochs: { type: 'string', default: '1' },
    model: { type: 'string', default: 'resnet-small' },
    data: { type: 'string', default: FOLDER },
    out: {
      type: 'string',
      default: fileURLToPath(new URL('../../weights/demo/garments.safetensors', import.meta.url)),
    },
  },
});
const epochs = Number(options.epochs);
const recipe = RECIPES[options.model];
const names = CLASSES.filter((name) => !HELD_OUT.includes(name));
const train = await placedGarments(options.data, 'train', names, Number(options.images));
const test = await placedGarments(options.data, 't10k', names);

const device = await open('cpu');
const model = findModel(options.model).create({ classes: names.length, seed: recipe.seed });
await model.to(device);
const { lr, momentum, weightDecay } = recipe;
const optimizer =
  momentum === undefined
    ? adamW(model.memory, { lr, weightDecay })
    : sgd(model.memory, { lr, momentum, weightDecay, nesterov: true });

console.log(
  `${cpus()[0].model.trim()}, ${cpus().length} cores, Node ${process.version}; ${device.info.adapter}`,
);
console.log(`${countParameters(model).total} parameters; classes ${names.join(', ')}`);
console.log(`${train.length} training images, ${test.length} test images, ${epochs} epochs`);
console.log(JSON.stringify({ ...recipe, preprocessing }));

await pretrain();
console.log(`test accuracy ${(await testAccuracy()).toFixed(4)}`);
await writeCheckpoint(
  options.out,
  model,
  { model: model.architecture, task: { kind: 'classification', classes: names }, preprocessing },
  recipe,
);
await device.close();

/** One cosine over all steps. */
async function pretrain() {
  const random = uniformGenerator(recipe.seed);
  const training = { random: generator(recipe.seed) };
  const stepsPerEpoch = Math.floor(train.length / recipe.batch);
  const totalSteps = epochs * stepsPerEpoch;
  const length = { stepsPerEpoch, totalSteps, warmupSteps: Math.floor(recipe.warmup * totalSteps) };
  const started = performance.now();
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const order = shuffled(train.length, random);
    let [loss, right, seen] = [0, 0, 0];
    for (let i = 0; i < stepsPerEpoch; i++) {
      const garments = Array.from(
        order.subarray(i * recipe.batch, (i + 1) * recipe.batch),
        (at) => train[at],
      );
      const batch = batchOf(garments, () => random() < 0.5);
      optimizer.groups[0].lr = lr * scheduleFactor({ kind: 'cosine' }, training.random.step++, length);
      const result = await trainStep(batch, training);
      loss += result.loss * garments.length;
      right += countRight(result.predicted, batch.labels);
      seen += garments.length;
      if ((i + 1) % LOG_INTERVAL !== 0 && i + 1 !== stepsPerEpoch) continue;
      const seconds = Math.round((performance.now() - started) / 1000);
      const means = `loss ${(loss / seen).toFixed(4)}, accuracy ${(right / seen).toFixed(4)}`;
      console.log(
        `epoch ${epoch}, step ${i + 1} of ${stepsPerEpoch}: ${means} since the last line; ${seconds} s`,
      );
      [loss, right, seen] = [0, 0, 0];
    }
  }
}

async function trainStep({ size, pixels, labels }, training) {
  const result = await device.run(() => {
    const logits = model.forward(inputOf(pixels, size), training);
    const loss = crossEntropy(logits, tensor(labels, [size]));
    backward(loss);
    return { loss, predicted: argmax(logits) };
  });
  await device.run(() => {
    optimizer.step();
    optimizer.zeroGradients();
  });
  return result;
}

async function testAccuracy() {
  let right = 0;
  for (let begin = 0; begin < test.length; begin += TEST_BATCH) {
    const { size, pixels, labels } = batchOf(test.slice(begin, begin + TEST_BATCH), () => false);
    const predicted = await device.run(() => argmax(model.forward(inputOf(pixels, size))));
    right += countRight(predicted, labels);
  }
  return right / test.length;
}

function inputOf(pixels, size) {
  const images = tensor(pixels, [size, SIDE, SIDE, CHANNELS], 'uint8');
  return normalizeImages(images, preprocessing.mean, preprocessing.std);
}

/** Grey garments as colour images, mirrored where `isMirrored` says so, with their labels. */
function batchOf(garments, isMirrored) {
  const pixels = new Uint8Array(garments.length * SIDE * SIDE * CHANNELS);
  garments.forEach((garment, image) => {
    const mirrored = isMirrored();
    for (let at = 0; at < SIDE * SIDE; at++) {
      const column = at % SIDE;
      const from = mirrored ? at - column + (SIDE - 1 - column) : at;
      const to = (image * SIDE * SIDE + at) * CHANNELS;
      pixels.fill(garment.pixels[from], to, to + CHANNELS);
    }
  });
  const labels = Int32Array.from(garments, ({ name }) => names.indexOf(name));
  return { size: garments.length, pixels, labels };
}
