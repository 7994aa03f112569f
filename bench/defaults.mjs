/**
 * What the defaults of fine-tuning reach on six tasks of real pictures, beside the probe and the defaults before them, and
 * with other optimisers; on two of them other strategies, `lr-find` and the article's recipes, too; and training from random
 * values.
 *
 *     npm run build && node bench/defaults.mjs --work FOLDER [options]
 *
 *     --work FOLDER     where tasks, weights and runs go; what is there is used again
 *     --clipart FOLDER  default /usr/share/openclipart/png (apt-get install openclipart-png)
 *     --stamps FOLDER   default /usr/share/tuxpaint/stamps (apt-get install tuxpaint-stamps-default)
 *     --emoji FOLDER    emoji-datasource-google, as npm installs it
 *     --cells FOLDER    BCCD, as in github.com/Shenggan/BCCD_Dataset
 *     --fashion FOLDER  default /usr/share/datasets/fashion-mnist (apt-get install dataset-fashion-mnist)
 *     --nsfwjs FOLDER   nsfwjs, as npm installs it: its MobileNetV2 of 8 bits
 *     --seeds N         default 5
 *     --only TEXT       only what has this in its name, as in "mobilenet cells new"
 *     --threads N       default: as the machine has processors. Results do not depend on it
 *     --report          measures nothing
 *
 * Everything measured is in bench/results/defaults.json, which is written after each run: what is there is not measured
 * again. defaults.md is made of it.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findRate, finetune } from '../dist/index.js';
import { FOLDER as FASHION } from './fashion/dataset.mjs';
import { EXTRA_TASKS, makeTask, TASKS } from './defaults/tasks.mjs';
import { defaultsReport } from './defaults/report.mjs';
import { isMeasured, NETWORKS, WAYS } from './defaults/variants.mjs';
import { writeNsfwWeights } from './defaults/weights.mjs';
import { describeMachine } from './lib/machine.mjs';
import { requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const RESULTS = new URL('results/defaults.json', import.meta.url);
/** Two fifths validate: differences of a picture weigh less, and training takes less. */
const VAL_SPLIT = 0.4;

await runMain('defaults', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      work: { type: 'string' },
      clipart: { type: 'string', default: '/usr/share/openclipart/png' },
      stamps: { type: 'string', default: '/usr/share/tuxpaint/stamps' },
      emoji: { type: 'string' },
      cells: { type: 'string' },
      fashion: { type: 'string', default: FASHION },
      nsfwjs: { type: 'string' },
      seeds: { type: 'string' },
      only: { type: 'string', default: '' },
      threads: { type: 'string' },
      report: { type: 'boolean', default: false },
    },
  });
  requireInstalled({ peers: false });
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds, 5) }, (_, i) => i + 1);
  if (!options.report) await measureAll(options, seeds);
  await writeFile(new URL('defaults.md', RESULTS), defaultsReport(await readResults()));
}

/** Seed by seed, so that whatever is interrupted has all tasks. */
async function measureAll(options, seeds) {
  const { work } = options;
  if (work === undefined) throw new Error('name a folder for tasks and runs: --work FOLDER');
  await mkdir(work, { recursive: true });
  for (const seed of seeds) {
    for (const network of Object.keys(NETWORKS)) {
      for (const task of [...Object.keys(TASKS), ...Object.keys(EXTRA_TASKS)]) {
        for (const way of Object.keys(WAYS)) {
          const name = `${network} ${task} ${way} ${seed}`;
          const isAsked =
            name.includes(options.only) && isMeasured(way, network, task, seed, Object.keys(EXTRA_TASKS));
          if (isAsked && (await readResults())[name] === undefined)
            await measure(name, { network, task, way, seed }, options);
        }
      }
    }
  }
}

async function measure(name, { network, task, way, seed }, options) {
  const data = join(options.work, 'tasks', task);
  if (!existsSync(data)) await makeTask(task, options, data);
  const weights = await weightsOf(network, options);
  const out = join(options.work, 'runs', name.replaceAll(' ', '-'));
  await rm(out, { recursive: true, force: true });
  const threads = options.threads === undefined ? {} : { threads: wholeNumber('threads', options.threads) };
  const common = { data, weights, seed, valSplit: VAL_SPLIT, device: 'cpu', out, ...threads };
  const started = performance.now();
  const result = await train({ ...common, ...WAYS[way].options(network) }, WAYS[way]).catch((error) => {
    if (error.code !== 'numeric') throw error;
    return { exploded: error.message };
  });
  const seconds = (performance.now() - started) / 1000;
  const results = await readResults();
  const { processor, node, commit } = describeMachine({ peers: false });
  results[name] = {
    ...numbersOf(result),
    seconds: Math.round(seconds),
    machine: { processor, node, commit },
  };
  await writeFile(RESULTS, `${JSON.stringify(results, null, 1)}\n`);
  console.error(`${name}: ${JSON.stringify(results[name]).slice(0, 160)}`);
}

/** `finetune`, at the rates of `lr-find` where a way says so. */
async function train({ out, ...options }, { findsRate = false }) {
  if (!findsRate) return finetune({ ...options, out });
  const { points, suggestion } = await findRate(options);
  if (suggestion === null) return { unsuggested: true };
  const { lr, head_lr: headLr } = suggestion;
  const result = await finetune({ ...options, lr, headLr, out });
  return { ...result, swept: { first_loss: points[0].loss, lr, head_lr: headLr } };
}

/** What the table is made of. */
function numbersOf({ exploded, unsuggested, epochs, images, beginning, swept, resolved_defaults: recipe }) {
  if (exploded !== undefined) return { exploded };
  // The loss of a sweep may never fall: then nobody has a rate to train with.
  if (unsuggested) return { unsuggested };
  const full = epochs.filter(({ stage }) => stage !== 'head');
  const head = epochs.filter(({ stage }) => stage === 'head').at(-1);
  const last = full.at(-1) ?? head;
  return {
    images: images.val,
    accuracy: last.val_accuracy,
    loss: last.val_loss,
    ...(full.length > 0 && {
      best: Math.max(...full.map(({ val_accuracy }) => val_accuracy)),
      first_loss: full[0].train_loss,
      beginning,
      batch_norm: recipe.batch_norm,
      lr: recipe.lr,
    }),
    ...(swept !== undefined && { swept }),
  };
}

async function weightsOf(network, options) {
  if (network !== 'mobilenet') return NETWORKS[network];
  const folder = join(options.work, 'weights');
  if (!existsSync(join(folder, 'model.json'))) await writeNsfwWeights(options.nsfwjs, folder);
  return join(folder, 'model.json');
}

/** What was measured before; nothing at first. */
async function readResults() {
  return existsSync(RESULTS) ? JSON.parse(await readFile(RESULTS, 'utf8')) : {};
}
