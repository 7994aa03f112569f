/** Values in place of classes: from a CSV file to a run, its measures and its predictions. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { convert, evaluate, finetune, predict, type Recipe } from '#src/finetune/index';
import { resolveRecipe } from '#src/recipe/recipe';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, readTensors } from './full-support.js';
import { brightnessData } from './regression-support.js';
import { countOf, fails, imageFolderOf, listener, newFolder, newPath, scratch, smallRun } from './support.js';

const data = brightnessData(40);
const others = brightnessData(8, 100);

const probed = await (async () => {
  const context = listener();
  const options = await smallRun(data.csv, { strategy: 'probe', val: others.csv });
  const result = await finetune<'regression'>(options, context);
  return { ...result, notes: context.events.flatMap((event) => (event.type === 'note' ? [event.text] : [])) };
})();

test('a probe finds what the brightness of pictures follows from', () => {
  const { best, columns, images, test: tested, epochs } = probed;
  console.log(`# R2 ${best.val_r2}, MAE ${best.val_mae}, loss ${best.val_loss}`);
  assert.equal(columns, ['lux', 'darkness']);
  assert.equal([images.train, images.val, images.test, tested], [40, 8, 0, null]);
  assert.ok(best.val_r2! > 0.9, `R2 ${best.val_r2}`);
  assert.is('classes' in probed, false);
  const fields = 'epoch,stage,lr,train_loss,val_loss,val_mae,val_r2,seconds,images_per_second';
  assert.is(Object.keys(epochs.at(-1)!).join(), fields);
  assert.ok(Math.abs(epochs.at(-1)!.val_loss! - best.val_loss!) < 1e-5);
});

test('what is learned is told before it begins', () => {
  assert.equal(probed.notes.slice(0, 2), [
    '40 images to train, 8 to validate.',
    '2 columns of values: lux (5360 ± 2670), darkness (0.464 ± 0.267).',
  ]);
  assert.is(
    probed.notes.some((note) => /class-weights|sampling|label-smoothing/.test(note)),
    false,
  );
});

test('the run folder says which columns its outputs are, and the checkpoint gives their units', async () => {
  const json = (name: string) => JSON.parse(readFileSync(join(probed.run, name), 'utf8'));
  assert.equal(json('columns.json'), ['lux', 'darkness']);
  assert.is(readdirSync(probed.run).includes('classes.json'), false);
  const tensors = await readTensors(probed.checkpoints.best);
  const bias = tensors.get('fc.bias')!;
  assert.ok(Math.abs(bias[0]!) > 100 * Math.abs(bias[1]!), `${bias}: lux is in the thousands`);
});

test('a checkpoint with two columns of one name is refused: an answer would lose one of them', async () => {
  const bytes = readFileSync(probed.checkpoints.best);
  // Inside the metadata, JSON within JSON: quotes are escaped, and blanks mean nothing.
  const [name, other] = ['\\"darkness\\"', '\\"lux\\"     '];
  const at = bytes.indexOf(name);
  assert.ok(at > 0 && name.length === other.length);
  bytes.write(other, at);
  const run = join(newFolder(), 'twice.safetensors');
  writeFileSync(run, bytes);
  const images = [join(others.folder, 'pictures')];
  await fails(
    predict({ run, images, device: 'cpu' }),
    'weights',
    /the metadata lack the model or its classes/,
  );
});

test('evaluate measures a run on a CSV file as the run did, column by column', async () => {
  const { run, best } = probed;
  const found = await evaluate<'regression'>({ run, data: others.csv, device: 'cpu' });
  const close = (a: number | null, b: number | null) =>
    assert.ok(Math.abs(a! - b!) < 1e-4 * Math.abs(b!), `${a}, ${b}`);
  close(found.r2, best.val_r2);
  close(found.mae, best.val_mae);
  close(found.loss, best.val_loss);
  assert.equal(
    found.per_column.map(({ column }) => column),
    ['lux', 'darkness'],
  );
  assert.equal([found.images, found.skipped], [8, []]);
});

test('predict gives values by column, in its unit', async () => {
  const { images } = await predict<'regression'>({
    run: probed.run,
    images: [join(others.folder, 'pictures')],
    device: 'cpu',
  });
  const lines = readFileSync(others.csv, 'utf8').trim().split('\n').slice(1);
  for (const line of lines) {
    const [name, lux] = line.split(',');
    const image = images.find(({ path }) => path === join(others.folder, name!))!;
    assert.ok('values' in image);
    assert.equal(Object.keys(image.values), ['lux', 'darkness']);
    assert.ok(Math.abs(image.values.lux! - Number(lux)) < 2500, `${name}: ${image.values.lux} beside ${lux}`);
  }
});

test('what is for classes is refused before an image is read', async () => {
  const refused = async (more: object, words: RegExp) => {
    const context = listener();
    const options = fullRun(data.csv, more);
    await fails(finetune(options, context), 'usage', words);
    assert.is(countOf(context.events, 'reading images'), 0);
  };
  const ofClasses = (flag: string) =>
    new RegExp(`^this is for classes, and values are learnt \\(lux, darkness\\) \\(${flag}\\)`);
  await refused({ classWeights: 'balanced' }, ofClasses('--class-weights'));
  await refused({ sampling: 'balanced' }, ofClasses('--sampling'));
  await refused({ labelSmoothing: 0.1 }, ofClasses('--label-smoothing'));
  await refused(
    { val: data.folder },
    /^the rows of a CSV file are compared with those of another, and .* is none \(--val\)/,
  );
  await refused({ val: data.csv }, /^pictures\/grey 0\.png is among the training images, too \(--val\)/);
  const recipe = join(scratch, 'smooth.json');
  writeFileSync(recipe, '{ "label_smoothing": 0.1 }');
  await refused({ recipe }, ofClasses('label_smoothing in .*smooth\\.json'));
});

test('what is for values is refused of classes', async () => {
  const folder = imageFolderOf(['ant', 'bee'], 2);
  const words = /^this is for a CSV file, and the data is in class folders/;
  await fails(finetune(fullRun(folder, { target: ['age'] })), 'usage', words);
  await fails(finetune(fullRun(folder, { images: folder })), 'usage', words);
  const { run } = probed;
  await fails(
    evaluate({ run, data: folder }),
    'usage',
    /^the model gives values of lux, darkness, which only a CSV/,
  );
  const image = join(others.folder, 'pictures/grey 100.png');
  await fails(
    predict({ run, images: [image], top: 2 }),
    'usage',
    /^the model gives values, of which all are shown \(--top\)/,
  );
  await fails(
    evaluate({ model: 'resnet-small', weights: 'none', data: data.csv }),
    'data',
    /^no column holds labels that are all classes of the network/,
  );
});

test('a full stage from the fitted head keeps the statistics of batch norm, and gradients are short', () => {
  const facts = { images: 500, smallestClass: 500, model: 'resnet18', weights: 'none', side: 224 };
  const of = (data: string, strategy: Recipe['strategy']) => {
    const target = data === 'values.csv' ? ['lux'] : null;
    const { batch_norm, max_gradient_norm } = resolveRecipe({ data, target, strategy }, facts);
    return [batch_norm, max_gradient_norm];
  };
  assert.equal(of('values.csv', 'probe-then-full'), ['frozen', 1]);
  assert.equal(of('values.csv', 'full'), ['auto', 1]);
  assert.equal(of('photos', 'probe-then-full'), ['auto', 0]);
  assert.equal(of('labels.csv', 'probe-then-full'), ['auto', 0]);
});

test('a column of one value, and parts without a row to train with, are refused', async () => {
  const constant = join(data.folder, 'constant.csv');
  writeFileSync(
    constant,
    'image,a,b\npictures/grey 0.png,1,7\npictures/grey 1.png,2,7\npictures/grey 2.png,3,7\n',
  );
  const options = { valSplit: 0 };
  await fails(
    finetune(fullRun(constant, options)),
    'data',
    /^all training rows have the same value of b, 7 .*--target/,
  );
  const untrained = join(data.folder, 'untrained.csv');
  writeFileSync(untrained, 'image,a,split\npictures/grey 0.png,1,val\npictures/grey 1.png,2,test\n');
  await fails(finetune(fullRun(untrained)), 'data', /^the column split names no row to train with/);
});

test('an export of a regression gives values, without a softmax', async () => {
  const [onnx, keras] = [`${newPath()}.onnx`, `${newPath()}.json`];
  await convert({ from: probed.run, to: onnx });
  assert.is(readFileSync(onnx).includes('Softmax'), false);
  const { classes } = await convert({ from: probed.run, to: keras });
  assert.equal(classes, ['lux', 'darkness']);
  assert.is(readFileSync(keras, 'utf8').includes('softmax'), false);
});

test.run();
