/**
 * What is decided before the first step of the full stage: how many images are computed at once, which statistics batch
 * norm uses, and the learning rates behind a fitted head where nobody asked for any (bearable-rate.ts).
 *
 * A head is fitted to features of stored statistics. Where those of batches give it other features, the first steps would
 * throw away what the head and the network know. The statistics are then taken anew from the training images, and the
 * head is fitted again; the better of the two heads, by its held-out loss, is what training begins with.
 *
 * A new head knows nothing that could be thrown away, and its loss tells nothing of the statistics. But where the running
 * statistics cannot follow those of batches within the run (statistics-share.ts), the network is evaluated with other
 * statistics than it was trained with. There a head is fitted to decide in the same way, and then put aside.
 */
import { createHash } from 'node:crypto';
import { putHead } from '../models/index.js';
import { type ProbeResult, runProbe } from './heads/probe.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { NO_WEIGHTS } from '../weights/index.js';
import type { Run } from '../runs/run.js';
import type { FrozenChoices } from '../runs/run-state.js';
import type { Beginning } from '../runs/beginning.js';
import { agrees, type BeginningTold, beginningText, measureBeginning, type Refitted } from './beginning.js';
import { chooseMicroBatch, plannedSamples } from './step/choose-micro-batch.js';
import { takeOwnStatistics } from './own-statistics.js';
import { rateText, withBearableRate } from './bearable-rate.js';
import { comparedOn } from './compared-images.js';
import { FOLLOWED, statisticsShare } from './statistics-share.js';

type BatchNormMode = FrozenChoices['batch_norm'];

/** What a full stage begins with, and what is chosen for all of it. */
export interface ChosenBeginning extends Begun {
  /** With the learning rates that were chosen. */
  readonly recipe: Recipe;
}

interface Begun {
  readonly chosen: Pick<FrozenChoices, 'micro_batch' | 'batch_norm'>;
  readonly beginning: Beginning;
  /** The head that training begins with; null for a new one. */
  readonly probed: ProbeResult | null;
}

/** What a fitted head has decided. */
interface Decided {
  readonly batchNorm: BatchNormMode;
  /** With the head that is `probed`. */
  readonly beginning: Beginning;
  readonly probed: ProbeResult;
  /** Null where statistics were not taken anew. */
  readonly refitted: Refitted | null;
}

/**
 * Makes the choices and tells them. `first` is the head that was fitted; without one the model gets a new head. Throws as
 * `chooseMicroBatch` and `runProbe` do.
 */
export async function beginFull(run: Run, first: ProbeResult | null): Promise<ChosenBeginning> {
  const { loaded, recipe: asked, data, device, context, isRateOpen } = run;
  const begun = await chooseStatistics(run, first);
  if (!isRateOpen) return { ...begun, recipe: asked };
  const { model } = loaded;
  const measured = await withBearableRate({
    ...{ device, model, data, recipe: asked, ...begun.chosen },
    ...context,
  });
  const recipe = measured ?? asked;
  context.onEvent?.({ type: 'note', text: rateText(recipe, measured !== null) });
  return { ...begun, recipe };
}

async function chooseStatistics(run: Run, first: ProbeResult | null): Promise<Begun> {
  const { loaded, recipe, data, device, context } = run;
  const { model } = loaded;
  const { task, train } = data;
  const putNewHead = () => putHead(model, task.head, recipe.seed);
  if (first === null) putNewHead();
  const { micro_batch, batch_norm } = await chooseMicroBatch(
    device,
    model,
    task,
    recipe,
    plannedSamples(data),
    context,
  );
  const measure = () =>
    measureBeginning({
      ...{ device, model, data, recipe, micro_batch, batch_norm },
      ...context,
    });
  const tell = (told: Omit<BeginningTold, 'recipe' | 'guessed'>) => {
    const text = beginningText({ ...told, recipe, guessed: task.guessedLoss });
    if (text !== null) context.onEvent?.({ type: 'note', text });
  };
  const chosen = (batchNorm: BatchNormMode) => ({ micro_batch, batch_norm: batchNorm });

  const before = await measure();
  const isOpen = recipe.batch_norm === 'auto' && batch_norm === 'train' && recipe.weights !== NO_WEIGHTS;
  if (isOpen && first !== null) {
    const { probed, ...decided } = await decide(run, first, before, { micro_batch, measure });
    tell(decided);
    return { chosen: chosen(decided.batchNorm), beginning: decided.beginning, probed };
  }

  const share = isOpen
    ? statisticsShare(model, train.images.length, { micro_batch, epochs: recipe.epochs })
    : 0;
  if (share > FOLLOWED && hasNumbers(before)) {
    const some = comparedOn(run);
    const fitted = await runProbe(some);
    const { refitted, ...decided } = await decide(some, fitted, await measure(), { micro_batch, measure });
    tell({ ...decided, refitted, compared: { share, images: some.data.train.images.length } });
    putNewHead();
    const isAsBefore = refitted === null || !refitted.isKept;
    const beginning = isAsBefore ? before : await measure();
    return { chosen: chosen(decided.batchNorm), beginning, probed: null };
  }
  const batchNorm = isOpen && !agrees(before) ? 'frozen' : batch_norm;
  tell({ beginning: before, batchNorm, refitted: null });
  return { chosen: chosen(batchNorm), beginning: before, probed: first };
}

/** Whether there are two losses to compare. */
function hasNumbers({ stored_loss, batch_loss }: Beginning): boolean {
  return stored_loss !== null && typeof batch_loss === 'number';
}

/** Decides by a fitted head, with which training would begin with the losses `before`. */
async function decide(
  run: Run,
  first: ProbeResult,
  before: Beginning,
  { micro_batch, measure }: { readonly micro_batch: number; readonly measure: () => Promise<Beginning> },
): Promise<Decided> {
  const { loaded, recipe, data, device, context } = run;
  const { model } = loaded;
  const asItIs = { beginning: before, probed: first };
  if (agrees(before)) return { ...asItIs, batchNorm: 'train', refitted: null };
  // What gives no numbers gives no statistics either.
  if (before.batch_loss === null) return { ...asItIs, batchNorm: 'frozen', refitted: null };

  const kept = { head: model.head, values: await model.readValues() };
  await takeOwnStatistics({
    device,
    model,
    recipe,
    input: data.input,
    part: data.train,
    batch: micro_batch,
    ...context,
  });
  const weightsHash = hashOfStatistics(run, micro_batch);
  const second = await runProbe({ ...run, loaded: { ...loaded, weightsHash } });
  const heldOut = { before: leastOf(first), after: leastOf(second) };
  if (!(heldOut.after < heldOut.before)) {
    model.head = kept.head;
    for (const [array, values] of kept.values) array.set(values);
    return { ...asItIs, batchNorm: 'frozen', refitted: { heldOut, isKept: false, before } };
  }
  const after = await measure();
  return {
    batchNorm: agrees(after) ? 'train' : 'frozen',
    beginning: after,
    probed: second,
    refitted: { heldOut, isKept: true, before },
  };
}

function leastOf({ heldOutLosses }: ProbeResult): number {
  return heldOutLosses.reduce((least, loss) => Math.min(least, loss), Infinity);
}

/** Identifies the network with its new statistics in the feature cache. */
function hashOfStatistics({ loaded, data, recipe }: Run, batch: number): string {
  const hash = createHash('sha256').update(loaded.weightsHash);
  const { seed, train_from }: Recipe = recipe;
  hash.update(JSON.stringify({ seed, train_from, batch }));
  for (const { fileHash } of data.train.images) hash.update(fileHash);
  return `${hash.digest('hex')} own statistics`;
}
