/**
 * Shows that attune's graphs of Keras's networks are Keras's: README.md says what is compared.
 *
 *     npm run build && npm ci --prefix bench && node bench/parity/keras.mjs [--models mobilenet_v2,resnet50]
 *         [--sizes 224x224,97x130] [--devices webgpu,cpu,float64] [--adapter NAME]
 *
 * Exit code 0 when everything agrees, 1 when anything does not or cannot be compared.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { failInOneLine, requireInstalled } from '../lib/program.mjs';
import { uniformGenerator, uniforms } from '../lib/random.mjs';
import { relativeDifference } from './compare.mjs';
import { kerasMobilenetV2, kerasResnet50, setVariables } from './keras-models.mjs';

failInOneLine('parity/keras');
requireInstalled({ peers: true });
// What may not be there is imported behind that.
const tf = await import('@tensorflow/tfjs');
const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
const { findModel, layerNames, modelTensors } = await import('../../dist/models/index.js');
const { loadStateDict } = await import('../../dist/nn/index.js');
const { softmax } = await import('../../dist/ops/index.js');
const { tensor } = await import('../../dist/tensor/tensor.js');
const { openNamed } = await import('./attune-logits.mjs');

const BATCH = 2;
const CLASSES = 1000;
/** As a share of the largest value; tfjs computes in float32. */
const LIMIT = 1e-3;

/** Keras's ResNet50 takes blue, green, red; attune's takes every image in the usual order. */
const NETWORKS = {
  mobilenet_v2: { make: kerasMobilenetV2, layers: [154, 156], parameters: [2257984, 3538984], bgr: false },
  resnet50: { make: kerasResnet50, layers: [175, 177], parameters: [23587712, 25636712], bgr: true },
};

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: 'mobilenet_v2,resnet50' },
    sizes: { type: 'string', default: '224x224,97x130' },
    devices: { type: 'string', default: 'webgpu,cpu,float64' },
    adapter: { type: 'string' },
  },
});
let misses = 0;

try {
  setWasmPaths(
    fileURLToPath(new URL('../node_modules/@tensorflow/tfjs-backend-wasm/dist/', import.meta.url)),
  );
  await tf.setBackend('wasm');
  console.log(`tfjs ${tf.version.tfjs}, layers on its backend ${tf.getBackend()}`);
  for (const name of options.models.split(',')) await compareModel(name, known(name));
  console.log(misses === 0 ? "\nattune's graphs are Keras's." : `\n${misses} comparisons missed.`);
} catch (error) {
  console.error(`parity: ${error.message}`);
  misses++;
}
process.exitCode = misses === 0 ? 0 : 1;

function known(name) {
  if (Object.hasOwn(NETWORKS, name)) return NETWORKS[name];
  throw new Error(`no network is named ${name}; there are ${Object.keys(NETWORKS).join(', ')}`);
}

async function compareModel(name, network) {
  const entry = findModel(`${name}-keras`);
  console.log(`\n${entry.name}`);
  compareTopology(network, layerNames(entry.create()));
  for (const size of options.sizes.split(',')) {
    const [height, width] = size.split('x').map(Number);
    const reference = await makeReference(network, height, width);
    for (const device of options.devices.split(',')) await compareOnDevice(device, entry, reference);
  }
}

/** Layers by name and in order, and the count of all numbers, without a top and with one. */
function compareTopology({ make, layers, parameters }, names) {
  for (const [i, classes] of [null, CLASSES].entries()) {
    const model = make(tf, { height: 224, width: 224, classes });
    const found = model.layers.map((layer) => layer.name);
    const agrees =
      found.length === layers[i] &&
      found.every((layer, index) => layer === names[index]) &&
      model.countParams() === parameters[i];
    const top = classes === null ? 'without a top' : 'with a top';
    note(agrees, `topology ${top}`, `${found.length} layers, ${model.countParams()} numbers`);
    model.dispose();
  }
}

/** Random weights and statistics, images between -1 and 1, and what tfjs makes of them. */
async function makeReference({ make, bgr }, height, width) {
  const next = uniformGenerator(7);
  const model = make(tf, { height, width, classes: CLASSES });
  const variables = setVariables(tf, model, (name, shape) => randomValues(next, name, shape));
  const images = uniforms(next, BATCH * height * width * 3, -1, 1);
  const trunk = model.layers.at(-3).output;
  const both = tf.model({ inputs: model.inputs, outputs: [trunk, ...model.outputs] });
  const pixels = bgr ? images.map((_, i) => images[turned(i)]) : images;
  const results = tf.tidy(() => both.predict(tf.tensor4d(pixels, [BATCH, height, width, 3])));
  const [features, probabilities] = await Promise.all(results.map((result) => result.data()));
  tf.dispose(results);
  model.dispose();
  return { height, width, variables, images, features, probabilities };
}

/** The place of the channel that stands at the other end of its pixel. */
function turned(i) {
  return i - (i % 3) + 2 - (i % 3);
}

/** Of a size that keeps activations in bounds: variance 1 / inputs, scales around 1, positive variances. */
function randomValues(next, name, shape) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (name.endsWith('moving_variance') || name.endsWith('gamma')) return uniforms(next, count, 0.5, 1.5);
  if (shape.length === 1) return uniforms(next, count, -0.5, 0.5);
  const inputs = name.includes('depthwise') ? 9 : count / shape.at(-1);
  const bound = Math.sqrt(3 / inputs);
  return uniforms(next, count, -bound, bound);
}

async function compareOnDevice(deviceName, entry, { height, width, variables, images, ...expected }) {
  const device = await openNamed(deviceName, options.adapter);
  try {
    const { adapter, software } = device.info;
    console.log(`  ${height} x ${width} on ${deviceName}: ${adapter}${software ? ' (software)' : ''}`);
    const model = entry.create({ classes: CLASSES });
    await loadStateDict(model, modelTensors({ layout: 'keras', tensors: variables }));
    await model.to(device);
    const found = await device.run(() => {
      const x = tensor(images, [BATCH, height, width, 3]);
      return { features: model.stageFeatures(x).at(-1), probabilities: softmax(model.forward(x)) };
    });
    for (const [what, values] of Object.entries(expected)) {
      const difference = relativeDifference(found[what], values);
      note(difference <= LIMIT, what, `${difference.toExponential(1)} of the largest (limit ${LIMIT})`);
    }
    model.close();
  } finally {
    await device.close();
  }
}

function note(agrees, what, text) {
  if (!agrees) misses++;
  console.log(`    ${agrees ? 'ok  ' : 'MISS'} ${what.padEnd(24)} ${text}`);
}
