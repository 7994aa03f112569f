/**
 * Inference side by side with TensorFlow.js: ResNet50 at 224 with the same random weights and images in every
 * engine. attune on WebGPU beside tfjs-backend-webgpu on the same adapter; attune's CPU device on one thread
 * beside tfjs-backend-wasm on one thread. README.md says how it measures.
 *
 *     npm run build && npm ci --prefix bench && node bench/inference.mjs [options]
 *
 *     --device webgpu|cpu   one of the two only
 *     --adapter NAME        the GPU's name, where there are several; default: the one that Dawn puts first
 *     --rounds N            timed rounds; default 7 on WebGPU, 15 on the CPU
 *     --profile             adds what each of attune's launches costs
 *     --save MACHINE        writes bench/results/MACHINE/inference.md and .json
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';

const SIDE = 224;
const SEED = 7;
const DEVICES = ['webgpu', 'cpu'];
const log = (line) => console.error(line);

try {
  await main();
} catch (error) {
  console.error(`bench/inference: ${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  requireFolder('../dist/', 'attune is not built: run `npm run build` first');
  requireFolder('node_modules/', 'the peers are not installed: run `npm ci --prefix bench` first');
  const { describeMachine } = await import('./lib/machine.mjs');
  const { inferenceReport } = await import('./lib/report.mjs');

  const machine = describeMachine();
  const comparisons = [];
  if (options.devices.includes('webgpu')) comparisons.push(await besideWebgpu(options));
  if (options.devices.includes('cpu')) {
    for (const batch of [1, 2]) comparisons.push(await besideWasm(batch, options));
  }
  const report = inferenceReport({ machine, comparisons });
  console.log(report);
  if (options.save === undefined) return;
  const folder = new URL(`results/${options.save}/`, import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('inference.md', folder), report);
  await writeFile(
    new URL('inference.json', folder),
    `${JSON.stringify({ machine, comparisons }, null, 2)}\n`,
  );
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      device: { type: 'string' },
      adapter: { type: 'string' },
      rounds: { type: 'string' },
      profile: { type: 'boolean', default: false },
      save: { type: 'string' },
    },
  });
  const devices = values.device === undefined ? DEVICES : [values.device];
  if (!devices.every((device) => DEVICES.includes(device))) {
    throw new Error(`--device ${values.device} is neither ${DEVICES.join(' nor ')}`);
  }
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds ${values.rounds} is not a whole number above 0`);
  }
  return { ...values, devices, rounds };
}

function requireFolder(path, sentence) {
  if (!existsSync(new URL(path, import.meta.url))) throw new Error(sentence);
}

async function besideWebgpu({ adapter, rounds = 7, profile }) {
  const { compare } = await import('./lib/compare.mjs');
  return compare({
    // attune uses a software adapter only when it is named; tfjs takes the one that Dawn puts first.
    ours: { engine: 'attune', kind: 'webgpu', adapter: await findAdapter(adapter) },
    peer: { engine: 'tfjs', kind: 'webgpu', adapter },
    target: { sense: 'speedup', ratio: 2 },
    common: { seed: SEED, batch: 2, side: SIDE },
    rounds,
    profile,
    log,
  });
}

async function besideWasm(batch, { rounds = 15, profile }) {
  const { compare } = await import('./lib/compare.mjs');
  return compare({
    ours: { engine: 'attune', kind: 'cpu' },
    peer: { engine: 'tfjs', kind: 'wasm' },
    target: { sense: 'time', ratio: 1.2 },
    common: { seed: SEED, batch, side: SIDE },
    rounds,
    profile,
    log,
  });
}

/** The full name of the adapter to measure on. */
async function findAdapter(wanted) {
  const { probeAdapters } = await import('../dist/device/webgpu/node.js');
  const adapters = await probeAdapters(wanted !== undefined);
  const found = adapters.find(({ adapter }) => wanted === undefined || adapter.includes(wanted));
  if (found !== undefined) return found.adapter;
  throw new Error(wanted === undefined ? 'there is no GPU adapter' : `no adapter is named ${wanted}`);
}
