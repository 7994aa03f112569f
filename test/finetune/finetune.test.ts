/** A probe from a folder of pictures to a run folder, and what can be done with it. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FinetuneResult, evaluate, finetune, predict } from '#src/finetune/index';
import { imageInfo, imagenetPreprocessing } from '#src/inputs/index';
import { findImages, prepareTrainingData, splitOf } from '#src/runs/data/training-data';
import { openTensorFile } from '#src/formats/index';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { eventFiles, loggedValues, scalarsOf } from './event-support.js';
import {
  countOf,
  imageFolderOf,
  listener,
  newPath,
  picture,
  pictures,
  imagenetWeights,
  SIDE,
  scratch,
  smallRun,
  writeFiles,
  writeWeights,
} from './support.js';

/** Not in order, to see them sorted. */
const CLASSES = ['zebra', 'Ant', 'bee'];
const SORTED = ['Ant', 'bee', 'zebra'];
const PER_CLASS = 10;

/** A data set with all three parts. */
const data = imageFolderOf([], 0);
writeFiles(join(data, 'train'), pictures(CLASSES, PER_CLASS));
writeFiles(join(data, 'val'), pictures(CLASSES, 4, 100));
writeFiles(join(data, 'test'), pictures(CLASSES.slice(0, 2), 3, 200));

const cacheOf = (kind: string) => join(scratch, 'cache', kind);
const readBest = (result: FinetuneResult) => readFileSync(result.checkpoints.best);
const featuresOf = (events: ReturnType<typeof listener>['events']) =>
  ['features', 'features (validation)', 'features (test)'].map((task) => countOf(events, task));

let first: FinetuneResult;

test('a run reports what the contract promises and writes every file', async () => {
  const context = listener();
  const started = performance.now();
  first = await finetune(await smallRun(data), context);
  console.log(
    `# first run: ${((performance.now() - started) / 1000).toFixed(1)} s, ${first.epochs.length} epochs`,
  );

  assert.equal(first.classes, SORTED);
  assert.equal(first.images, { train: 30, val: 12, test: 6, skipped: [] });
  assert.is(first.model, 'resnet-small');
  assert.is(first.device.kind, 'cpu');
  assert.equal(first.parameters, { total: 271_824 + 65 * 3, trainable: 65 * 3 });
  assert.is(first.best.epoch, first.epochs.length);
  assert.is(first.best.val_accuracy, first.epochs.at(-1)?.val_accuracy);
  assert.is(first.resumed_from, null);
  assert.is(first.interrupted, false);
  assert.equal(featuresOf(context.events), [30, 12, 6]);
  assert.is(countOf(context.events, 'preparing images'), 48);

  const names = readdirSync(first.run).sort();
  const [events] = names.splice(
    names.findIndex((name) => name.startsWith('events.')),
    1,
  );
  assert.equal(eventFiles(first.run), [events]);
  assert.is(scalarsOf(first.run, 'loss/train').length, first.epochs.length);
  assert.equal(
    scalarsOf(first.run, 'accuracy/best').map(([step]) => step),
    [first.epochs.length],
  );
  assert.is(loggedValues(first.run).filter(({ tag }) => tag.startsWith('weights/fc.')).length, 2);
  const expected = ['best', 'last', 'state'].map((name) => `${name}.safetensors`);
  assert.equal(names, ['classes.json', 'metrics.jsonl', 'recipe.json', ...expected].sort());
  const json = (name: string) => JSON.parse(readFileSync(join(first.run, name), 'utf8'));
  assert.equal(json('classes.json'), SORTED);
  const lines = readFileSync(join(first.run, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line)),
    first.epochs,
  );
  const { made_by, ...recipe } = json('recipe.json');
  const { l2, ...resolved } = first.resolved_defaults;
  assert.equal(recipe, resolved);
  assert.equal(made_by.device, first.device);
  assert.is(made_by.l2, l2);
  assert.is(recipe.image_size, SIDE);
});

test('every epoch has the fields of the contract, and the loss falls', () => {
  const fields = 'epoch,stage,lr,train_loss,train_accuracy,val_loss,val_accuracy,seconds,images_per_second';
  for (const [i, epoch] of first.epochs.entries()) {
    assert.is(Object.keys(epoch).join(), fields);
    assert.is(epoch.epoch, i + 1);
    assert.is(epoch.stage, 'head');
  }
  const losses = first.epochs.map(({ train_loss }) => train_loss as number);
  assert.ok(losses.at(-1)! < losses[0]!, `${losses}`);
  assert.ok(first.best.val_accuracy! > 0.9, `accuracy ${first.best.val_accuracy}: stripes are easy`);
});

