/**
 * attune beside PyTorch on one machine: inference and training steps of ResNet50 and MobileNetV2 at 224. Where PyTorch
 * has CUDA, on the same card: attune beside float32 and TF32, and both in mixed precision, PyTorch with channels last.
 * Else attune's CPU device beside PyTorch on as many threads; what a GPU would have shown is listed as not measured.
 *
 *     npm run build && node bench/torch.mjs [options]
 *
 *     --adapter NAME    the GPU's name, where there are several; default: the one that Dawn puts first
 *     --device cpu      does not look for a GPU
 *     --batch N         default 32 on a GPU, 4 on the CPU
 *     --rounds N        timed rounds of each comparison; default 7
 *     --save MACHINE    writes bench/results/MACHINE/torch.md, .json and .svg
 *
 * float32 must agree as anywhere here. TF32 and mixed precision round more, and are compared more loosely: their outputs
 * within 0.05 of the largest, their losses within 0.01.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { devicesOf, findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

await runMain('torch', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      adapter: { type: 'string' },
      device: { type: 'string' },
      batch: { type: 'string' },
      rounds: { type: 'string' },
      save: { type: 'string' },
    },
  });
  requireInstalled({ peers: false });
  const { describeMachine } = await import('./lib/machine.mjs');
  const { compareTask } = await import('./lib/compare-task.mjs');
  const { hasCuda, torchComparisons } = await import('./lib/torch-parts.mjs');
  const { torchReport } = await import('./lib/torch-report.mjs');

  const onGpu = devicesOf(options.device).includes('webgpu') && hasCuda();
  const { comparisons: wanted, unmeasured } = torchComparisons({
    adapter: onGpu ? await findAdapter(options.adapter) : undefined,
    batch: wholeNumber('batch', options.batch, onGpu ? 32 : 4),
    rounds: wholeNumber('rounds', options.rounds, 7),
    threads: availableParallelism(),
  });
  const machine = describeMachine({ peers: false });
  const comparisons = [];
  for (const comparison of wanted) comparisons.push(await compareTask(comparison));
  const numbers = { machine, comparisons, unmeasured };
  await present('torch', { report: torchReport(numbers), numbers, comparisons, save: options.save });
}
