/** TensorFlow.js models, with the topology and weights that TensorFlow.js gave (make-tfjs-fixtures.mjs). */

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { openTensorFile } from '#src/formats/any-format/open';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { assertHolds, expected, fixture, memorySiblings, rejects, tensorOf } from '../support.js';

const open = (name: string) => openTensorFile(fixture(`tfjs/${name}/model.json`));

for (const name of ['layers', 'quantized']) {
  test(`${name}: every weight, also across files`, async () => {
    const file = await open(name);
    assert.is(file.format, 'tfjs-layers');
    assert.is(file.layout, 'keras');
    await assertHolds(file, expected(`tfjs/${name}.json`));
    await file.close();
  });
}

test('a batch norm has its epsilon beside its variance, as the topology says', async () => {
  const file = await open('layers');
  const told = file.tensors.filter(({ epsilon }) => epsilon !== undefined);
  assert.equal(
    told.map(({ name, epsilon }) => [name, epsilon]),
    [['bn_Conv1/moving_variance', 0.001]],
  );
  await file.close();
  const config = { layers: [{ class_name: 'BatchNormalization', config: { name: 'a', epsilon: 0.5 } }] };
  for (const modelTopology of [
    { class_name: 'Sequential', config },
    { model_config: { class_name: 'Sequential', config }, keras_version: '2.15.0' },
  ]) {
    const { tensors } = await read(
      model([{ ...WEIGHT, name: 'model/a/moving_variance' }], ['a.bin'], { modelTopology }),
    );
    assert.is(tensors[0].epsilon, 0.5);
  }
});

test('a graph model is told by its nodes', async () => {
  const file = await open('graph');
  assert.is(file.format, 'tfjs-graph');
  assert.equal([...(await tensorOf(file, 'MobilenetV1/Conv2d_0/weights').read())], [1, 2, 3, 4]);
  assert.is(tensorOf(file, 'axis').dtype, 'I32');
  await file.close();
});

const WEIGHT = { name: 'a', shape: [2], dtype: 'float32' };
const model = (weights: unknown, paths: unknown = ['a.bin'], more = {}) =>
  JSON.stringify({ ...more, weightsManifest: [{ paths, weights }] });

function read(text: string, bytes = new Uint8Array(8)) {
  const source = memorySource(new TextEncoder().encode(text), 'model.json');
  return readTensorFile(source, memorySiblings({ 'a.bin': bytes, 'sub/b.bin': bytes }));
}

test('files in folders below the model', async () => {
  const file = await read(model([WEIGHT, { ...WEIGHT, name: 'b' }], ['a.bin', 'sub/b.bin']));
  assert.is(file.tensors.length, 2);
});

