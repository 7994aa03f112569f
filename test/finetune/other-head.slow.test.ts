/** Networks whose trunk is whole and whose head is another one: the trunk is used, the head named, and nothing answers by chance. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert, evaluate, finetune, predict } from '#src/finetune/index';
import { loadModel } from '#src/runs/model-source';
import { stateDict } from '#src/nn/index';
import { explain } from '#src/report/index';
import { attuneHere } from '../cli/support.js';
import { writeOtherHead, writeQuantised } from './other-head.js';
import { fails, imageFolderOf, listener, newFolder, newPath, smallRun } from './support.js';

const DENSE = { dense_1: [1280, 256], dense_2: [256, 128], dense_3: [128, 5] } as const;
/** Linear, ReLU, Linear where the network has one linear layer. */
const TWO = { 'fc.0.weight': [32, 64], 'fc.0.bias': [32], 'fc.2.weight': [5, 32], 'fc.2.bias': [5] };

const quantised = writeQuantised(newFolder(), DENSE);

test('of a quantised MobileNetV2 with three dense layers the trunk is loaded', async () => {
  const { model, hasHead, leftOut } = await loadModel({ weights: quantised }, {});
  assert.is(model.architecture, 'mobilenet_v2-keras');
  assert.equal([hasHead, leftOut], [false, ['dense_1', 'dense_2', 'dense_3']]);
  const variance = (await stateDict(model)).get('Conv_1_bn.running_var')?.data as Float32Array;
  assert.ok(variance.every((value) => value >= 0.5 && value <= 1.5 + 1e-6) && new Set(variance).size > 100);
});

test('inspect says so, and nothing else', async () => {
  const { stdout } = await attuneHere(['inspect', quantised]);
  assert.match(stdout, /\narchitecture +mobilenet_v2-keras, with another head: dense_1, dense_2, dense_3\n/);
  assert.match(
    stdout,
    /\ngood for +finetune with --weights, and convert, which leave dense_1, dense_2, dense_3 out; nothing answers/,
  );
  const json = JSON.parse((await attuneHere(['inspect', quantised, '--json'])).stdout);
  assert.equal([json.architecture, json.left_out], ['mobilenet_v2-keras', Object.keys(DENSE)]);
});

test('nothing answers with a head that is not there', async () => {
  const images = imageFolderOf(['ant', 'bee'], 1);
  const sentence =
    /the last layers of the weights, dense_1, dense_2, dense_3, are none that mobilenet_v2-keras has, so that nothing here can answer \(.*model\.json\): train a last layer/;
  await fails(predict({ weights: quantised, images: [images] }), 'weights', sentence);
  await fails(evaluate({ weights: quantised, data: images }), 'weights', sentence);
  await fails(explain({ weights: quantised, images: [images], out: newPath() }), 'weights', sentence);
});

test('nor with the random one of a network whose file has none', async () => {
  const images = imageFolderOf(['ant', 'bee'], 1);
  const headless = await writeOtherHead(`${newPath()}.pth`, {});
  await fails(
    predict({ weights: headless, images: [images] }),
    'weights',
    /the weights have no last layer, so that nothing here can answer/,
  );
});

test('finetune takes the trunk, says what it left out, and its run answers; inspect takes the run', async () => {
  const weights = await writeOtherHead(`${newPath()}.pth`, TWO);
  const data = imageFolderOf(['ant', 'bee'], 5);
  const heard = listener();
  const { run } = await finetune(await smallRun(data, { weights, strategy: 'probe' }), heard);
  const notes = heard.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.ok(
    notes.some((note) => /resnet-small does not have, which are left out: fc\.0, fc\.2\./.test(note)),
    notes.join('\n'),
  );
  const { images } = await predict({ run, images: [data], device: 'cpu' });
  assert.ok(images.every((image) => 'predictions' in image));

  const { status, stdout, stderr } = await attuneHere(['inspect', run]);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^of the run +best\.safetensors\n/);
  assert.match(stdout, /\narchitecture +resnet-small, 2 classes\n/);
  assert.match(stdout, /\nclasses +ant, bee\n/);
  const other = await attuneHere(['inspect', data]);
  assert.is(other.status, 1);
  assert.match(other.stderr, /holds no best\.safetensors, so it is no finished run/);
});

test('convert writes the trunk, and names the rest', async () => {
  const weights = await writeOtherHead(`${newPath()}.pth`, TWO);
  const { left_out, outputs } = await convert({ from: weights, to: join(newFolder(), 'a.safetensors') });
  assert.equal([left_out, outputs], [['fc.0', 'fc.2'], null]);
  await fails(
    convert({ from: weights, to: join(newFolder(), 'a.onnx') }),
    'weights',
    /the last layers of the weights, fc\.0, fc\.2, are none that resnet-small has, and ONNX needs it/,
  );
});

test('what may be a part of the trunk is no head: the file is refused as a whole, and inspect agrees', async () => {
  const head = { 'fc.weight': [2, 64], 'fc.bias': [2] };
  const strange = {
    'a layer between blocks': { ...head, 'attention.weight': [16, 32] },
    'a convolution': { ...head, 'squeeze.weight': [64, 64, 1, 1] },
  };
  for (const [what, tensors] of Object.entries(strange)) {
    const weights = await writeOtherHead(`${newPath()}.pth`, tensors);
    await fails(loadModel({ weights }, {}), 'weights', /do not fit the model; unexpected 1/);
    const { stdout } = await attuneHere(['inspect', weights]);
    assert.match(stdout, /\ngood for +nothing here: tensors that are no part of resnet-small/, what);
  }
});

test.run();