test('the result is plain JSON', () => {
  assert.equal(JSON.parse(JSON.stringify(first)), first);
});

test('the checkpoint is a safetensors file with torch names and its description', async () => {
  const file = await openTensorFile(first.checkpoints.best);
  const shapes = new Map(file.tensors.map(({ name, shape }) => [name, shape]));
  await file.close();
  assert.equal(shapes.get('fc.weight'), [3, 64]);
  assert.equal(shapes.get('conv1.weight'), [16, 3, 3, 3]);
  assert.equal(shapes.get('layer3.2.bn2.running_var'), [64]);
  const { metadata } = file;
  assert.is(metadata.model, 'resnet-small');
  assert.equal(JSON.parse(metadata.task!), { kind: 'classification', classes: SORTED });
  const { kind, settings } = JSON.parse(metadata.input!);
  assert.equal([kind, settings.crop], ['image', SIDE]);
});

test('evaluate gives the accuracy that the run reported', async () => {
  const val = await evaluate({ run: first.run, data: join(data, 'val'), device: 'cpu' });
  assert.is(val.images, 12);
  assert.is(val.accuracy, first.best.val_accuracy);
  assert.equal(val.interval, first.best.interval);
  assert.equal(val.classes, SORTED);
  assert.equal(val.skipped, []);
  const reported = first.epochs.at(-1)!.val_loss!;
  assert.ok(Math.abs(val.loss! - reported) < 1e-4, `loss ${val.loss}, the run said ${reported}`);
});

test('the test folder is evaluated once, with the classes of training', async () => {
  const again = await evaluate({ run: first.checkpoints.last, data: join(data, 'test'), device: 'cpu' });
  // The run computes its head on stored features, evaluate the whole network: what probabilities sum up to differs.
  const { loss, brier, calibration, ...rest } = first.test!;
  const { loss: lossAgain, brier: brierAgain, calibration: calibrationAgain, skipped, ...others } = again;
  const { task, input, split, left_out, trained_on, ...restAgain } = others;
  assert.equal([task, input], ['classification', 'image']);
  assert.equal({ split, left_out, trained_on }, { split: null, left_out: null, trained_on: 0 });
  assert.equal(restAgain, rest);
  assert.ok(Math.abs(loss! - lossAgain!) < 1e-4);
  assert.ok(Math.abs(brier! - brierAgain!) < 1e-4);
  assert.ok(Math.abs(calibration!.error! - calibrationAgain!.error!) < 1e-4);
  assert.equal(skipped, []);
  assert.is(rest.images, 6);
  // "bee" is absent there, and stays a class.
  assert.equal(
    rest.per_class.map(({ support }) => support),
    [3, 0, 3],
  );
  assert.is(rest.per_class[1]!.recall, null);
});

test('predict names the class of a new picture', async () => {
  const folder = imageFolderOf([], 0);
  writeFiles(folder, { 'a.png': picture(0, 500), 'b.png': picture(1, 501), 'c.png': picture(2, 502) });
  const { model, images } = await predict({ run: first.run, images: [folder], device: 'cpu', top: 2 });
  assert.is(model, 'resnet-small');
  const labels = images.map((image) => ('predictions' in image ? image.predictions[0]!.label : image.error));
  assert.equal(labels, ['zebra', 'Ant', 'bee']);
  assert.ok(images.every((image) => 'predictions' in image && image.predictions.length === 2));
});

test('the stored recipe runs again: it computes nothing and writes the same bytes', async () => {
  const context = listener();
  const second = await finetune({ data, recipe: join(first.run, 'recipe.json'), out: newPath() }, context);
  assert.equal(featuresOf(context.events), [0, 0, 0]);
  assert.is(countOf(context.events, 'preparing images'), 0);
  assert.ok(readBest(second).equals(readBest(first)), 'best.safetensors differs');
});

test('cached and newly computed features give the same head', async () => {
  rmSync(cacheOf('features'), { recursive: true });
  const context = listener();
  const second = await finetune(await smallRun(data), context);
  assert.equal(featuresOf(context.events), [30, 12, 6]);
  const [head, other] = [await headOf(first), await headOf(second)];
  const difference = Math.max(...head.map((value, i) => Math.abs(value - other[i]!)));
  console.log(`# cached and uncached heads differ by ${difference}`);
  assert.ok(difference <= 1e-5);
});

