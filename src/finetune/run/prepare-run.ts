/**
 * What comes before any training: the recipe, the images, the weights and the device, each checked before the next
 * is touched, so that a mistake is told within seconds.
 */
import { resizedInput, sizeOf } from '../../inputs/index.js';
import { assertDeviceIsThere } from '../../engine/open.js';
import { askedBy, askedSplit } from '../../recipe/asked.js';
import { announce } from '../../recipe/announce.js';
import { refuseIdleSplit, refuseIgnored, refuseUnvalidated } from '../../recipe/contradictions.js';
import { openDevice, summarize } from '../../runs/device.js';
import { factsOf } from '../../runs/data/folds.js';
import { tellLeftOut } from '../../runs/left-out-layers.js';
import { impliedWeights, type LoadedModel, loadModel } from '../../runs/model-source.js';
import { checkMethods } from '../../methods/index.js';
import { refuseHead } from '../../models/index.js';
import { requireData } from '../../recipe/option-names.js';
import type { FinetuneOptions, RunContext } from '../../recipe/options.js';
import type { Run } from '../../runs/run.js';
import { resolveRecipe } from '../../recipe/recipe.js';
import { isRateOpen } from '../../recipe/open-rate.js';
import type { Recipe } from '../../recipe/recipe-schema.js';
import { lastStage, setTrainable } from '../../training/step/stages.js';
import { findImages, prepareTrainingData, smallestClassOf, splitOf } from '../../runs/data/training-data.js';
import type { FoundImages } from '../../runs/data/found-images.js';

/** The size of samples where it is not known, or they have none. */
const ANY_SIZE = 224;

export interface RunWork<T> {
  /** The strategy where nobody says one, by the weights as far as they are known; undefined: that of `finetune`. */
  usualStrategy?(weights: string): Recipe['strategy'] | undefined;
  /** Called when the images have been found, before weights are loaded: what else can be told early. */
  checked?(recipe: Recipe, found: FoundImages): Promise<void> | void;
  /** Opens the device, where it is not simply opened. */
  open?: typeof openDevice;
  work(run: Run): Promise<T>;
}

/**
 * Prepares a run, does `work` with it, and closes what was opened. Throws AttuneError 'usage', 'input', 'data',
 * 'weights', 'download', 'disk', 'device', 'interrupted'.
 */
export async function withRun<T>(
  options: FinetuneOptions,
  context: RunContext,
  { usualStrategy, checked, open = openDevice, work }: RunWork<T>,
): Promise<T> {
  const { given, found, facts, resolved } = await planRun(options, context.signal, usualStrategy);
  await checked?.(resolved, found);
  const { device, adapter, precision } = resolved;
  await assertDeviceIsThere(device, { precision, ...(adapter !== null && { adapter }) });
  const loaded = await loadModel(
    { ...(given.model && { model: given.model }), ...(given.weights && { weights: given.weights }) },
    context,
    { kind: found.inputKind, samples: found.train.map(({ path }) => path) },
  );
  tellLeftOut(loaded, context);
  const recipe = resolveRecipe(given, {
    ...facts,
    model: loaded.model.architecture,
    weights: loaded.weights,
    side: sizeOf(loaded.input) ?? ANY_SIZE,
  });
  const input = resizedInput(loaded.input, recipe.image_size);
  refuseHead(loaded.model, found.task.head);
  await checkLayers(loaded, recipe);
  const images = { train: found.train.length, val: found.val.length, test: found.test.length };
  const isOpen = isRateOpen(recipe, given);
  const { task, note } = found;
  const told = {
    recipe,
    given,
    isRateOpen: isOpen,
    images,
    task,
    note,
    smallestClass: smallestClassOf(found),
  };
  announce(told, context.onEvent);

  const { strategy, augment, crop_scale } = recipe;
  const variation = strategy === 'probe' ? null : { augment, cropScale: crop_scale };
  const data = await prepareTrainingData(found, { input, variation, workers: options.workers }, context);
  try {
    const { threads } = options;
    const device = await open({ ...recipe, ...(threads !== undefined && { threads }) }, context);
    try {
      const { kind, adapter, software } = summarize(device);
      context.onEvent?.({
        type: 'note',
        text: `Computing on ${adapter} (${kind}${software ? ', software' : ''}).`,
      });
      const prepared = { ...loaded, input };
      return await work({ loaded: prepared, recipe, isRateOpen: isOpen, data, device, options, context });
    } finally {
      await device.close();
    }
  } finally {
    await data.close();
  }
}

interface Plan {
  /** The fields that a recipe file or flags have set. */
  readonly given: Partial<Recipe> & { readonly data: string };
  readonly found: FoundImages;
  readonly facts: ReturnType<typeof factsOf>;
  /** The recipe, as far as it is known without weights. */
  readonly resolved: Recipe;
}

/** What can be told before any weights are downloaded and any image is opened. Throws AttuneError 'usage' and 'input'. */
export async function planRun(
  options: FinetuneOptions,
  signal?: AbortSignal,
  usualStrategy?: RunWork<unknown>['usualStrategy'],
): Promise<Plan> {
  const asked = await askedBy(options);
  const fields = asked.fields as Partial<Recipe> & { data: string };
  requireData(fields.data, 'finetune');
  const found = await findImages(fields.data, splitOf(fields), signal);
  const facts = factsOf(found, fields.folds ?? null);
  const weights = fields.weights ?? impliedWeights(found.inputKind) ?? '';
  const strategy = fields.strategy ?? usualStrategy?.(weights);
  const given = { ...fields, ...(strategy !== undefined && { strategy }) };
  const known = { ...facts, model: '', weights, side: ANY_SIZE };
  const resolved = resolveRecipe(given, known);
  refuseIgnored(asked, resolved, known);
  refuseIdleSplit(askedSplit(asked), found, asked.where('val_split'));
  refuseUnvalidated(resolved, found.val.length);
  return { given, found, facts, resolved };
}

/** A wrong layer name, or nothing to drop, is told before any image is decoded. */
async function checkLayers({ model }: LoadedModel, recipe: Recipe): Promise<void> {
  if (recipe.strategy === 'probe') return;
  await setTrainable(model, lastStage(model, recipe), 'frozen');
  checkMethods(model, recipe);
}
