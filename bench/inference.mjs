/**
 * Inference side by side with TensorFlow.js: ResNet50 at 224 with the same random weights and images in every
 * engine. attune on WebGPU beside tfjs-backend-webgpu on the same adapter; attune's CPU device on one thread
 * beside tfjs-backend-wasm and, where bench/exports is installed, onnxruntime, on one thread. README.md says how it
 * measures.
 *
 *     npm run build && npm ci --prefix bench && node bench/inference.mjs [options]
 *
 *     --device webgpu|cpu   one of the two only
 *     --adapter NAME        the GPU's name, where there are several; default: the one that Dawn puts first
 *     --rounds N            timed rounds; default 7 on WebGPU, 15 on the CPU
 *     --profile             adds what each of attune's launches costs
 *     --save MACHINE        writes bench/results/MACHINE/inference.md and .json
 */
import { parseArgs } from 'node:util';
import {
  devicesOf,
  findAdapter,
  isInstalled,
  present,
  requireInstalled,
  runMain,
  wholeNumber,
} from './lib/program.mjs';

const SIDE = 224;

await runMain('inference', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      device: { type: 'string' },
      adapter: { type: 'string' },
      rounds: { type: 'string' },
      profile: { type: 'boolean', default: false },
      save: { type: 'string' },
    },
  });
  const devices = devicesOf(options.device);
  requireInstalled({ peers: true });
  const { describeMachine } = await import('./lib/machine.mjs');
  const { inferenceReport } = await import('./lib/report.mjs');

  const machine = describeMachine({ peers: true });
  const comparisons = [];
  if (devices.includes('webgpu')) comparisons.push(await besideWebgpu(options));
  if (devices.includes('cpu')) {
    for (const batch of [1, 2]) comparisons.push(await besideWasm(batch, options));
    if (isInstalled('../exports/node_modules/onnxruntime-node'))
      comparisons.push(await besideOnnxruntime(options));
    else console.error('onnxruntime: not measured; npm ci --prefix bench/exports installs it');
  }
  const report = inferenceReport({ machine, comparisons });
  await present('inference', {
    report,
    numbers: { machine, comparisons },
    comparisons,
    save: options.save,
  });
}

async function besideWebgpu({ adapter, rounds, profile }) {
  return compareInference({
    ours: { engine: 'attune', kind: 'webgpu', adapter: await findAdapter(adapter) },
    peer: { engine: 'tfjs', kind: 'webgpu', adapter },
    target: { sense: 'speedup', ratio: 2 },
    batch: 2,
    rounds: wholeNumber('rounds', rounds, 7),
    profile,
  });
}

async function besideWasm(batch, { rounds, profile }) {
  return compareInference({
    ours: { engine: 'attune', kind: 'cpu' },
    peer: { engine: 'tfjs', kind: 'wasm' },
    target: { sense: 'time', ratio: 1.2 },
    batch,
    rounds: wholeNumber('rounds', rounds, 15),
    profile,
  });
}

/** Its kernels use vectors as wide as the processor has, WebAssembly's those of 128 bits. */
async function besideOnnxruntime({ rounds, profile }) {
  return compareInference({
    ours: { engine: 'attune', kind: 'cpu' },
    peer: { engine: 'onnxruntime' },
    target: { sense: 'time', ratio: 2.5 },
    batch: 2,
    rounds: wholeNumber('rounds', rounds, 15),
    profile,
  });
}

async function compareInference(sides) {
  const { compareTask } = await import('./lib/compare-task.mjs');
  const { RESNET50 } = await import('./lib/networks.mjs');
  return compareTask({
    name: 'ResNet50 inference',
    task: 'inference',
    network: RESNET50,
    side: SIDE,
    ...sides,
  });
}
