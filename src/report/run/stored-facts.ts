/** What the files of a run tell without its images. */
import { earlyEnd } from '../../methods/index.js';
import { join } from 'node:path';
import * as v from 'valibot';
import { AttuneError } from '../../errors.js';
import { HEAD_STAGE } from '../../recipe/choices.js';
import type { EpochRecord, SkippedImage } from '../../recipe/results.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { RUN_FILES } from '../../runs/run-folder.js';
import { isThere, readRegularText } from '../../formats/index.js';
import { openRunState } from '../../runs/run-state.js';
import { type Best, isBetter, type Score, type Task, valRecord } from '../../tasks/index.js';

/** Throws AttuneError 'input' for a folder that is no run's. */
export async function assertRun(folder: string): Promise<void> {
  if (await isThere(join(folder, RUN_FILES.recipe))) return;
  const hint = `name a folder that attune finetune has written: it has a ${RUN_FILES.recipe}`;
  throw new AttuneError({ code: 'input', what: 'this is no run folder', where: folder, hint });
}

/** Whether a run has weights that answer. */
export function hasCheckpoint(folder: string): Promise<boolean> {
  return isThere(join(folder, RUN_FILES.best));
}

const leftOutSchema = v.array(v.object({ path: v.string(), reason: v.string() }));

/** Images that the run left out; null where it has no file that tells. */
export async function readSkipped(
  folder: string,
  { strategy }: Recipe,
): Promise<readonly SkippedImage[] | null> {
  if (strategy === 'probe') {
    const text = await readRegularText(join(folder, RUN_FILES.leftOut), 'follow').catch(() => '');
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), leftOutSchema), text);
    return parsed.success ? parsed.output : null;
  }
  const stored = await openRunState(folder).catch(() => null);
  await stored?.file.close();
  return stored?.state.skipped ?? null;
}

/**
 * Images without those that a run left out: a few of all that it read may be too many of one part, which would then not be
 * evaluated at all.
 */
export function withoutSkipped<Image extends { readonly path: string }>(
  images: readonly Image[],
  skipped: readonly SkippedImage[],
): Image[] {
  const paths = new Set(skipped.map(({ path }) => path));
  return images.filter(({ path }) => !paths.has(path));
}

/** The epochs behind the head's, and its last. */
export function stagesOf(epochs: readonly EpochRecord[]): {
  readonly head: EpochRecord | null;
  readonly full: readonly EpochRecord[];
} {
  const head = epochs.filter(({ stage }) => stage === HEAD_STAGE).at(-1) ?? null;
  return { head, full: epochs.filter(({ stage }) => stage !== HEAD_STAGE) };
}

/** The epoch whose weights were kept as the best, by the rule of training; 0 is the head; null where none was validated. */
export function bestEpochOf(task: Task, epochs: readonly EpochRecord[]): number | null {
  const { head, full } = stagesOf(epochs);
  let best: Best | null = null;
  const candidates = [...(head === null ? [] : [{ ...head, epoch: 0 }]), ...full];
  for (const record of candidates) {
    const score = scoreOf(record, task);
    if (!isBetter(task.measures.ranking, score, best)) continue;
    const { epoch, val_loss } = record;
    best = { epoch, val_loss, ...valRecord(task.measures, score) };
  }
  return best?.epoch ?? null;
}

function scoreOf(record: EpochRecord, { measures }: Task): Score {
  const values = measures.epoch.map(({ key }) => [key, record[`val_${key}`] ?? null]);
  return { loss: record.val_loss, values: Object.fromEntries(values) };
}

/** Whether a run has done all that its recipe asks for, or has ended early. */
export function isFinished(recipe: Recipe, epochs: readonly EpochRecord[], best: number | null): boolean {
  if (recipe.strategy === 'probe') return true;
  const done = stagesOf(epochs).full.length;
  return done >= recipe.epochs || earlyEnd(recipe, { epoch: done, best }) !== null;
}
