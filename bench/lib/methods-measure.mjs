/** What runs of bench/methods.mjs are measured by beside their accuracy. */
import { IMAGES, WEIGHTS } from '../../dist/examples/demo/files.js';
import { loadModel } from '../../dist/runs/model-source.js';
import { resolveRecipe } from '../../dist/recipe/recipe.js';
import { setTrainable, stagesOf } from '../../dist/training/step/stages.js';
import {
  backward,
  crossEntropy,
  decodeImage,
  generator,
  gradients,
  imageFolder,
  normalizeImages,
  open,
  openTensorFile,
  resnetSmall,
  tensor,
} from '../../dist/index.js';
import { record } from '../../dist/program/recording.js';

const SIDE = 32;
/** How far sharpness is looked for from the weights: the radius of the SAM paper. */
const RADIUS = 0.05;

/** The length of the way from the pretrained weights to those of a checkpoint, over the parameters that `isPart` names. */
export async function distanceFromStart(path, isPart) {
  const [before, after] = [await readTensors(WEIGHTS), await readTensors(path)];
  let sum = 0;
  for (const [name, values] of before) {
    if (!/\.(weight|bias)$/.test(name) || !isPart(name)) continue;
    const others = after.get(name);
    values.forEach((value, i) => {
      sum += (others[i] - value) ** 2;
    });
  }
  return Math.sqrt(sum);
}

/** Every layer below the head. */
export const isTrunk = (name) => !name.startsWith('fc.');
export const isStem = (name) => name.startsWith('conv1.');

async function readTensors(path) {
  const file = await openTensorFile(path);
  const tensors = new Map();
  for (const entry of file.tensors) tensors.set(entry.name, await entry.read());
  await file.close();
  return tensors;
}

/**
 * The sharpness of a run: how much the loss of its training images grows, with the statistics as they are, where the
 * weights are moved by RADIUS along the gradient, which is the worst way to first order (Foret et al., 2021).
 */
export async function sharpness(run) {
  const { model, preprocessing, task } = await loadModel({ run }, {});
  const folder = await imageFolder(IMAGES);
  const images = await Promise.all(folder.train.map(({ path }) => decodeImage(path)));
  const bytes = Uint8Array.from(images.flatMap(({ pixels }) => [...pixels]));
  const labels = Int32Array.from(folder.train, ({ label }) => task.names.indexOf(folder.classes[label]));
  const device = await open('cpu', { threads: 1 });
  try {
    await model.to(device);
    const parameters = model.parameters();
    const lossOf = () => {
      const x = tensor(bytes, [images.length, SIDE, SIDE, 3], 'uint8');
      const { mean, std } = preprocessing;
      return crossEntropy(model.forward(normalizeImages(x, mean, std)), tensor(labels, [labels.length]));
    };
    const [loss, ...found] = await device.run(() => {
      const value = lossOf();
      return [value, ...gradients(value, parameters)];
    });
    const norm = Math.sqrt(found.reduce((sum, values) => sum + values.reduce((s, v) => s + v * v, 0), 0));
    const before = await model.readValues();
    for (const [i, parameter] of parameters.entries()) {
      const moved = before.get(parameter).map((value, j) => value + (RADIUS * found[i][j]) / norm);
      device.write(parameter.state, moved);
    }
    return (await device.run(lossOf)) - loss;
  } finally {
    model.close();
    await device.close();
  }
}

/** How many weight gradients of convolutions a step of gradual unfreezing computes, stage by stage. */
export async function gradientLaunches(options) {
  const device = await open('cpu', { threads: 1 });
  const model = resnetSmall({ classes: 3 });
  try {
    await model.to(device);
    const facts = { images: 30, smallestClass: 10, model: 'resnet-small', weights: WEIGHTS, side: SIDE };
    const given = { data: IMAGES, strategy: options.strategy, unfreeze_epochs: options.unfreezeEpochs };
    const counts = [];
    for (const stage of stagesOf(model, resolveRecipe(given, facts))) {
      await setTrainable(model, stage, 'train');
      const { recording } = record(() => {
        const x = tensor(new Float32Array(2 * SIDE * SIDE * 3), [2, SIDE, SIDE, 3]);
        backward(crossEntropy(model.forward(x, { random: generator(1) }), tensor(new Int32Array(2), [2])));
      });
      const computed = recording.launches.filter(
        ({ kernel }) => kernel.name === 'conv2dWeightGradient',
      ).length;
      const names = [...model.namedParameters()].filter(([, { shape }]) => shape.length === 4);
      counts.push({
        computed,
        trained: names.filter(([, { trainable }]) => trainable).length,
        all: names.length,
      });
    }
    return {
      shown: counts.every(({ computed, trained }) => computed === trained),
      measured: `${counts.map(({ computed }) => computed).join(', ')} of ${counts[0].all} weight gradients, stage by stage`,
    };
  } finally {
    model.close();
    await device.close();
  }
}
