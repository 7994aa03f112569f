/** Evaluating and predicting with weights that no run made, and what both do with bad input. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openTensorFile } from '#src/formats/index';
import { evaluate, finetune, predict, type RunEvent, topPredictions } from '#src/finetune/index';
import { imagenetClasses } from '#src/models/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  fails,
  imageFolderOf,
  newFolder,
  newPath,
  picture,
  pictures,
  imagenetWeights,
  scratch,
  smallRun,
  writeFiles,
  writeWeights,
} from './support.js';

const CPU = { device: 'cpu', threads: 1 } as const;
const data = imageFolderOf(['cat', 'dog', 'owl'], 6);
let run = '';

test.before(async () => {
  run = (await finetune(await smallRun(data, { headEpochs: 5 }))).run;
});

test('a class that the folder lacks shifts nothing; its metrics are null', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['cat', 'dog', 'owl'], 2, 50));
  const whole = await evaluate({ run, data: folder, ...CPU });
  const part = newFolder();
  // Kinds of stripes go with the position in the list: owl is the third.
  writeFiles(part, { 'owl/1.png': picture(2, 50), 'owl/2.png': picture(2, 51) });
  const owls = await evaluate({ run, data: part, ...CPU });
  assert.is(whole.images, 6);
  assert.equal(owls.confusion[2], whole.confusion[2]);
  assert.equal(owls.confusion[0], [0, 0, 0]);
  assert.is(owls.per_class[0]!.recall, null);
  assert.is(owls.top5_accuracy, null, 'three classes have no top-5');
});

test('a checkpoint knows the temperature that its validation images gave', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['cat', 'dog', 'owl'], 2, 50));
  const { calibration, loss } = await evaluate({ run, data: folder, ...CPU });
  assert.ok(calibration !== null && calibration.temperature !== null);
  assert.is(calibration.scaled_loss === loss, calibration.temperature === 1);
  const file = await openTensorFile(join(run, 'best.safetensors'));
  assert.is(Number(file.metadata['temperature']), calibration.temperature);
  await file.close();
});

test('a class that the run does not know is an error that names it', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['cat', 'wolf'], 1));
  await fails(evaluate({ run, data: folder, ...CPU }), 'data', /wolf/);
});

test('nothing to evaluate, no such run, a folder that is no run', async () => {
  await fails(evaluate({ run, data: newFolder(), ...CPU }), 'data', /no images/);
  await fails(evaluate({ run: newPath(), data, ...CPU }), 'input', /no such run/);
  await fails(evaluate({ run: data, data, ...CPU }), 'input', /no best\.safetensors/);
  const weights = await imagenetWeights();
  await fails(evaluate({ run: weights, data, ...CPU }), 'input', /did not write this checkpoint.*--weights/);
});

test('a checkpoint whose description is damaged is refused', async () => {
  const bytes = readFileSync(join(run, 'best.safetensors'));
  const folder = newFolder();
  const change = (name: string, from: string, to: string) => {
    const at = bytes.indexOf(from);
    assert.ok(at > 0 && from.length === to.length, name);
    const changed = Buffer.from(bytes);
    changed.write(to, at);
    writeFiles(folder, { [name]: changed });
    return join(folder, name);
  };
  // Inside the metadata, JSON within JSON: quotes are escaped.
  const damaged = change('json.safetensors', '[\\"cat\\",', '{\\"cat\\",');
  await fails(evaluate({ run: damaged, data, ...CPU }), 'weights', /damaged/);
  const fewer = change('fewer.safetensors', '[\\"cat\\",\\"dog\\"', '[\\"cat and dog\\"');
  await fails(evaluate({ run: fewer, data, ...CPU }), 'weights', /names 2 classes and has 3 outputs/);
  const newer = change('newer.safetensors', '"attune":"2"', '"attune":"9"');
  await fails(evaluate({ run: newer, data, ...CPU }), 'weights', /version 9.*update attune/);
  const [temperature = ''] = /"temperature":"[^"]*"/.exec(bytes.toString('latin1')) ?? [];
  const cold = change('cold.safetensors', temperature, temperature.replace(/[1-9]/g, '0'));
  await fails(
    evaluate({ run: cold, data, ...CPU }),
    'weights',
    /the temperature in the metadata is no positive/,
  );
  // Of one that is far too small, probabilities were null; and of one far too large all the same.
  for (const value of ['5e-324', '0.001', '1e300']) {
    const text = `"temperature":"${value.padEnd(temperature.length - '"temperature":""'.length)}"`;
    const run = change(`temperature-${value}.safetensors`, temperature, text);
    await fails(
      evaluate({ run, data, ...CPU }),
      'weights',
      /temperature .* no positive number from 0\.01 to 100/,
    );
  }
});

test('predicted probabilities are calibrated by the temperature of the checkpoint, logits are as they come', async () => {
  const file = await openTensorFile(join(run, 'best.safetensors'));
  const temperature = Number(file.metadata['temperature']);
  await file.close();
  assert.ok(temperature > 0 && temperature !== 1);
  const { images } = await predict({ run, images: [data], top: 3, ...CPU });
  for (const image of images) {
    assert.ok('predictions' in image);
    const { predictions } = image;
    const scaled = predictions.map(({ logit }) => Math.exp((logit - predictions[0]!.logit) / temperature));
    const total = scaled.reduce((sum, value) => sum + value, 0);
    predictions.forEach(({ probability }, i) => {
      assert.ok(Math.abs(probability - scaled[i]! / total) < 1e-12);
    });
  }
});

test("ImageNet's folders may be named by WordNet id", async () => {
  const classes = imagenetClasses();
  const folder = newFolder();
  writeFiles(folder, {
    [`${classes[7]!.wordnetId}/a.png`]: picture(0, 1),
    [`${classes[300]!.wordnetId}/b.png`]: picture(1, 1),
  });
  const result = await evaluate({ weights: await imagenetWeights(), data: folder, ...CPU });
  assert.is(result.images, 2);
  assert.is(result.classes.length, 1000);
  const supported = result.per_class.flatMap(({ support }, index) => (support > 0 ? [index] : []));
  assert.equal(supported, [7, 300]);
  assert.type(result.top5_accuracy, 'number');
  assert.is(result.calibration?.temperature, null, 'these weights know none');
});

test('weights with other outputs have classes by number', async () => {
  const weights = await writeWeights(join(newFolder(), 'four.safetensors'), 9, 4, 'resnet-small');
  const folder = newFolder();
  writeFiles(folder, { 'class 0/a.png': picture(0, 1), 'class 3/b.png': picture(0, 2) });
  const { classes, images } = await evaluate({ weights, data: folder, ...CPU });
  assert.equal(classes, ['class 0', 'class 1', 'class 2', 'class 3']);
  assert.is(images, 2);
});

test('unreadable pictures are named by evaluate', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(['cat', 'dog'], 12, 60));
  writeFiles(folder, { 'cat/torn.png': picture(0, 1).subarray(0, 60) });
  const { images, skipped } = await evaluate({ run, data: folder, ...CPU });
  assert.is(images, 24);
  assert.equal(
    skipped.map(({ path }) => path),
    [join(folder, 'cat', 'torn.png')],
  );
});

test('the batch size changes no prediction, and must be one', async () => {
  const all = await evaluate({ run, data, ...CPU });
  const small = await evaluate({ run, data, batchSize: 5, ...CPU });
  assert.equal(small.confusion, all.confusion);
  assert.ok(Math.abs(small.loss! - all.loss!) < 1e-5);
  for (const batchSize of [0, -1, 1.5, Number.NaN]) {
    await fails(evaluate({ run, data, batchSize, ...CPU }), 'usage', /batch size/);
  }
});

test('predict goes on after a picture that cannot be read', async () => {
  const folder = newFolder();
  writeFiles(folder, {
    'a.png': picture(0, 70),
    'b.png': picture(0, 71).subarray(0, 60),
    'c.png': picture(1, 70),
  });
  const { images } = await predict({ run, images: [folder], ...CPU });
  assert.equal(
    images.map(({ path }) => path),
    ['a.png', 'b.png', 'c.png'].map((name) => join(folder, name)),
  );
  assert.equal(
    images.map((image) => 'error' in image),
    [false, true, false],
  );
  for (const image of images) {
    if (!('predictions' in image)) continue;
    assert.is(image.predictions.length, 3, 'no more labels than classes');
    const total = image.predictions.reduce((sum, { probability }) => sum + probability, 0);
    assert.ok(Math.abs(total - 1) < 1e-6);
  }
});

test('predict reads an image when its batch comes: however many there are, a few are held at a time', async () => {
  const folder = newFolder();
  const last = 'z.png';
  writeFiles(folder, { ...pictures(['a'], 40), [last]: picture(0, 70) });
  const onEvent = (event: RunEvent) => {
    if (event.type === 'progress' && event.task === 'predicting' && event.done > 0)
      rmSync(join(folder, last), { force: true });
  };
  const { images } = await predict({ run, images: [folder], ...CPU }, { onEvent });
  assert.is(images.filter((image) => 'predictions' in image).length, 40);
  assert.equal(images.at(-1), { path: join(folder, last), error: 'there is no such image' });
});

test('predict without a readable picture opens no device', async () => {
  const folder = newFolder();
  writeFiles(folder, { 'torn.png': picture(0, 1).subarray(0, 60) });
  const { images } = await predict({ run, images: [folder], device: 'webgpu', adapter: 'nonesuch' });
  assert.ok('error' in images[0]!);
});

test('predict names what is missing', async () => {
  await fails(predict({ run, images: [newFolder()], ...CPU }), 'input', /no images/);
  await fails(predict({ run, images: [join(scratch, 'nowhere.png')], ...CPU }), 'input', /nowhere\.png/);
  for (const top of [0, -1, 1.5]) {
    await fails(predict({ run, images: [data], top, ...CPU }), 'usage', /--top/);
  }
});

test('a picture named twice is predicted once, and a folder is read in order', async () => {
  const folder = newFolder();
  writeFiles(folder, { 'x.png': picture(0, 80), 'deep/y.png': picture(1, 80) });
  const twice = join(folder, 'x.png');
  const { images } = await predict({ run, images: [twice, folder, twice], top: 1, ...CPU });
  assert.equal(
    images.map(({ path }) => path),
    [twice, join(folder, 'deep', 'y.png')],
  );
});

test('an interruption ends evaluate and predict', async () => {
  const signal = AbortSignal.abort();
  await fails(evaluate({ run, data, ...CPU }, { signal }), 'interrupted', /interrupted/);
  await fails(predict({ run, images: [data], ...CPU }, { signal }), 'interrupted', /interrupted/);
});

test('the largest logits come first, equal ones by index, with softmax probabilities', () => {
  const found = topPredictions([1, 3, 3, -1000], ['a', 'b', 'c', 'd'], 3);
  assert.equal(
    found.map(({ label, index }) => [label, index]),
    [
      ['b', 1],
      ['c', 2],
      ['a', 0],
    ],
  );
  const e = Math.exp(-2);
  assert.ok(Math.abs(found[0]!.probability - 1 / (2 + e)) < 1e-12);
  assert.is(found[2]!.logit, 1);
  const far = topPredictions([2000, 0], ['a', 'b'], 2);
  assert.equal(
    far.map(({ probability }) => probability),
    [1, 0],
  );
});

test.run();
