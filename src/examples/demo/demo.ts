/**
 * `npm run demo`: fine-tunes a small pretrained network on ten real images of each of three classes that it has never
 * seen, and compares it with a new head alone, with training from nothing, and with no network at all, over five
 * seeds. Ends with a picture of its predictions. Needs no GPU, no network and no data but what is shipped.
 *
 * It computes on a hardware GPU where there is one, else on the processor; ATTUNE_DEVICE=cpu is always the processor.
 */
import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { endReport } from '../../cli/commands/report-at-end.js';
import { deviceOptions } from '../../cli/flags.js';
import type { Output } from '../../cli/output.js';
import { withSession } from '../../cli/session.js';
import { commandLine } from '../../runs/command-line.js';
import { createRunFolder, runName } from '../../runs/run-folder.js';
import { replaceFile } from '../../formats/index.js';
import { decodeImage, predict, type RunContext } from '../../index.js';
import { type Comparison, compare } from './compare.js';
import { IMAGES } from './files.js';
import { predictionsPicture } from './picture.js';
import { gainOver, REQUIRED_GAINS, summaryTable } from './summary.js';

const SEEDS = [1, 2, 3, 4, 5];
/** The run that stays, with its predictions. */
const KEPT = `full-${SEEDS[0]}`;
const PICTURE = 'predictions.png';

/** Runs the demo; results on standard output, progress on standard error. Throws as `finetune` does. */
export async function demo(output: Output): Promise<void> {
  const started = performance.now();
  output.note(
    'A small ResNet, pretrained by attune on seven classes of clothing (Fashion-MNIST), learns three others',
  );
  output.note(
    'from 10 images of each: bag, pullover, sandal. It is tested on 100 others of each, at the end only.',
  );
  const { comparison, folder, wrong } = await withSession(output, (context) => run(context));
  const kept = { run: join(folder, KEPT), interrupted: false };
  const page = await endReport(kept, { report: true, device: comparison.device.kind }, output);
  const { adapter, kind } = comparison.device;
  const here = relative('.', folder) || '.';

  output.print('Test accuracy in %', summaryTable(comparison, SEEDS), '');
  for (const [method, least] of Object.entries(REQUIRED_GAINS) as [keyof typeof REQUIRED_GAINS, number][]) {
    const gain = gainOver(method, comparison);
    output.print(
      `full is ${gain.toFixed(1)} points above ${method}${gain < least ? `, less than the ${least} expected` : ''}`,
    );
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  output.print(`computed on ${adapter} (${kind}) in ${seconds} s`, '');
  output.print(
    'Picture of the predictions',
    `${join(here, PICTURE)}   with seed ${SEEDS[0]}; the ${wrong} that are wrong have a red frame`,
    '',
  );
  if (page !== null) {
    const what = `with seed ${SEEDS[0]}: what it confuses, and what it goes by`;
    output.print('Report', `${relative('.', page)}   ${what}`, '');
  }
  output.print('Next', commandLine(['predict', join(here, KEPT), join(relative('.', IMAGES), 'test')]));
  output.print(
    '',
    'With photographs of your own, in a folder for each class',
    commandLine(['finetune', 'photos']),
  );
}

interface Demonstration {
  readonly comparison: Comparison;
  readonly folder: string;
  /** Wrong predictions of the run that is kept. */
  readonly wrong: number;
}

async function run(context: RunContext): Promise<Demonstration> {
  const folder = await createRunFolder(undefined, runName('demo', new Date()));
  try {
    const device = deviceOptions({}, process.env);
    const comparison = await compare({ seeds: SEEDS, folder, ...device }, context);
    for (const name of await readdir(folder)) {
      if (name !== KEPT) await rm(join(folder, name), { recursive: true });
    }
    const wrong = await drawPredictions(folder, comparison);
    return { comparison, folder, wrong };
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Predicts all test images with the run that is kept, draws them, and returns how many are wrong. */
async function drawPredictions(folder: string, { device }: Comparison): Promise<number> {
  const images = [join(IMAGES, 'test')];
  const predicted = await predict({ run: join(folder, KEPT), images, top: 1, device: device.kind });
  const drawn = await Promise.all(
    predicted.images.map(async (image) => {
      // The images are shipped: one that cannot be read is a damaged installation, and decoding it says so.
      const { pixels } = await decodeImage(image.path);
      const label = 'error' in image ? image.error : image.predictions[0].label;
      return { pixels, predicted: label, isRight: label === basename(dirname(image.path)) };
    }),
  );
  await replaceFile(join(folder, PICTURE), [predictionsPicture(drawn)]);
  return drawn.filter(({ isRight }) => !isRight).length;
}
