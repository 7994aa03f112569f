/**
 * A training step side by side with TensorFlow.js on WebGPU: all of ResNet50 at 224, batch 2, the same random
 * weights and images, on the same adapter. README.md says how it measures.
 *
 *     npm run build && npm ci --prefix bench && node bench/training.mjs [options]
 *
 *     --adapter NAME   the GPU's name, where there are several; default: the one that Dawn puts first
 *     --rounds N       timed steps of each engine; default 3 (tfjs takes a minute for one on a software adapter)
 *     --batch N        default 2
 *     --profile        adds what each of attune's launches costs
 *     --save MACHINE   writes bench/results/MACHINE/training.md and .json
 */
import { parseArgs } from 'node:util';
import { findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const SIDE = 224;

await runMain('training', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      adapter: { type: 'string' },
      rounds: { type: 'string' },
      batch: { type: 'string' },
      profile: { type: 'boolean', default: false },
      save: { type: 'string' },
    },
  });
  requireInstalled({ peers: true });
  const { compareTask } = await import('./lib/compare-task.mjs');
  const { describeMachine } = await import('./lib/machine.mjs');
  const { RESNET50 } = await import('./lib/networks.mjs');
  const { trainingReport } = await import('./lib/report.mjs');

  const machine = describeMachine({ peers: true });
  const comparison = await compareTask({
    name: 'ResNet50 training step',
    task: 'training',
    network: RESNET50,
    side: SIDE,
    batch: wholeNumber('batch', options.batch, 2),
    ours: { engine: 'attune', kind: 'webgpu', adapter: await findAdapter(options.adapter) },
    peer: { engine: 'tfjs', kind: 'webgpu', adapter: options.adapter },
    rounds: wholeNumber('rounds', options.rounds, 3),
    target: { sense: 'speedup', ratio: 4 },
    profile: options.profile,
  });
  const report = trainingReport({ machine, comparison });
  await present('training', {
    report,
    numbers: { machine, comparison },
    comparisons: [comparison],
    save: options.save,
  });
}