test('one changed pixel computes that picture again and no other', async () => {
  const name = 'train/Ant/Ant-0.png';
  const changed = picture(1, 0);
  const before = readFileSync(join(data, name));
  writeFiles(data, { [name]: withOneChangedPixel(changed) });
  const context = listener();
  await finetune(await smallRun(data), context);
  writeFiles(data, { [name]: before });
  assert.is(countOf(context.events, 'preparing images'), 1);
  assert.equal(featuresOf(context.events), [1, 0, 0]);
});

test('a copied picture is computed once, and no part need be held out', async () => {
  const folder = imageFolderOf([], 0);
  writeFiles(folder, pictures(['x', 'y'], 3, 300));
  writeFiles(folder, { 'x/copy.png': readFileSync(join(folder, 'x/x-300.png')) });
  const context = listener();
  const result = await finetune(await smallRun(folder, { valSplit: 0 }), context);
  assert.is(result.images.train, 7);
  assert.equal(featuresOf(context.events), [6, 0, 0]);
  assert.equal(result.best, { epoch: result.epochs.length, val_accuracy: null, interval: null });
  assert.is(result.test, null);
});

test('copies of training images among those that measure are told', async () => {
  const folder = imageFolderOf([], 0);
  const train = pictures(['x', 'y'], 5, 300);
  writeFiles(join(folder, 'train'), train);
  writeFiles(join(folder, 'val'), pictures(['x', 'y'], 2, 400));
  const notes = async () => {
    const context = listener();
    const found = await findImages(folder, splitOf({}));
    const options = { input: imageInfo(imagenetPreprocessing(SIDE)), variation: null, workers: 1 };
    await (await prepareTrainingData(found, options, context)).close();
    return context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  };
  assert.not.match((await notes()).join(), 'Note:');
  writeFiles(join(folder, 'val/x'), { 'again.png': train['x/x-300.png']! });
  writeFiles(
    join(folder, 'test/y'),
    Object.fromEntries(Object.values(train).map((file, i) => [`${i}.png`, file])),
  );
  const told = (await notes()).filter((text) => text.startsWith('Note:'));
  assert.equal(told, [
    'Note: 1 of 5 validation files is a copy of training files, byte by byte (x/again.png): what is measured by them is too good.',
    'Note: 10 of 10 test files are copies of training files, byte by byte (y/0.png, y/1.png, y/2.png and 7 more): what is measured by them is too good.',
    'Note: 5 pictures lie in more than one class, byte by byte (x/x-300.png as x, y/0.png as y; x/x-301.png as x, y/1.png as y; x/x-302.png as x, y/2.png as y; and 2 more): decide which class is right, and remove the other copies.',
  ]);
});

test('without a validation folder a stratified part of the images is held out', async () => {
  const folder = imageFolderOf(['x', 'y'], 5);
  const result = await finetune(await smallRun(folder, { valSplit: 0.4, headEpochs: 1 }));
  assert.equal(result.images, { train: 6, val: 4, test: 0, skipped: [] });
});

test('head epochs limit the iterations, and a run without a name gets a folder in runs/', async () => {
  const weights = await imagenetWeights();
  const { out: _, ...options } = await smallRun(data, { weights, headEpochs: 3 });
  const before = process.cwd();
  process.chdir(imageFolderOf([], 0));
  try {
    const result = await finetune(options);
    assert.match(result.run, /runs[/\\]\d{4}-\d\d-\d\d_\d{6}_resnet-small$/);
    assert.ok(existsSync(result.checkpoints.best));
    assert.equal(result.parameters, { total: 271_824 + 65 * 3, trainable: 65 * 3 });
    assert.is(result.epochs.length, 3);
    assert.is(result.resolved_defaults.head_epochs, 3);
  } finally {
    process.chdir(before);
  }
});

test('other weights are other features', async () => {
  const weights = await writeWeights(`${newPath()}.safetensors`, 6, 1000, 'resnet-small');
  const context = listener();
  await finetune(await smallRun(data, { weights, headEpochs: 1 }), context);
  assert.equal(featuresOf(context.events), [30, 12, 6]);
});

/** The head of a run, weights and biases. */
async function headOf({ checkpoints }: FinetuneResult): Promise<number[]> {
  const file = await openTensorFile(checkpoints.best);
  const values: number[] = [];
  for (const tensor of file.tensors) if (tensor.name.startsWith('fc.')) values.push(...(await tensor.read()));
  await file.close();
  return values;
}

/** A PNG with one channel of its middle pixel changed. */
function withOneChangedPixel(bytes: Uint8Array): Uint8Array {
  const png = PNG.sync.read(Buffer.from(bytes));
  png.data[(png.width * (png.height / 2) + png.width / 2) * 4]! ^= 1;
  return PNG.sync.write(png);
}

test.run();
