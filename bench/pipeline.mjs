/**
 * The way of images from a folder into training: 20,000 of them, made by this program in a temporary folder, through the
 * head and two epochs of all layers of the small ResNet at 32 pixels, and an epoch with a profile. Fails unless
 *
 * - memory stays flat: no stage takes more than 64 MiB more after its 2,000th image than before it,
 * - nothing is decoded twice: behind the preparation the folder is away, and a second run decodes and computes nothing,
 * - the device waits for images at most 2 % of the time, or the threads that prepare them are busy.
 *
 *     npm run build && node bench/pipeline.mjs [options]
 *
 *     --images N       default 20000
 *     --device webgpu|cpu   default cpu
 *     --adapter NAME   the GPU's name, where there are several; default: the one that Dawn puts first
 *     --save MACHINE   writes bench/results/MACHINE/pipeline-DEVICE.md and .json
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { devicesOf, findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const BATCH = 32;

await runMain('pipeline', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      images: { type: 'string' },
      device: { type: 'string' },
      adapter: { type: 'string' },
      save: { type: 'string' },
      run: { type: 'string' },
    },
  });
  if (options.run !== undefined) return train(JSON.parse(options.run));
  requireInstalled({ peers: false });
  const [device] = devicesOf(options.device ?? 'cpu');
  const images = wholeNumber('images', options.images, 20_000);
  const adapter = device === 'webgpu' ? await findAdapter(options.adapter) : undefined;
  const { describeMachine } = await import('./lib/machine.mjs');
  const { assertPipeline, pipelineReport } = await import('./lib/pipeline-report.mjs');
  const machine = describeMachine({ peers: false });
  const folder = mkdtempSync(join(tmpdir(), 'attune-pipeline-'));
  try {
    const numbers = { machine, ...(await measure({ folder, images, device, adapter })) };
    const report = pipelineReport(numbers);
    await present(`pipeline-${device}`, { report, numbers, save: options.save });
    assertPipeline(numbers);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure({ folder, images, device, adapter }) {
  const { writeImages } = await import('./lib/pipeline-images.mjs');
  const data = join(folder, 'images');
  mkdirSync(data);
  const bytes = await writeImages(data, images);
  console.error(`${images} images of ${(bytes / 1e6).toFixed(0)} MB`);
  const run = (name, more) => inProcess(folder, { name, data, device, adapter, ...more });
  const training = run('training', {
    ...{ strategy: 'probe-then-full', epochs: 2, batchSize: BATCH, microBatch: BATCH },
    hide: true,
  });
  // Apart from the run whose memory is looked at: a profile keeps what it has seen until it is written.
  const profiled = run('profiled', {
    ...{ strategy: 'full', epochs: 1, batchSize: BATCH, microBatch: BATCH },
    ...{ profile: true, profileSteps: 200 },
  });
  const again = run('probe', { strategy: 'probe' });
  return { images, bytes, batch: BATCH, training, profiled, again };
}

/** A run in a process whose memory is its own; what `train` has written. */
function inProcess(folder, { name, ...settings }) {
  const result = join(folder, `${name}.json`);
  const run = JSON.stringify({ ...settings, out: join(folder, name), result });
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--run', run], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ATTUNE_CACHE: join(folder, 'cache') },
  });
  if (status !== 0) throw new Error(`the run "${name}" failed`);
  return JSON.parse(readFileSync(result, 'utf8'));
}

/**
 * One run, with the memory of the process at each of its reports. `hide`: the images are away from the moment on at which
 * all are prepared, so that whatever would decode one fails.
 */
async function train({ result, hide = false, ...settings }) {
  const { finetune } = await import('../dist/finetune/index.js');
  const { MemoryOfStages } = await import('./lib/pipeline-report.mjs');
  const memory = new MemoryOfStages(BATCH);
  const away = `${settings.data}-away`;
  let hidden = false;
  const onEvent = (event) => {
    if (event.type !== 'progress') return;
    memory.note(event);
    if (!hide || hidden || event.task !== 'features') return;
    renameSync(settings.data, away);
    hidden = true;
  };
  const options = { model: 'resnet-small', weights: 'none', imageSize: 32 };
  const begin = performance.now();
  try {
    const { device, epochs, profile = null } = await finetune({ ...options, ...settings }, { onEvent });
    const seconds = (performance.now() - begin) / 1000;
    const full = epochs.filter(({ stage }) => stage === 'full');
    writeFileSync(
      result,
      JSON.stringify({ device, seconds, hidden, epochs: full, profile, stages: memory.rows() }),
    );
  } finally {
    if (hidden) renameSync(away, settings.data);
  }
}
