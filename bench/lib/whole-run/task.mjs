/**
 * What every engine of whole-run.mjs is given, as files in a folder: images, initial weights, and for each step the
 * images that make up its batch and its learning rate. So nothing is random in an engine.
 *
 * - task.json: what `writeTask` returns
 * - train.f32, test.f32: normalised images [count, side, side, 1]; train.u8, test.u8: their labels
 * - order.u32: for each step the numbers of its images, [steps, batch]
 * - weights.f32: the tensors that task.json names, one after another, in PyTorch's layout
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { resnetSmall, stateDict } from '../../../dist/index.js';
import { shuffled } from '../../fashion/batches.mjs';
import { CLASSES, readFashion, SIDE } from '../../fashion/dataset.mjs';
import { uniformGenerator } from '../random.mjs';
import { stripes } from './images.mjs';

/** SGD with Nesterov's momentum: that of bench/fashion, but for the number of steps, and without augmentation. */
const RECIPE = {
  side: SIDE,
  channels: 1,
  classes: CLASSES,
  widths: [16, 32, 64],
  depth: 1,
  batch: 64,
  lr: 0.1,
  momentum: 0.9,
  weightDecay: 5e-4,
  warmup: 0.1,
  seed: 42,
};

/** The images that are made here, and those of a folder with Fashion-MNIST's files; with what is asked of them. */
const STRIPES = { name: 'stripes in noise', steps: 240, target: 0.95, mean: 0.5, deviation: 0.2 };
const FASHION = { name: 'Fashion-MNIST', steps: 480, target: 0.85, mean: 0.286, deviation: 0.353 };
const TRAINING_IMAGES = 4096;
const TEST_IMAGES = 1000;

/**
 * Writes the files of a task into `folder`, and returns what is in task.json.
 *
 * @param data a folder with Fashion-MNIST's files; undefined: images are made
 * @param steps instead of as many as the task takes
 */
export async function writeTask(folder, { data, steps: wanted } = {}) {
  const { train, test, ...source } = data === undefined ? madeImages() : await fashionImages(data);
  const steps = wanted ?? source.steps;
  const tensors = await writeWeights(folder);
  const task = {
    ...RECIPE,
    ...source,
    steps,
    tensors,
    trainingImages: train.count,
    testImages: test.count,
    rates: Array.from({ length: steps }, (_, step) => RECIPE.lr * rateFactor(step, steps)),
  };
  await Promise.all([
    writeImages(folder, 'train', train, source),
    writeImages(folder, 'test', test, source),
    writeValues(folder, 'order.u32', batchOrder(train.count, steps)),
    writeFile(join(folder, 'task.json'), JSON.stringify(task)),
  ]);
  return task;
}

/** A task as JavaScript's engines read it: task.json with `train`, `test`, `order`, and `weights`: name -> { shape, data }. */
export async function readTask(folder) {
  const bytes = async (name) => {
    const { buffer, byteOffset, byteLength } = await readFile(join(folder, name));
    return buffer.slice(byteOffset, byteOffset + byteLength); // aligned for any type
  };
  const task = JSON.parse(await readFile(join(folder, 'task.json'), 'utf8'));
  const part = async (name) => ({
    images: new Float32Array(await bytes(`${name}.f32`)),
    labels: Int32Array.from(new Uint8Array(await bytes(`${name}.u8`))),
  });
  const values = new Float32Array(await bytes('weights.f32'));
  const weights = new Map();
  let at = 0;
  for (const [name, shape] of task.tensors) {
    const end = at + shape.reduce((product, size) => product * size, 1);
    weights.set(name, { shape, data: values.slice(at, end) });
    at = end;
  }
  const order = new Uint32Array(await bytes('order.u32'));
  return { ...task, train: await part('train'), test: await part('test'), order, weights };
}

/** The batch of a step, counted from 0: { images, labels }, copied from a task's training images. */
export function batchOf({ batch, side, channels, train, order }, step) {
  const length = side * side * channels;
  const images = new Float32Array(batch * length);
  const labels = new Int32Array(batch);
  for (let i = 0; i < batch; i++) {
    const index = order[step * batch + i];
    images.set(train.images.subarray(index * length, (index + 1) * length), i * length);
    labels[i] = train.labels[index];
  }
  return { images, labels };
}

function madeImages() {
  const train = stripes(TRAINING_IMAGES, RECIPE.side, 1);
  return { ...STRIPES, train, test: stripes(TEST_IMAGES, RECIPE.side, 2) };
}

async function fashionImages(folder) {
  const [train, test] = [await readFashion(folder, 'train'), await readFashion(folder, 't10k')];
  const length = TEST_IMAGES * RECIPE.side ** 2;
  const first = { images: test.images.subarray(0, length), labels: test.labels.subarray(0, TEST_IMAGES) };
  return { ...FASHION, train, test: { count: TEST_IMAGES, ...first } };
}

async function writeImages(folder, name, { images, labels }, { mean, deviation }) {
  const normalised = Float32Array.from(images, (pixel) => (pixel / 255 - mean) / deviation);
  await writeValues(folder, `${name}.f32`, normalised);
  await writeValues(folder, `${name}.u8`, labels);
}

/** The values that attune gives a new network (He et al., 2015), and the names and shapes of their tensors. */
async function writeWeights(folder) {
  const { channels, classes, widths, depth, seed } = RECIPE;
  const entries = [...(await stateDict(resnetSmall({ channels, classes, widths, depth, seed }))).values()];
  await writeFile(
    join(folder, 'weights.f32'),
    entries.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );
  return entries.map(({ name, shape }) => [name, shape]);
}

function writeValues(folder, name, { buffer, byteOffset, byteLength }) {
  return writeFile(join(folder, name), new Uint8Array(buffer, byteOffset, byteLength));
}

/** Every image once, in another order, before any is met again; what does not fill a batch is left out. */
function batchOrder(count, steps) {
  const random = uniformGenerator(RECIPE.seed);
  const order = new Uint32Array(steps * RECIPE.batch);
  const perEpoch = Math.floor(count / RECIPE.batch) * RECIPE.batch;
  for (let begin = 0; begin < order.length; begin += perEpoch) {
    order.set(shuffled(count, random).subarray(0, Math.min(perEpoch, order.length - begin)), begin);
  }
  return order;
}

/** Up in a straight line, then down to nothing along half a cosine. */
function rateFactor(step, steps) {
  const warmupSteps = Math.round(RECIPE.warmup * steps);
  if (step < warmupSteps) return (step + 1) / (warmupSteps + 1);
  return 0.5 * (1 + Math.cos((Math.PI * (step - warmupSteps)) / (steps - warmupSteps)));
}
