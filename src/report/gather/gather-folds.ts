/** What the report of a cross-validation tells: its folds, and all their images together. */
import { basename, join } from 'node:path';
import { openSamples } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { commandLine } from '../../runs/command-line.js';
import { withNamesOnly } from '../../recipe/names-only.js';
import { readFolds } from '../../finetune/cross-validation.js';
import { loadModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { findImages, splitOf } from '../../runs/data/training-data.js';
import { reportOf } from '../tasks/index.js';
import { type Outputs, outputsFor } from '../run/answered-part.js';
import {
  commandsOf,
  dataCard,
  evaluatingDevice,
  type GatherOptions,
  refuseOtherNames,
  withNetwork,
} from './gather-run.js';
import { readSkipped, withoutSkipped } from '../run/stored-facts.js';
import { shareOf } from '../run/rankings.js';
import type { FoldRow, ReportData } from '../run/report-data.js';
import { readMadeBy } from '../../runs/run-files.js';

/** Gathers what there is of a cross-validation. Throws AttuneError as `gatherRun` does, 'input' before a fold is done. */
export async function gatherFolds(
  folder: string,
  options: GatherOptions,
  context: RunContext,
): Promise<ReportData> {
  const { folds: planned, results, skipped } = await readFolds(folder);
  if (results.length === 0) {
    const hint = `${commandLine(['finetune', '--resume', folder])} goes on with it`;
    throw new AttuneError({ code: 'input', what: 'no fold is done yet', where: folder, hint });
  }
  const folders = results.map(({ fold }) => join(folder, `fold-${fold}`));
  const curves = await Promise.all(folders.map(readCurves));
  const { recipe } = curves[0];
  const data = options.data ?? recipe.data;
  const found = await findImages(data, splitOf(recipe));
  const { rightShare } = found.task.measures;
  const rows = results.map(({ fold, train_images, val_images, metrics }, i): FoldRow => {
    const right = rightShare === null ? null : (metrics[rightShare.key] ?? null);
    return {
      fold,
      trained: train_images,
      validated: val_images,
      share: right === null ? null : shareOf(Math.round(right * val_images), val_images),
      figures: metrics,
      epochs: curves[i].epochs,
    };
  });
  const notes = [
    'Of all folds together there are neither heat maps nor calibrated probabilities, as each fold has a network of its own: attune report makes the page of a single fold.',
  ];
  const whole = { ...recipe, fold: null };
  return {
    name: basename(folder),
    task: found.task.info,
    recipe: withNamesOnly(whole),
    madeBy: await readMadeBy(folders[0]),
    epochs: [],
    bestEpoch: null,
    isFinished: results.length === planned,
    data: dataCard(recipe, found, skipped.length > 0 ? skipped : found.skipped),
    main: options.evaluate === false ? null : await pooledPart(folders, options, context),
    test: null,
    folds: { planned, rows },
    advice: [],
    notes,
    commands: commandsOf(folder, whole, found),
  };
}

/** The images of all folds, each with the answer of the network that had not seen it. */
async function pooledPart(folders: readonly string[], options: GatherOptions, context: RunContext) {
  const ofFolds: Outputs[] = [];
  const first = await loadModel({ run: folders[0] }, context);
  const store = await openSamples(first.input, { workers: options.workers, variation: null });
  try {
    for (const folder of folders) {
      const { recipe } = await readCurves(folder);
      const found = await findImages(options.data ?? recipe.data, splitOf(recipe), context.signal);
      const loaded = await loadModel({ run: folder }, context);
      refuseOtherNames(found, loaded, recipe.data);
      const images = withoutSkipped(found.val, (await readSkipped(folder, recipe)) ?? []);
      const device = evaluatingDevice(recipe, options);
      ofFolds.push(
        await withNetwork(loaded, device, options, context, (network) => outputsFor(network, images, store)),
      );
    }
    const { task } = first;
    const of = reportOf(task.info.kind);
    return await of.evaluate(joined(ofFolds), { part: 'val', task, temperature: null, network: null });
  } finally {
    await store.close();
  }
}

/** The outputs of all folds, one fold after the other. */
function joined(ofFolds: readonly Outputs[]): Outputs {
  const values = new Float32Array(ofFolds.reduce((sum, { values }) => sum + values.length, 0));
  let at = 0;
  for (const fold of ofFolds) {
    values.set(fold.values, at);
    at += fold.values.length;
  }
  const places = ofFolds.flatMap((fold) => fold.images.map((_, index) => ({ fold, index })));
  return {
    images: ofFolds.flatMap(({ images }) => images),
    values,
    words: ofFolds[0].words,
    picture: (i) => places[i].fold.picture(places[i].index),
  };
}
