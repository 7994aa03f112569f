/** The full stage from pictures to a run folder: what it reports, what it writes, what it trains. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EpochRecord, evaluate, type FinetuneResult, finetune } from '#src/finetune/index';
import { openTensorFile } from '#src/formats/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventFiles, loggedValues, scalarsOf, withoutClocks } from '../finetune/event-support.js';
import {
  bytesOf,
  CLASSES,
  filesOf,
  fullRun,
  largestDifference,
  readTensors,
  smallData,
  smallWeights,
} from '../finetune/full-support.js';
import { countOf, listener, newPath } from '../finetune/support.js';

const data = smallData();
const json = (run: string, name: string) => JSON.parse(readFileSync(join(run, name), 'utf8'));
const notes = ({ events }: ReturnType<typeof listener>) =>
  events.flatMap((event) => (event.type === 'note' ? [event.text] : []));

let first: FinetuneResult;

test('a run reports what the contract promises and writes every file', async () => {
  const context = listener();
  const started = performance.now();
  first = await finetune(fullRun(data), context);
  console.log(`# full run: ${((performance.now() - started) / 1000).toFixed(1)} s`);

  assert.is(
    Object.keys(first).join(),
    'run,device,model,weights,input,task,classes,images,resolved_defaults,parameters,epochs,best,test,checkpoints,resumed_from,interrupted,stopped_early,beginning,explosions,device_losses',
  );
  assert.equal(JSON.parse(JSON.stringify(first)), first);
  assert.equal(first.images, { train: 16, val: 6, test: 4, skipped: [] });
  assert.equal(first.parameters, { total: 271_954, trainable: 271_954 });
  assert.is(first.resumed_from, null);
  assert.is(first.interrupted, false);
  assert.is(first.test?.per_class.length, 2);
  assert.is(first.resolved_defaults.micro_batch, 8);
  assert.is(first.resolved_defaults.batch_norm, 'frozen');

  const expected = ['best', 'last', 'state', 'state.previous'].map((name) => `${name}.safetensors`);
  const others = ['classes.json', 'manifest.json', 'metrics.jsonl', 'recipe.json'];
  assert.equal(filesOf(first.run), [...expected, ...others].sort());
  assert.equal(json(first.run, 'classes.json'), CLASSES);
  const lines = readFileSync(join(first.run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    first.epochs,
  );
  const { made_by, ...recipe } = json(first.run, 'recipe.json');
  assert.equal(recipe, { ...first.resolved_defaults, micro_batch: null });
  assert.is(made_by.micro_batch, 8);
  assert.equal(made_by.device, first.device);

  assert.equal(
    context.events.flatMap((event) => (event.type === 'epoch' ? [event.record] : [])),
    first.epochs,
  );
  assert.is(countOf(context.events, 'epoch 2/2'), 2);
  // Every image is decoded once, those of training too.
  const counted = context.events.flatMap((event) =>
    event.type === 'progress' && event.task === 'preparing images' ? [event.done] : [],
  );
  assert.equal(
    counted,
    Array.from({ length: 26 }, (_, i) => i + 1),
  );
});

test('resolved values are told before the work begins, and where each comes from', async () => {
  const context = listener();
  const run = fullRun(data, { epochs: 1, schedule: 'step', lr: 0.01 });
  const { batchNorm: _, optimizer: __, headLr: ___, maxGradientNorm: ____, ...asked } = run;
  await finetune(asked, context);
  const firstProgress = context.events.findIndex(({ type }) => type === 'progress');
  const told = context.events
    .slice(0, firstProgress)
    .flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.equal(told.slice(0, 4), [
    '16 images to train (8 in the smallest class), 6 to validate, 4 to test.',
    '2 classes: ant, bee.',
    'resnet-small with weights none.',
    'Strategy full: all layers from the start, with a new head.',
  ]);
  assert.match(told[4]!, /^Given: strategy full, epochs 1, batch-size 8, lr 0\.01, schedule step\.$/);
  assert.is(told[5], 'For 16 training images: augment standard, crop-scale 0.35.');
  assert.match(told[6]!, /^By default: .*head-lr 0\.01, .*step-size 7, gamma 0\.1, /);
});

test('every epoch has the fields of the contract; rates by group; the schedule ends near zero', () => {
  const fields = 'epoch,stage,lr,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second';
  assert.is(first.epochs.length, 2);
  for (const [i, epoch] of first.epochs.entries()) {
    assert.is(Object.keys(epoch).join(), fields);
    assert.is(epoch.epoch, i + 1);
    assert.is(epoch.stage, 'full');
    assert.ok(epoch.train_loss! > 0 && epoch.val_loss! > 0);
    assert.ok(epoch.seconds > 0);
  }
  const rates = first.epochs.map(({ lr }) => lr);
  for (const lr of rates) assert.ok(Math.abs(lr.head! / lr.trunk! - 10) < 1e-9);
  assert.ok(rates[1]!.trunk! < rates[0]!.trunk!);
});

test('evaluate gives what the run reported of its best epoch', async () => {
  const val = await evaluate({ run: first.run, data: join(data, 'val'), device: 'cpu' });
  assert.is(val.accuracy, first.best.val_accuracy);
  assert.equal(val.interval, first.best.interval);
  const last = await openTensorFile(first.checkpoints.last);
  assert.ok(Number(last.metadata.temperature) > 0, 'the last epoch has a temperature of its own');
  await last.close();
  const held = await evaluate({ run: first.run, data: join(data, 'test'), device: 'cpu' });
  assert.is(held.accuracy, first.test!.accuracy);
  assert.ok(Math.abs(held.loss! - first.test!.loss!) < 1e-5);
});

test('the event file has what the run told, at steps of the weights', () => {
  assert.is(eventFiles(first.run).length, 1);
  const [one, two] = first.epochs;
  const float32 = (value: number | null | undefined) => Math.fround(Number(value));
  const both = (pick: (epoch: EpochRecord) => number | null | undefined) => [
    [2, float32(pick(one!))],
    [4, float32(pick(two!))],
  ];
  const told = (tag: string) => scalarsOf(first.run, tag);
  assert.equal(
    told('epoch'),
    both(({ epoch }) => epoch),
  );
  assert.equal(
    told('loss/train'),
    both(({ train_loss }) => train_loss),
  );
  assert.equal(
    told('accuracy/val'),
    both(({ val_accuracy }) => val_accuracy),
  );
  assert.equal(
    told('learning_rate/head'),
    both(({ lr }) => lr['head']),
  );
  const losses = told('loss/step');
  assert.equal(
    losses.map(([step]) => step),
    [1, 2, 3, 4],
  );
  const mean = (losses[0]![1] + losses[1]![1]) / 2;
  assert.ok(Math.abs(mean - Number(one!.train_loss)) < 1e-6, 'batches of one size');
  assert.ok(told('gradients/norm').every(([, norm]) => norm > 0));

  const values = loggedValues(first.run);
  const tags = new Set(values.map(({ tag }) => tag));
  for (const tag of ['run', 'recipe', 'result', 'images/first_batch', 'images/worst_of_validation']) {
    assert.ok(tags.has(tag), tag);
  }
  const names = ['experiment', 'session_start_info', 'session_end_info'];
  assert.ok(names.every((name) => tags.has(`_hparams_/${name}`)));
  const of = (kind: string) => values.filter(({ tag }) => tag.startsWith(`${kind}/`));
  const head = of('weights').filter(({ tag }) => tag === 'weights/fc.weight');
  assert.equal(
    head.map(({ step }) => step),
    [2, 4],
  );
  assert.is(of('gradients').length, of('weights').length + 2, 'the norm is there, too');
});

test('the stored recipe makes the same bytes again', async () => {
  const recipe = join(first.run, 'recipe.json');
  const again = await finetune({ data, recipe, out: newPath() });
  assert.equal(again.resolved_defaults, first.resolved_defaults);
  for (const name of ['best', 'last'] as const) {
    assert.ok(readFileSync(again.checkpoints[name]).equals(readFileSync(first.checkpoints[name])), name);
  }
  assert.equal(withoutClocks(again.run), withoutClocks(first.run));
  const other = await finetune({ data, recipe, seed: 43, out: newPath() });
  assert.ok((await largestDifference(other.checkpoints.last, first.checkpoints.last)) > 1e-3);
});

test('probe-then-full goes on from the head that the probe has fitted', async () => {
  const context = listener();
  const result = await finetune(fullRun(data, { strategy: 'probe-then-full', epochs: 1 }), context);
  const stages = result.epochs.map(({ stage }) => stage);
  assert.is(stages.at(-1), 'full');
  assert.ok(stages.length > 1 && stages.slice(0, -1).every((stage) => stage === 'head'));
  const head = result.epochs.at(-2)!;
  const full = result.epochs.at(-1)!;
  assert.is(full.epoch, 1);
  assert.ok(full.train_loss! < Math.log(2), 'a new head would begin at log 2');
  assert.ok(head.train_loss! < Math.log(2));
  assert.ok(notes(context).some((text) => text.startsWith('L2 strength')));
});

test('what lies below --train-from is byte for byte as it was, running statistics too', async () => {
  const weights = await smallWeights();
  const { model: _, ...run } = fullRun(data, { weights, batchNorm: 'train', batchSize: 16, lr: 0.1 });
  const result = await finetune({ ...run, trainFrom: 'layer3' });
  assert.is(result.model, 'resnet-small', 'recognised by its tensors');
  assert.ok(result.parameters.trainable < result.parameters.total);
  const [before, after] = [await readTensors(weights), await readTensors(result.checkpoints.last)];
  // The head is new, and exports count no batches.
  const names = [...after.keys()].filter((name) => !/^fc\.|num_batches_tracked$/.test(name));
  const changed = names.filter((name) => !bytesOf(after.get(name)!).equals(bytesOf(before.get(name)!)));
  assert.equal(
    changed,
    names.filter((name) => name.startsWith('layer3.')),
  );
  assert.is(changed.filter((name) => name.endsWith('running_var')).length, 7);
  // The same layer by its index.
  const other = await finetune({ ...run, trainFrom: '8', out: newPath() });
  assert.is(await largestDifference(other.checkpoints.last, result.checkpoints.last), 0);
});

test('without validation images the last weights are the best', async () => {
  const result = await finetune(fullRun(join(data, 'train'), { epochs: 1, valSplit: 0 }));
  assert.equal(result.best, { epoch: 1, val_accuracy: null, interval: null });
  assert.ok(readFileSync(result.checkpoints.best).equals(readFileSync(result.checkpoints.last)));
});
test.run();
