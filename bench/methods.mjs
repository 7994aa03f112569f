/**
 * The methods of fine-tuning side by side, on the task of the demo: a small ResNet, pretrained on seven garments, learns
 * three others from ten images of each (src/examples/demo). Every method has the same seeds, and a prediction that is
 * measured; what does not come true is called "not shown".
 *
 *     npm run build && node bench/methods.mjs [options]
 *
 *     --seeds N       default 5
 *     --only NAMES    methods, with commas between them; the others are as methods.json has them
 *     --device NAME   auto, webgpu or cpu; default cpu
 *     --threads N     of the CPU; default 1. Results do not depend on it
 *
 * Writes bench/results/methods.json after each method, and methods.md at the end.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IMAGES, WEIGHTS } from '../dist/examples/demo/files.js';
import { summarize } from '../dist/examples/demo/summary.js';
import { allLayers, EPOCHS, train } from '../dist/examples/demo/trainings.js';
import { finetune } from '../dist/index.js';
import { describeMachine } from './lib/machine.mjs';
import { METHODS, plusMinus, REFERENCE } from './lib/methods.mjs';
import { distanceFromStart, gradientLaunches, isStem, isTrunk, sharpness } from './lib/methods-measure.mjs';
import { requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const RESULTS = new URL('results/methods.json', import.meta.url);
/** Training loss at which the way from the start is measured. */
const EQUAL_LOSS = 0.2;

await runMain('methods', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      seeds: { type: 'string' },
      only: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      threads: { type: 'string' },
    },
  });
  requireInstalled({ peers: false });
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds, 5) }, (_, i) => i + 1);
  const threads = wholeNumber('threads', options.threads, 1);
  const only = options.only?.split(',') ?? METHODS.map(({ name }) => name);
  const results = options.only === undefined ? {} : await readResults();
  const folder = await mkdtemp(join(tmpdir(), 'attune-methods-'));
  try {
    for (const method of METHODS.filter(({ name }) => only.includes(name))) {
      const machine = describeMachine({ peers: false });
      const result = await measure(method, { seeds, folder, device: options.device, threads });
      results[method.name] = { machine, seeds, ...result };
      console.error(`${method.name}: ${cell(result.accuracy, 1, 100)} %, ${cell(result.seconds, 1)} s`);
      await writeFile(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const report = reportOf(
    METHODS.filter(({ name }) => name in results),
    results,
  );
  console.log(report);
  await writeFile(new URL('methods.md', RESULTS), report);
}

/** What was measured before, by method; nothing at first. */
async function readResults() {
  return existsSync(RESULTS) ? JSON.parse(await readFile(RESULTS, 'utf8')) : {};
}

/** Trains a method with every seed; what its runs are measured by, seed by seed. */
async function measure({ name, training, options, atLoss }, { seeds, folder, device, threads }) {
  const runs = [];
  for (const seed of seeds) {
    const common = { data: IMAGES, weights: WEIGHTS, valSplit: 0, seed, device, threads };
    const all = { ...common, ...allLayers('full'), ...options };
    const out = join(folder, `${name}-${seed}`);
    const [started, before] = [performance.now(), process.cpuUsage()];
    const result =
      training === undefined
        ? await finetune({ ...all, out })
        : await train(training, { seed, folder, device, threads }, {});
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(before);
    const { last } = result.checkpoints;
    runs.push({
      device: result.device,
      accuracy: result.test.accuracy,
      calibrationError: result.test.calibration.error,
      seconds,
      processorSeconds: (user + system) / 1e6,
      sharpness: await sharpness(result.run),
      stemDistance: await distanceFromStart(last, isStem),
      ...(atLoss && { distanceAtLoss: await distanceAtLoss({ ...all, out: `${out}-at-loss` }) }),
    });
  }
  const columns = Object.keys(runs[0]).filter((key) => key !== 'device');
  return {
    device: runs[0].device,
    ...Object.fromEntries(columns.map((key) => [key, runs.map((run) => run[key])])),
    ...(options?.strategy === 'gradual' && { gradientLaunches: await gradientLaunches(options) }),
  };
}

/** Trains until the training loss is small enough, and says how far the trunk has gone; not a number where it never is. */
async function distanceAtLoss(options) {
  const controller = new AbortController();
  const onEvent = (event) => {
    if (event.type === 'epoch' && event.record.train_loss <= EQUAL_LOSS) controller.abort();
  };
  const { checkpoints } = await finetune(options, { signal: controller.signal, onEvent });
  return controller.signal.aborted ? distanceFromStart(checkpoints.last, isTrunk) : Number.NaN;
}

function verdictOf({ name, check }, results) {
  const full = results[REFERENCE];
  if (full === undefined || (name === REFERENCE && results['from scratch'] === undefined))
    return 'not measured';
  const { shown, measured } = check(results[name], full, results);
  return `${shown ? 'shown' : '**not shown**'}: ${measured}`;
}

function cell(values, digits, factor = 1) {
  const { mean, deviation } = summarize(values.map((value) => factor * value));
  return `${plusMinus(mean, deviation, digits)} (n = ${values.length})`;
}

function reportOf(methods, results) {
  const rows = methods.map((method) => {
    const { accuracy, calibrationError, sharpness: sharp, seconds, processorSeconds } = results[method.name];
    const cells = [
      method.name,
      cell(accuracy, 1, 100),
      cell(calibrationError, 3),
      cell(sharp, 3),
      cell(seconds, 0),
      cell(processorSeconds, 1),
      method.prediction,
      verdictOf(method, results),
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const measured = methods.map(({ name }) => results[name]);
  const { device, machine } = measured[0];
  const commits = [...new Set(measured.map((result) => result.machine.commit))].join(', ');
  const loads = measured.map((result) => result.machine.loadBefore);
  const load = `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`;
  return `# Methods of fine-tuning on the task of the demo

${machine.date}, attune at ${commits}, Node ${machine.node}, by \`node bench/methods.mjs\`.
Computed on ${device.adapter} (${device.kind}, ${machine.cores} cores). The load of the machine was ${load}: it was shared, so
seconds say little; processor time is that of all threads.

A small ResNet, pretrained on seven classes of garments, learns three others from ten images of each, and is tested on a
hundred others of each. ${EPOCHS.full} epochs of all layers, ${EPOCHS.scratch} from scratch, batches of 16, mirrored images: what
\`npm run demo\` does. A method adds what its name says and nothing else. Cells are means and standard deviations over
seeds. Sharpness is how much the loss of the training images grows where the weights are moved by 0.05 along its
gradient. The way from the start is taken at a training loss of ${EQUAL_LOSS}.

| method | test accuracy in % | calibration error | sharpness | seconds | processor seconds | prediction | |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
