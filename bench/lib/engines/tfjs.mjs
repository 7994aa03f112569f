/** TensorFlow.js with its WebGPU or its WebAssembly backend, in Node. */
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { create, globals } from 'webgpu';
import { adapterLabel, isSoftware } from '../../../dist/device/webgpu/adapter.js';
import { OPTIMIZER } from '../resnet50-weights.mjs';
import { tfjsResnet50 } from '../tfjs-resnet50.mjs';
import { tfjsTraining } from '../tfjs-training.mjs';

/** Opens backend 'webgpu' or 'wasm' with the weights that `weights()` gives on it, for this task. */
export async function openTfjs(kind, { task, adapter, weights, batch, side }) {
  const { name, setting } = kind === 'webgpu' ? await startWebgpu(adapter) : await startWasm();
  // Gradients are registered by the package that unites tfjs; tfjs-core's own build for Node leaves them out.
  if (task === 'training') await import('@tensorflow/tfjs');
  const compute = task === 'training' ? tfjsTraining(tf, weights(), OPTIMIZER) : tfjsResnet50(tf, weights());
  return {
    name: `tfjs-backend-${kind} ${tf.version_core}`,
    adapter: name,
    setting,
    async run(images, labels) {
      // The logits, or the loss.
      const result = tf.tidy(() => compute(tf.tensor4d(images, [batch, side, side, 3]), labels));
      const values = await result.data();
      result.dispose();
      return values;
    },
  };
}

/**
 * tfjs expects a browser's globals. Its Dawn is attune's own, with the same settings: validation and bounds
 * checks on.
 */
async function startWebgpu(adapterName) {
  const gpu = create(adapterName === undefined ? [] : [`adapter=${adapterName}`]);
  let info;
  const requestAdapter = async (options) => {
    const adapter = await gpu.requestAdapter(options);
    info = adapter.info;
    return adapter;
  };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu: { requestAdapter } } });
  await import('@tensorflow/tfjs-backend-webgpu');
  await start('webgpu');
  const name = adapterLabel(info);
  return { name, setting: isSoftware(info) ? `${name} (software)` : name };
}

async function startWasm() {
  const wasm = await import('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(fileURLToPath(new URL('.', import.meta.resolve('@tensorflow/tfjs-backend-wasm'))));
  wasm.setThreadsCount(1);
  await start('wasm');
  const simd = (await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT')) ? 'simd' : 'no SIMD';
  const name = cpus()[0].model.trim();
  return { name, setting: `${name} (one thread, ${simd})` };
}

/** tfjs answers false, and would take another backend, where one cannot be started. */
async function start(kind) {
  if (!(await tf.setBackend(kind))) throw new Error(`tfjs cannot start its ${kind} backend`);
  await tf.ready();
}
