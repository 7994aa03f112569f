/** The full stage beneath the run: losses, updates, plans, and gradients that are not finite. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageInfo } from '#src/inputs/index';
import { openDevice, summarize } from '#src/runs/device';
import { EMPTY_EPOCH } from '#src/training/epoch-end';
import { runFullStage } from '#src/training/full-stage';
import type { FullStage } from '#src/training/step/stage-context';
import { lastStage, setTrainable } from '#src/training/step/stages';
import { type FinetuneOptions, finetune, predict } from '#src/finetune/index';
import { makeOptimizer } from '#src/training/step/parameter-groups';
import { fieldsOf } from '#src/recipe/parse-recipe';
import { resolveRecipe } from '#src/recipe/recipe';
import type { RunState } from '#src/runs/run-state';
import { SavedStates } from '#src/runs/saved-states';
import { Trainer } from '#src/training/trainer';
import { findImages, prepareTrainingData, type TrainingData } from '#src/runs/data/training-data';
import { findModel } from '#src/models/index';
import type { Device } from '#src/program/device';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { bytesOf, fullRun, readTensors, smallData } from '../finetune/full-support.js';
import { fails, imageFolderOf, newPath, pictures, writeFiles } from '../finetune/support.js';

const data = smallData();

/** Rates at which a step changes nothing that could be seen. */
const STILL = { lr: 1e-12, headLr: 1e-12, warmup: 0, schedule: 'constant', weightDecay: 0 };

/** The mean loss of the training images, from the logits that `predict` gives, in float64. */
async function expectedLoss(run: string, folder: string, weights: readonly number[], smoothing: number) {
  const { images } = await predict({ run, images: [folder], device: 'cpu' });
  const classes = weights.length;
  let sum = 0;
  let total = 0;
  for (const image of images) {
    if (!('predictions' in image)) throw new Error(image.error);
    const logits = [...image.predictions].sort((a, b) => a.index - b.index).map(({ logit }) => logit);
    const label = image.path.includes('bee') ? 1 : 0;
    const norm = Math.log(logits.reduce((s, logit) => s + Math.exp(logit), 0));
    const loss = logits.reduce((s, logit, i) => {
      // As PyTorch: what smoothing asks of another class weighs as that class.
      const target = (weights[i]! * smoothing) / classes + (i === label ? weights[i]! * (1 - smoothing) : 0);
      return s + target * (norm - logit);
    }, 0);
    sum += loss;
    total += weights[label]!;
  }
  return sum / total;
}

test('the loss is that of the formula: plain, smoothed, and with rare classes weighted', async () => {
  const images = imageFolderOf([], 0);
  writeFiles(images, { ...pictures(['ant'], 9, 50), ...pictures(['bee'], 3, 70) });
  const cases: [Partial<FinetuneOptions>, weights: number[], smoothing: number][] = [
    [{}, [1, 1], 0],
    [{ labelSmoothing: 0.2 }, [1, 1], 0.2],
    // N / (classes x images of the class)
    [{ classWeights: 'balanced' }, [12 / 18, 12 / 6], 0],
    // In proportion to 1 / root of the images; the loss divides by the sum of the weights.
    [{ classWeights: 'power=0.5' }, [1 / 3, 1 / Math.sqrt(3)], 0],
    [{ classWeights: 'balanced', labelSmoothing: 0.3 }, [12 / 18, 12 / 6], 0.3],
  ];
  const losses: number[] = [];
  for (const [more, weights, smoothing] of cases) {
    const options = { ...STILL, epochs: 1, batchSize: 12, valSplit: 0, augment: 'none', ...more };
    const result = await finetune(fullRun(images, options));
    const loss = result.epochs[0]!.train_loss!;
    const expected = await expectedLoss(result.run, images, weights, smoothing);
    assert.ok(
      Math.abs(loss - expected) < 1e-5 * expected,
      `${JSON.stringify(more)}: ${loss}, not ${expected}`,
    );
    losses.push(loss);
  }
  assert.is(new Set(losses.map((loss) => loss.toFixed(4))).size, 5, `${losses}`);
});

test('a first step of Adam moves weights by the rate; AdamW takes its decay off beside it', async () => {
  const rate = 0.01;
  const run = async (more: Partial<FinetuneOptions>) => {
    const options = { epochs: 1, batchSize: 16, warmup: 0, schedule: 'constant', lr: rate, headLr: rate };
    const result = await finetune(fullRun(data, { ...options, weightDecay: 0, ...more }));
    return readTensors(result.checkpoints.last);
  };
  const before = await run({ ...STILL, epochs: 1 });
  const adam = await run({ optimizer: 'adam' });
  const decayed = await run({ optimizer: 'adamw', weightDecay: 0.5 });
  const name = 'layer1.0.conv1.weight';
  const [start, moved, pulled] = [before, adam, decayed].map((tensors) => tensors.get(name)!);
  const steps = start!.map((value, i) => Math.abs(moved![i]! - value));
  assert.ok(Math.max(...steps) <= rate * 1.001, `${Math.max(...steps)}`);
  assert.ok(
    steps.filter((step) => step > 0.95 * rate).length > 0.9 * steps.length,
    'most move by the whole rate',
  );
  const error = Math.max(
    ...start!.map((value, i) => Math.abs(moved![i]! - rate * 0.5 * value - pulled![i]!)),
  );
  assert.ok(error < 1e-6, `${error}`);
  assert.equal(decayed.get('bn1.weight'), adam.get('bn1.weight'), 'norms are not decayed');
});

