/**
 * What is demanded of attune on a software adapter, measured in one run beside tfjs-backend-webgpu and jax-js on the
 * same adapter: a matrix product, inference, training steps, and the memory of the GPU that they take. README.md says
 * how it measures.
 *
 *     npm run build && npm ci --prefix bench && node bench/software.mjs [options]
 *
 *     --only PART,...   some of the parts: matmul, inference, mobilenet, resnet50, resnet50-batch8
 *     --adapter NAME    part of the adapter's name, or that of a GPU; default llvmpipe
 *     --rounds N        timed rounds of each comparison, where it is not two
 *     --save MACHINE    writes bench/results/MACHINE/software.md, .json and .svg
 *
 * All of it takes about seven minutes on two quiet cores, nearly all of it the peers'. Ends with status 1 where a
 * demand is missed.
 */
import { parseArgs } from 'node:util';
import { findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

await runMain('software', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string' },
      adapter: { type: 'string', default: 'llvmpipe' },
      rounds: { type: 'string' },
      save: { type: 'string' },
    },
  });
  requireInstalled({ peers: true });
  const rounds = options.rounds === undefined ? {} : { rounds: wholeNumber('rounds', options.rounds) };
  const { SOFTWARE_PARTS } = await import('./lib/software-parts.mjs');
  const { compareTask } = await import('./lib/compare-task.mjs');
  const { describeMachine } = await import('./lib/machine.mjs');
  const { softwareReport, verdicts } = await import('./lib/software-report.mjs');

  const names = Object.keys(SOFTWARE_PARTS);
  const parts = options.only?.split(',') ?? names;
  const unknown = parts.find((part) => !names.includes(part));
  if (unknown !== undefined) throw new Error(`--only ${unknown} is none of ${names.join(', ')}`);

  const machine = describeMachine({ peers: true });
  const adapter = await findAdapter(options.adapter);
  const comparisons = [];
  for (const part of names.filter((name) => parts.includes(name))) {
    for (const { peer, ...comparison } of SOFTWARE_PARTS[part]) {
      const sides = {
        ours: { engine: 'attune', kind: 'webgpu', adapter },
        // That it is the same one is checked.
        peer: { engine: peer, kind: 'webgpu', adapter },
      };
      comparisons.push(await compareTask({ ...comparison, ...rounds, ...sides }));
    }
  }
  const numbers = { machine, verdicts: verdicts(comparisons), comparisons };
  await present('software', { report: softwareReport(numbers), numbers, comparisons, save: options.save });
  if (numbers.verdicts.some(({ met }) => !met)) process.exitCode = 1;
}
