/**
 * A small vision Transformer beside the small ResNet, on the task of the demo: both are pretrained on seven garments and learn
 * three others from ten images of each. The Transformer is trained with its family's defaults and with those of all other
 * networks, so that what the former are worth is a number.
 *
 *     npm run build
 *     node bench/demo/pretrain.mjs --model vit-small --epochs 3 --out vit.safetensors
 *     node bench/vit.mjs --weights vit.safetensors [--seeds 5] [--threads 1]
 *
 * Writes bench/results/vit.md.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { IMAGES, WEIGHTS } from '../dist/examples/demo/files.js';
import { summarize } from '../dist/examples/demo/summary.js';
import { finetune } from '../dist/index.js';
import { describeMachine } from './lib/machine.mjs';
import { plusMinus } from './lib/methods.mjs';
import { requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

/** Batches that 30 images fill twice, and the demo's epochs. */
const COMMON = { data: IMAGES, valSplit: 0, device: 'cpu' };
const ALL = { batchSize: 16, epochs: 20, augment: 'flip' };
const SCRATCH = { ...ALL, weights: 'none', epochs: 50 };
/** What other networks have where a family says nothing. */
const USUAL = { lrDecay: 1, warmup: 0.05, weightDecay: 0.01 };

await runMain('vit', main);

async function main() {
  const { values: options } = parseArgs({
    options: { weights: { type: 'string' }, seeds: { type: 'string' }, threads: { type: 'string' } },
  });
  requireInstalled({ peers: false });
  if (options.weights === undefined)
    throw new Error('name the pretrained weights of the Transformer: --weights FILE');
  const seeds = Array.from({ length: wholeNumber('seeds', options.seeds, 5) }, (_, i) => i + 1);
  const threads = wholeNumber('threads', options.threads, 1);
  const folder = await mkdtemp(join(tmpdir(), 'attune-vit-'));
  const rows = [];
  try {
    for (const [network, way, given] of waysOf(options.weights)) {
      const runs = [];
      for (const seed of seeds) {
        const started = performance.now();
        const out = join(folder, `${rows.length}-${seed}`);
        const { test, resolved_defaults: recipe } = await finetune({
          ...COMMON,
          ...given,
          seed,
          threads,
          out,
        });
        runs.push({ accuracy: test.accuracy, seconds: (performance.now() - started) / 1000, recipe });
      }
      rows.push(rowOf(network, way, runs));
      console.error(rows.at(-1));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const report = reportOf(rows, seeds.length);
  console.log(report);
  await writeFile(new URL('results/vit.md', import.meta.url), report);
}

function waysOf(vit) {
  const networks = [
    ['resnet-small', WEIGHTS],
    ['vit-small', vit],
  ];
  return networks.flatMap(([network, weights]) => {
    const full = { weights, strategy: 'full', ...ALL };
    const after = { weights, strategy: 'probe-then-full', ...ALL };
    return [
      [network, 'probe', { weights, strategy: 'probe' }],
      [network, 'all layers', full],
      ...(network === 'vit-small'
        ? [[network, "all layers, other networks' defaults", { ...full, ...USUAL }]]
        : []),
      [network, 'probe, then all layers', after],
      ...(network === 'vit-small'
        ? [[network, "probe, then all layers, other networks' defaults", { ...after, ...USUAL }]]
        : []),
      [network, 'from random values', { ...SCRATCH, model: network, strategy: 'full', imageSize: 32 }],
    ];
  });
}

function rowOf(network, way, runs) {
  const { mean, deviation } = summarize(runs.map(({ accuracy }) => 100 * accuracy));
  const seconds = summarize(runs.map((run) => run.seconds)).mean;
  const { optimizer, lr, lr_decay, warmup, weight_decay } = runs[0].recipe;
  const settings =
    way === 'probe' ? ['', '', '', ''] : [`${optimizer}, ${lr}`, lr_decay, warmup, weight_decay];
  return `| ${[network, way, ...settings, plusMinus(mean, deviation, 1), seconds.toFixed(0)].join(' | ')} |`;
}

function reportOf(rows, count) {
  const { date, processor, cores, node, commit } = describeMachine({ peers: false });
  return `# A small vision Transformer beside the small ResNet

${date}, attune at ${commit}, Node ${node}, ${processor}, ${cores} cores, by \`node bench/vit.mjs\`.

The task of the demo: three classes of garments from ten images of each, tested on a hundred others of each; both networks are
pretrained on the other seven classes (the ResNet as \`bench/demo/results/pretrain.txt\` says, the Transformer by three
epochs). Batches of 16, mirrored images; ${ALL.epochs} epochs, ${SCRATCH.epochs} from random values. Accuracy in per cent is the mean ±
deviation over ${count} seeds, by the weights of the last epoch, which nothing was chosen by. Seconds are those of a run on a shared machine.

| network | way | optimiser, rate | layer decay | warm-up | weight decay | test accuracy | seconds |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}
`;
}
