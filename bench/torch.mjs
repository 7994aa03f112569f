/**
 * attune beside PyTorch on one machine: inference and training steps of ResNet50, MobileNetV2 and ViT-B/16 at 224. Where PyTorch
 * has CUDA, on the same card: attune beside float32 and TF32, and both in mixed precision, PyTorch with channels last. In
 * any case attune's CPU device beside PyTorch on as many threads; without CUDA, or without a Vulkan driver for its card,
 * what a GPU would have shown is listed as not measured.
 *
 *     npm run build && node bench/torch.mjs [options]
 *
 *     --adapter NAME    the GPU's name, where there are several; default: the one that Dawn puts first
 *     --device NAME     webgpu or cpu: one of the two only
 *     --batch N         default 32 on a GPU, 4 on the CPU
 *     --rounds N        timed rounds of each comparison; default 7
 *     --save MACHINE    writes bench/results/MACHINE/torch.md, .json and .svg
 *
 * float32 must agree as anywhere here. TF32 and mixed precision round more, and are compared more loosely: their outputs
 * within 0.05 of the largest, their losses within 0.01. What does not agree, or fails, has no time; the rest is measured,
 * and the program ends with status 1.
 */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { devicesOf, findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const BATCHES = { webgpu: 32, cpu: 4 };

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
  const { compareAll } = await import('./lib/compare-task.mjs');
  const { hasCuda, torchComparisons } = await import('./lib/torch-parts.mjs');
  const { torchReport } = await import('./lib/torch-report.mjs');

  const batches = Object.fromEntries(
    devicesOf(options.device).map((kind) => [kind, wholeNumber('batch', options.batch, BATCHES[kind])]),
  );
  const { comparisons: wanted, unmeasured } = torchComparisons({
    ...(await gpuOf(options, batches.webgpu !== undefined && hasCuda())),
    ...{ batches, rounds: wholeNumber('rounds', options.rounds, 7), threads: availableParallelism() },
  });
  const machine = describeMachine({ peers: false });
  const { comparisons, failures } = await compareAll(wanted);
  const numbers = { machine, comparisons, failures, unmeasured };
  await present('torch', { report: torchReport(numbers), numbers, comparisons, save: options.save });
  if (failures.length > 0) process.exitCode = 1;
}

/** { adapter }, or the { reason } why there is none to compare with CUDA: a processor that plays one is none. */
async function gpuOf({ adapter }, cuda) {
  if (!cuda) return { reason: 'no GPU with CUDA here' };
  try {
    return { adapter: await findAdapter(adapter, { hardware: true }) };
  } catch (error) {
    if (adapter !== undefined) throw error;
    return { reason: `${error.message}: the card has no Vulkan driver here` };
  }
}
