/**
 * Time to accuracy: a small ResNet is trained from the same first weights, with the same images in the same order, by
 * attune and by PyTorch on the processor, until it tells other images rightly in 95 of 100 cases. README.md says how it
 * measures.
 *
 *     npm run build && npm run setup:torch && node bench/whole-run.mjs [options]
 *
 *     --data FOLDER     Fashion-MNIST's files (bench/fashion/README.md) instead of images that are made here; 85 of 100
 *     --device webgpu   attune on a GPU, beside PyTorch on the processor, and with CUDA in float32, TF32 and mixed
 *                       precision where it has that; default cpu
 *     --adapter NAME    the GPU's name, where there are several; default: the one that Dawn puts first
 *     --tfjs            TensorFlow.js as well, on the same adapter: a quarter of an hour a run on a software one, so with
 *                       fewer --steps and a lower --target. Its WebAssembly backend cannot train: it has no gradient of
 *                       a convolution's weights. Needs npm ci --prefix bench
 *     --threads N       threads of attune and of PyTorch; default: as many as the processor runs at once
 *     --rounds N        runs of each engine; default 2
 *     --target SHARE    the accuracy to come to, above 0 and at most 1
 *     --steps N         the length of a run, which ends there in any case; default 240, 480 with --data
 *     --every N         steps between two evaluations; default 10
 *     --save MACHINE    writes bench/results/MACHINE/whole-run-DEVICE.md, .json and .svg
 *
 * A minute on two quiet cores; three with --device webgpu --rounds 1 on a software adapter.
 * Ends with status 1 where the losses of the first steps differ, or an engine does not come to the accuracy.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { devicesOf, findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

await runMain('whole-run', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      data: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      adapter: { type: 'string' },
      tfjs: { type: 'boolean', default: false },
      threads: { type: 'string' },
      rounds: { type: 'string' },
      target: { type: 'string' },
      steps: { type: 'string' },
      every: { type: 'string' },
      save: { type: 'string' },
    },
  });
  const [kind] = devicesOf(options.device);
  if (options.tfjs && kind !== 'webgpu')
    throw new Error('--tfjs needs --device webgpu: it can train nowhere else');
  requireInstalled({ peers: options.tfjs });
  const threads = wholeNumber('threads', options.threads, availableParallelism());
  const rounds = wholeNumber('rounds', options.rounds, 2);
  const evaluateEvery = wholeNumber('every', options.every, 10);
  const steps = options.steps && wholeNumber('steps', options.steps);
  const { describeMachine } = await import('./lib/machine.mjs');
  const { writeTask } = await import('./lib/whole-run/task.mjs');
  const { measureRuns } = await import('./lib/whole-run/measure.mjs');
  const { wholeRunComparisons, wholeRunReport } = await import('./lib/whole-run/report.mjs');
  const { CUDA, hasCuda } = await import('./lib/torch-parts.mjs');

  const machine = describeMachine({ peers: options.tfjs });
  const adapter = kind === 'webgpu' ? await findAdapter(options.adapter) : undefined;
  const engines = [
    { engine: 'attune', kind, adapter, threads },
    { engine: 'torch', threads, format: 'contiguous' },
    ...(kind === 'webgpu' && hasCuda()
      ? CUDA.map(({ tolerances, ...way }) => ({
          ...{ engine: 'torch', device: 'cuda', threads, ...way, tolerance: tolerances?.training },
        }))
      : []),
    ...(options.tfjs ? [{ engine: 'tfjs', adapter: options.adapter }] : []),
  ];
  const folder = await mkdtemp(join(tmpdir(), 'attune-whole-run-'));
  try {
    const task = await writeTask(folder, { data: options.data, steps });
    const target = shareOf('target', options.target, task.target);
    const log = console.error;
    const measured = await measureRuns({ engines, folder, task, evaluateEvery, target, rounds, log });
    const results = { machine, task, target, rounds, engines: measured };
    await present(`whole-run-${kind}`, {
      report: wholeRunReport(results),
      numbers: results,
      comparisons: wholeRunComparisons(results),
      save: options.save,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The value of an option that is a share; `text` undefined: `otherwise`. */
function shareOf(option, text, otherwise) {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (number > 0 && number <= 1) return number;
  throw new Error(`--${option} ${text} is not a share above 0 and at most 1`);
}
