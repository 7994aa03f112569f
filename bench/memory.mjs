/**
 * Memory of training, step by step: all of ResNet50 at 224, random weights, other images at every step, SGD with
 * momentum. Fails unless memory, plans and pipelines stay as they are after the third step.
 *
 *     npm run build && node bench/memory.mjs [options]
 *
 *     --device webgpu|cpu   one of the two only
 *     --adapter NAME        the GPU's name, where there are several; default: the one that Dawn puts first
 *     --steps N             default 20
 *     --memory low          computes cheap activations twice; default normal
 *     --batch N             default 2 on WebGPU, 4 on the CPU
 *     --save MACHINE        writes bench/results/MACHINE/memory-DEVICE.md and .json
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { devicesOf, findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const SIDE = 224;
const SEED = 7;
const BATCHES = { webgpu: 2, cpu: 4 };

await runMain('memory', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      device: { type: 'string' },
      adapter: { type: 'string' },
      steps: { type: 'string' },
      batch: { type: 'string' },
      memory: { type: 'string' },
      save: { type: 'string' },
    },
  });
  const devices = devicesOf(options.device);
  requireInstalled({ peers: false });
  if (devices.length === 1) await measure(devices[0], options);
  else for (const device of devices) measureApart(device);
}

/** A process for each device: what one took of the process's memory, the other need not take. */
function measureApart(device) {
  const program = [fileURLToPath(import.meta.url), ...process.argv.slice(2), '--device', device];
  const { status } = spawnSync(process.execPath, program, { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

async function measure(kind, { adapter, steps, batch, memory = 'normal', save }) {
  if (memory !== 'normal' && memory !== 'low')
    throw new Error(`--memory ${memory} is neither normal nor low`);
  const { describeMachine } = await import('./lib/machine.mjs');
  const { assertFlat, memoryReport } = await import('./lib/memory-report.mjs');
  const machine = describeMachine({ peers: false });
  const run = await train(kind, {
    adapter: kind === 'webgpu' ? await findAdapter(adapter) : undefined,
    steps: wholeNumber('steps', steps, 20),
    batch: wholeNumber('batch', batch, BATCHES[kind]),
    memory,
  });
  await present(memory === 'low' ? `memory-low-${kind}` : `memory-${kind}`, {
    report: memoryReport({ machine, run }),
    numbers: { machine, run },
    save,
  });
  assertFlat(run.steps);
}

/** Trains; { adapter, batch, plan, steps }, a row of numbers for each step. */
async function train(kind, { adapter, steps, batch, memory }) {
  const { open } = await import('../dist/engine/open.js');
  const { resnet50 } = await import('../dist/models/index.js');
  const { loadStateDict } = await import('../dist/nn/index.js');
  const { attuneTraining } = await import('./lib/attune-training.mjs');
  const { stepRow } = await import('./lib/memory-report.mjs');
  const { classIndices, randomImages } = await import('./lib/random.mjs');
  const { CLASSES, OPTIMIZER, resnet50Weights, stateEntries } = await import('./lib/resnet50-weights.mjs');

  const device = await open(kind, { adapter, memory });
  const model = resnet50();
  await loadStateDict(model, stateEntries(resnet50Weights(SEED)));
  await model.to(device);
  const training = attuneTraining(device, model, { shape: [batch, SIDE, SIDE, 3], ...OPTIMIZER });
  const labels = classIndices(batch, CLASSES);
  const plan = await training.plan(randomImages(SEED, batch, SIDE), labels);

  const rows = [];
  for (let step = 1; step <= steps; step++) {
    const before = { ...device.counters };
    const begin = performance.now();
    const loss = await training.step(randomImages(SEED + step, batch, SIDE), labels);
    const { launches, submits, pipelines, liveBytes, peakBytes } = device.counters;
    rows.push({
      step,
      milliseconds: performance.now() - begin,
      loss,
      liveBytes,
      peakBytes,
      residentBytes: process.memoryUsage.rss(),
      launches: launches - before.launches,
      submits: submits - before.submits,
      pipelines,
      plans: device.plansMade,
    });
    console.error(`${kind} ${stepRow(rows.at(-1))}`);
  }
  const { adapter: name, software } = device.info;
  await device.close();
  return { kind, adapter: software ? `${name} (software)` : name, batch, memory, plan, steps: rows };
}
