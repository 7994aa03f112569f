/**
 * What is decided between the head's fit and the first step of the full stage: how many images are computed at once, and
 * which statistics batch norm uses.
 *
 * A head is fitted to features of stored statistics. Where those of batches give it other features, the first steps would
 * throw away what the head and the network know. The statistics are then taken anew from the training images, and the
 * head is fitted again; the better of the two heads, by its held-out loss, is what training begins with.
 */
import { createHash } from 'node:crypto';
import type { ProbeResult } from '../heads/probe.js';
import type { Recipe } from '../recipe/recipe-schema.js';
import { NO_WEIGHTS } from '../model-source.js';
import { type Run, runProbe } from '../run/prepare-run.js';
import type { FrozenChoices } from '../run/run-state.js';
import type { Beginning } from '../run/beginning.js';
import { agrees, beginningText, measureBeginning, type Refitted } from './beginning.js';
import { chooseMicroBatch, imageCounts } from './micro-batch.js';
import { takeOwnStatistics } from './own-statistics.js';

/** What a full stage begins with, and what is chosen for all of it. */
export interface ChosenBeginning {
  readonly chosen: Pick<FrozenChoices, 'micro_batch' | 'batch_norm'>;
  readonly beginning: Beginning;
  /** The head that training begins with; null where none was fitted. */
  readonly probed: ProbeResult | null;
}

/**
 * Makes the choices and tells them. `first` is the head that was fitted; without one the model has a new head. Throws as
 * `chooseMicroBatch` and `runProbe` do.
 */
export async function beginFull(run: Run, first: ProbeResult | null): Promise<ChosenBeginning> {
  const { loaded, recipe, data, device, context } = run;
  const { model, preprocessing } = loaded;
  const { task, train } = data;
  const counts = imageCounts(data);
  const { micro_batch, batch_norm } = await chooseMicroBatch(device, model, task, recipe, counts, context);
  const measure = () =>
    measureBeginning({
      ...{ device, model, data, recipe, preprocessing, micro_batch, batch_norm },
      ...context,
    });
  const tell = (beginning: Beginning, batchNorm: FrozenChoices['batch_norm'], refitted: Refitted | null) => {
    const text = beginningText({ beginning, batchNorm, recipe, guessed: task.guessedLoss, refitted });
    if (text !== null) context.onEvent?.({ type: 'note', text });
    return { chosen: { micro_batch, batch_norm: batchNorm }, beginning };
  };

  const before = await measure();
  const isOpen = recipe.batch_norm === 'auto' && batch_norm === 'train' && recipe.weights !== NO_WEIGHTS;
  if (!isOpen || agrees(before)) return { ...tell(before, batch_norm, null), probed: first };
  // What gives no numbers gives no statistics either.
  if (first === null || before.batch_loss === null) return { ...tell(before, 'frozen', null), probed: first };

  const kept = { head: model.head, values: await model.readValues() };
  await takeOwnStatistics({
    device,
    model,
    recipe,
    preprocessing,
    part: train,
    batch: micro_batch,
    ...context,
  });
  const weightsHash = hashOfStatistics(run, micro_batch);
  const second = await runProbe({ ...run, loaded: { ...loaded, weightsHash } });
  const heldOut = { before: leastOf(first), after: leastOf(second) };
  if (!(heldOut.after < heldOut.before)) {
    model.head = kept.head;
    for (const [array, values] of kept.values) array.set(values);
    return { ...tell(before, 'frozen', { heldOut, isKept: false, before }), probed: first };
  }
  const after = await measure();
  const batchNorm = agrees(after) ? 'train' : 'frozen';
  return { ...tell(after, batchNorm, { heldOut, isKept: true, before }), probed: second };
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