const hostile: [what: string, text: string, sentence: RegExp][] = [
  ['climbs', model([WEIGHT], ['../a.bin']), /not a path within its folder/],
  ['climbs within', model([WEIGHT], ['sub/../a.bin']), /not a path within its folder/],
  ['absolute', model([WEIGHT], ['/etc/passwd']), /not a path within its folder/],
  ['another system', model([WEIGHT], ['C:\\a.bin']), /not a path within its folder/],
  ['a zero', model([WEIGHT], ['a.bin\u0000']), /not a path within its folder/],
  ['empty', model([WEIGHT], ['']), /not a path within its folder/],
  ['missing', model([WEIGHT], ['b.bin']), /there is no file/],
  ['too few bytes', model([{ ...WEIGHT, shape: [3] }]), /weights take 12 bytes but their files have 8/],
  ['too many bytes', model([{ ...WEIGHT, shape: [1] }]), /weights take 4 bytes but their files have 8/],
  ['a shape', model([{ ...WEIGHT, shape: [2 ** 40, 2 ** 40] }]), /too large/],
  ['dimensions', model([{ ...WEIGHT, shape: Array(65).fill(1) }]), /more than 64 dimensions/],
  ['a string', model([{ ...WEIGHT, dtype: 'string' }]), /"string" is not a number/],
  ['no name', model([{ shape: [2], dtype: 'float32' }]), /no name or no dtype/],
  [
    'a name twice',
    model([
      { ...WEIGHT, shape: [1] },
      { ...WEIGHT, shape: [1] },
    ]),
    /appears twice/,
  ],
  ['no scale', model([{ ...WEIGHT, quantization: { dtype: 'uint8', min: 0 } }]), /no scale and min/],
  ['a quantization', model([{ ...WEIGHT, quantization: { dtype: 'int32' } }]), /no dtype uint8/],
  [
    'quantised integers',
    model([{ ...WEIGHT, dtype: 'int32', quantization: { dtype: 'uint8', scale: 1, min: 0 } }]),
    /is not float32/,
  ],
  [
    'an endless scale',
    model([WEIGHT]).replace('[2]', '[2],"quantization":{"scale":1e999}'),
    /a number is expected/,
  ],
  ['a file twice', model([{ ...WEIGHT, shape: [4] }], ['a.bin', 'a.bin']), /named twice/],
  ['files', model([WEIGHT], Array(2001).fill('a.bin')), /more than 2000 files/],
  ['no weights', '{"architectures": ["ResNet"]}', /JSON text without weights.*name the file/],
  ['a topology', '{"modelTopology": null, "weightsManifest": 3}', /"\[" is expected/],
  ['depth', `{"modelTopology": {"a": ${'['.repeat(500)}`, /nested more than 200/],
];

for (const [what, text, sentence] of hostile) {
  test(`refused: ${what}`, () => rejects(() => read(text), sentence));
}

test('a JSON text that is too long is not read', async () => {
  const source = memorySource(new TextEncoder().encode('{'), 'model.json');
  const claimed = { ...source, size: 2 ** 27, read: async () => new TextEncoder().encode('{'.padEnd(512)) };
  await rejects(() => readTensorFile(claimed), /134217728 bytes, more than/);
});

test('a model without its files', async () => {
  const source = memorySource(new TextEncoder().encode(model([WEIGHT])));
  await rejects(() => readTensorFile(source), /in other files.*by its path/);
  await rejects(() => read('{"a": "\u00ff"}'.replace('\u00ff', '\ud800')), /without weights|malformed/);
});

/** Files that this process has open, where the system tells. */
function openFiles(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

test('links: weights stay in their folder, and files are closed when another is missing', async () => {
  if (process.platform === 'win32') return;
  const folder = mkdtempSync(join(tmpdir(), 'attune-tfjs-'));
  try {
    const inside = join(folder, 'model');
    mkdirSync(inside);
    writeFileSync(join(folder, 'secret.bin'), new Uint8Array(8));
    writeFileSync(join(inside, 'model.json'), model([WEIGHT]));
    const path = join(inside, 'model.json');
    await rejects(() => openTensorFile(path), /no such file/, 'input');
    // Of two files the first is there; it is closed again.
    writeFileSync(join(inside, 'two.json'), model([WEIGHT], ['b.bin', 'missing.bin']));
    writeFileSync(join(inside, 'b.bin'), new Uint8Array(4));
    const before = openFiles();
    for (let i = 0; i < 20; i++) {
      await rejects(() => openTensorFile(join(inside, 'two.json')), /no such file/, 'input');
    }
    assert.ok(openFiles() <= before + 1, 'files stay open');
    symlinkSync('../secret.bin', join(inside, 'a.bin'));
    await rejects(() => openTensorFile(path), /a link that leads out of the folder/);
    rmSync(join(inside, 'a.bin'));
    writeFileSync(join(inside, 'b.bin'), readFileSync(join(folder, 'secret.bin')));
    symlinkSync('b.bin', join(inside, 'a.bin'));
    const file = await openTensorFile(path);
    assert.equal([...(await file.tensors[0].read())], [0, 0]);
    await file.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
