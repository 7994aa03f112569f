/** TensorFlow.js with its WebGPU or its WebAssembly backend, in Node. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { OPERATIONS, operationInputs } from '../operations.mjs';
import { OPTIMIZER } from '../resnet50-weights.mjs';
import { tfjsInference } from '../tfjs-inference.mjs';
import { tfjsTraining } from '../tfjs-training.mjs';
import { installBrowserGpu } from './browser-gpu.mjs';

const TASKS = { inference: inferring, training, operation };

/** Opens backend 'webgpu' or 'wasm' for this task, with the weights that `weights()` gives on it. */
export async function openTfjs(kind, options) {
  const where = kind === 'webgpu' ? await startWebgpu(options.adapter) : await startWasm();
  const compute = await TASKS[options.task](options);
  return {
    name: `tfjs-backend-${kind} ${tf.version_core}`,
    ...where,
    /** The logits, the loss, or the operation's result. */
    async run(images, labels) {
      const result = tf.tidy(() => compute(images, labels));
      const values = await result.data();
      result.dispose();
      return values;
    },
  };
}

function inferring({ network, weights, batch, side }) {
  const forward = tfjsInference(tf, network, weights());
  return (images) => forward(tf.tensor4d(images, [batch, side, side, network.channels]));
}

async function training({ network, weights, batch, side }) {
  // Gradients are registered by the package that unites tfjs; tfjs-core's own build for Node leaves them out.
  await import('@tensorflow/tfjs');
  const step = tfjsTraining(tf, network, weights(), OPTIMIZER);
  return (images, labels) => step(tf.tensor4d(images, [batch, side, side, network.channels]), labels);
}

/** The operation on inputs that lie on the device; its result is read back. */
function operation({ operation: name, seed }) {
  const inputs = operationInputs(OPERATIONS[name], seed).map(({ shape, data }) => tf.tensor(data, shape));
  return () => OPERATIONS[name].tfjs(tf, ...inputs);
}

/** Starts tfjs on the adapter of that name; resolves with which one was taken: { adapter, setting }. */
export async function startWebgpu(adapterName) {
  const taken = installBrowserGpu(adapterName);
  await import('@tensorflow/tfjs-backend-webgpu');
  await start('webgpu');
  return taken();
}

async function startWasm() {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  wasm.setThreadsCount(1);
  await start('wasm');
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'simd' : 'no SIMD';
  const adapter = cpus()[0].model.trim();
  return { adapter, setting: `${adapter} (one thread, ${simd})` };
}

/** tfjs answers false, and would take another backend, where one cannot be started. */
async function start(kind) {
  if (!(await tf.setBackend(kind))) throw new Error(`tfjs cannot start its ${kind} backend`);
  await tf.ready();
}
