/**
 * The CPU device beside its peers, in one run on one machine. README.md says how it measures.
 *
 *     npm run build && npm ci --prefix bench && node bench/cpu.mjs [options]
 *
 *     --only PART,...   some of the parts: kernels, threads, resnet50, mobilenet, jax, memory
 *     --threads N       threads of attune and of PyTorch; default: as many as the processor runs at once
 *     --rounds N        timed rounds of each comparison; default 7; at least 9 where a run takes milliseconds
 *     --save MACHINE    writes bench/results/MACHINE/cpu.md and .json
 *
 * kernels: the SIMD kernels on one core, plain and relaxed: a matrix product, and every convolution of ResNet50, of
 * MobileNetV2 and of the small ResNet, forward and both gradients, with its share of the product's speed. threads: two
 * threads beside one. resnet50: inference and training beside PyTorch and TensorFlow.js. mobilenet: its blocks beside
 * PyTorch. jax: single operations and a small training step beside jax-js. memory: a training step beside PyTorch.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const PARTS = ['kernels', 'threads', 'resnet50', 'mobilenet', 'jax', 'memory'];
/** Those that compare, and are drawn. */
const COMPARISONS = ['resnet50', 'mobilenet', 'jax'];
/** Those that measure attune alone. */
const ALONE = ['kernels', 'threads'];

await runMain('cpu', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string' },
      threads: { type: 'string' },
      rounds: { type: 'string' },
      save: { type: 'string' },
    },
  });
  const parts = options.only?.split(',') ?? PARTS;
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined) throw new Error(`--only ${unknown} is none of ${PARTS.join(', ')}`);
  const peers = parts.some((part) => !ALONE.includes(part));
  requireInstalled({ peers });
  const settings = {
    threads: wholeNumber('threads', options.threads, availableParallelism()),
    rounds: wholeNumber('rounds', options.rounds, 7),
  };
  const { describeMachine } = await import('./lib/machine.mjs');
  const { cpuReport } = await import('./lib/cpu-report.mjs');
  const { CPU_PARTS } = await import('./lib/cpu-parts.mjs');

  const machine = describeMachine({ peers });
  const results = {};
  for (const part of PARTS.filter((name) => parts.includes(name))) {
    console.error(part);
    results[part] = await CPU_PARTS[part](settings);
  }
  const report = cpuReport({ machine, ...results });
  const comparisons = COMPARISONS.flatMap((part) => results[part] ?? []);
  await present('cpu', {
    report,
    numbers: { machine, ...results },
    ...(comparisons.length > 0 && { comparisons }),
    save: options.save,
  });
}