interface Opened {
  readonly stage: FullStage;
  readonly device: Device;
  readonly data: TrainingData;
  close(): Promise<void>;
}

/** A full stage before its first step, with everything in reach. */
async function openStage(more: Partial<FinetuneOptions>): Promise<Opened> {
  const options = fullRun(data, more);
  const given = { data: '', ...fieldsOf(options) };
  const found = await findImages(data, { val: null, valSplit: 0.2, seed: 42 });
  const facts = { images: 16, smallestClass: 8, model: 'resnet-small', weights: 'none', side: 32 };
  const recipe = resolveRecipe(given, facts);
  const entry = findModel('resnet-small');
  const input = imageInfo(entry.preprocessing);
  const variation = { augment: recipe.augment, cropScale: recipe.crop_scale };
  const prepared = await prepareTrainingData(found, { input, variation, workers: 1 }, {});
  const device = await openDevice({ device: 'cpu' });
  const folder = newPath();
  mkdirSync(folder);
  const state: RunState = {
    recipe,
    frozen: {
      device: summarize(device),
      micro_batch: recipe.micro_batch ?? recipe.batch_size,
      batch_norm: 'train',
      variants: {},
    },
    model: entry.name,
    weights: 'none',
    task: prepared.task.info,
    input,
    images: { train: [], val: [], test: [] },
    skipped: [],
    progress: { epoch: 0, batch: 0, step: 0, random: 0, ...EMPTY_EPOCH },
    epochs: [],
    best: null,
    temperature: null,
    beginning: null,
    explosions: [],
    events: null,
    complete: false,
  };
  const model = entry.create({ classes: prepared.task.names.length });
  return {
    stage: {
      folder,
      device,
      model,
      data: prepared,
      state: { ...state },
      stored: null,
      saved: new SavedStates(folder),
    },
    device,
    data: prepared,
    async close() {
      await device.close();
      await prepared.close();
    },
  };
}

test('evaluation between epochs makes no new plans after the first', async () => {
  // Two whole batches and a remainder, in training as in validation.
  const { stage, device, close } = await openStage({ epochs: 4, batchSize: 6 });
  const plans: number[] = [];
  const finished = await runFullStage({
    ...stage,
    onEvent: (event) => event.type === 'epoch' && plans.push(device.plansMade),
  });
  await close();
  assert.ok(finished);
  console.log(`# plans after each epoch: ${plans.join(', ')}`);
  assert.is(plans.length, 4);
  assert.equal(plans.slice(1), new Array(3).fill(plans[0]));
});

test('a gradient that is not finite changes nothing, and names step, layer and images', async () => {
  const {
    stage,
    device,
    data: prepared,
    close,
  } = await openStage({ epochs: 9, batchSize: 16, lr: 1e30, warmup: 0 });
  const { model, state } = stage;
  await setTrainable(model, lastStage(model, state.recipe), state.frozen.batch_norm);
  await model.to(device);
  const optimizer = makeOptimizer(model, state.recipe);
  const trainer = new Trainer({
    device,
    model,
    task: prepared.task,
    optimizer,
    recipe: state.recipe,
    frozen: state.frozen,
    training: prepared.training,
    progress: state.progress,
    valLosses: () => [],
  });
  const everything = async () => {
    const parts = [...(await model.readValues()).values()];
    for (const arena of Object.values(optimizer.moments)) {
      for (const chunk of arena.chunks) parts.push(await device.read(chunk));
    }
    return Buffer.concat(parts.map((part) => Buffer.from(bytesOf(part))));
  };
  // A batch is an epoch: the first step is finite and leaves weights that are absurd.
  await trainer.trainEpoch();
  state.progress.epoch++;
  state.progress.batch = 0;
  const before = await everything();
  const error = await fails(
    trainer.trainEpoch(),
    'numeric',
    /^the gradients of step 2 are not finite, first in [a-z0-9.]+(weight|bias); that step changed nothing \(.*\.png, .* and 12 more\): lower the learning rates/,
  );
  assert.match(error.where ?? '', /train.(ant|bee)/);
  assert.ok((await everything()).equals(before), 'the step has changed something');
  optimizer.close();
  await close();
});

test('a run that diverges keeps its last good state, and says how to go on', async () => {
  const wild = { epochs: 3, batchSize: 16, lr: 1e30, warmup: 0 };
  const validated = fullRun(data, wild);
  await fails(
    finetune(validated),
    'numeric',
    /^after epoch 1 the network gives values that are not finite \(validating\): start with a lower --lr/,
  );
  const options = fullRun(join(data, 'train'), { ...wild, valSplit: 0 });
  await fails(
    finetune(options),
    'numeric',
    /^the (gradients|loss) of step 2 .*: start with a lower --lr and --head-lr, or go on from the last save at a tenth of them: .*attune.* finetune --resume .* --on-explosion retry$/,
  );
  const epochs = ({ out }: FinetuneOptions) =>
    readFileSync(join(out!, 'metrics.jsonl'), 'utf8').split('\n').length - 1;
  assert.equal([validated, options].map(epochs), [0, 1]);
});
test.run();
