/**
 * What the first training steps of a process cost where everything is warm: the tuning cache filled by `attune tune`, and
 * the driver's cache of compiled shaders filled by a process before. Two processes train ten steps each; of the second
 * the first step is compared with the tenth, and with the median of the later ones, which other work on the machine
 * changes less.
 *
 *     npm run build && npx attune tune --batch-size 8 [--model ...] [--adapter ...] && node bench/first-step.mjs [options]
 *
 *     --model NAME     default resnet50
 *     --batch N        default 8
 *     --image N        side of the images; default 224
 *     --adapter NAME   the GPU's name, where there are several; default: the one that Dawn puts first
 *     --save MACHINE   writes bench/results/MACHINE/first-step.md and .json
 *
 * The tuning cache is that of a run: in the folder ATTUNE_CACHE, or the platform's. Ends with status 1 where the first
 * step takes more than twice as long as the tenth, or where nothing is tuned for the adapter.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findAdapter, present, requireInstalled, runMain, wholeNumber } from './lib/program.mjs';

const STEPS = 10;
const PROCESS = fileURLToPath(new URL('lib/first-step-process.mjs', import.meta.url));

await runMain('first-step', main);

async function main() {
  const { values: options } = parseArgs({
    options: {
      model: { type: 'string', default: 'resnet50' },
      batch: { type: 'string' },
      image: { type: 'string' },
      adapter: { type: 'string' },
      save: { type: 'string' },
    },
  });
  const { model } = options;
  const [batch, side] = [wholeNumber('batch', options.batch, 8), wholeNumber('image', options.image, 224)];
  requireInstalled({ peers: false });
  const { describeMachine } = await import('./lib/machine.mjs');
  const { firstStepRatios, firstStepReport, MOST } = await import('./lib/first-step-report.mjs');

  const machine = describeMachine({ peers: false });
  const adapter = await findAdapter(options.adapter);
  const run = () => trainInProcess({ model, batch, side, adapter, steps: STEPS });
  const before = run();
  if (before.tunedClasses === 0) {
    const words = `--model ${model} --batch-size ${batch} --image-size ${side}`;
    throw new Error(`nothing is tuned for ${before.adapter}: run \`npx attune tune ${words}\` first`);
  }
  const warm = run();
  const ratios = firstStepRatios(warm.steps);
  const numbers = { machine, model, batch, side, before, warm, ratios };
  await present('first-step', { report: firstStepReport(numbers), numbers, save: options.save });
  if (!ratios.met) {
    throw new Error(
      `the first step took ${ratios.time.toLast.toFixed(2)} times as long as the tenth, more than ${MOST}`,
    );
  }
}

/** What first-step-process.mjs found. Throws with what it printed where it fails. */
function trainInProcess(options) {
  try {
    const stdio = ['ignore', 'pipe', 'pipe']; // drivers warn on standard error
    const output = execFileSync(process.execPath, [PROCESS, JSON.stringify(options)], {
      encoding: 'utf8',
      stdio,
    });
    return JSON.parse(output.trimEnd().split('\n').at(-1));
  } catch (error) {
    throw new Error(`the training process failed: ${error.stderr || error.message}`);
  }
}
