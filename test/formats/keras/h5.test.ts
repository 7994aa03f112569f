/** Keras's three containers, from files with the structure that Keras writes (make-keras-fixtures.py). */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { type GroupToWrite, hdf5Pieces } from '#src/formats/hdf5/write';
import { openTensorFile } from '#src/formats/any-format/open';
import { readTensorFile } from '#src/formats/any-format/recognise';
import type { TensorFile } from '#src/formats/tensors';
import type { TensorToWrite } from '#src/formats/to-write';
import { modelTensors } from '#src/models/naming';
import { assertHolds, expected, fileOf, fixture, fixtureBytes, rejects, tensorOf, zip } from '../support.js';

const open = (name: string) => openTensorFile(fixture(`keras/${name}`));

for (const [name, format, values] of [
  ['weights.h5', 'keras-h5', 'layers'],
  ['model.h5', 'keras-h5', 'layers'],
  ['nested.h5', 'keras-h5', 'nested'],
  ['version-1.8.h5', 'keras-h5', 'version-1.8'],
  ['kinds.h5', 'keras-h5', 'kinds'],
  ['model.keras', 'keras', 'layers'],
] as const) {
  test(`${name} gives every variable by its name`, async () => {
    const file = await open(name);
    assert.is(file.format, format);
    assert.is(file.layout, 'keras');
    await assertHolds(file, expected(`keras/${values}.json`));
    await file.close();
  });
}

test('layers come in the order of the model, not of the file', async () => {
  const layersOf = async (name: string) => {
    const file = await open(name);
    await file.close();
    return [...new Set(file.tensors.map((tensor) => tensor.name.split('/')[0]))];
  };
  const order = ['stem', 'stem_bn', 'block_depthwise', 'again', 'a_head'];
  for (const name of ['weights.h5', 'model.h5', 'model.keras']) assert.equal(await layersOf(name), order);
});

test('without a description the class and its number stand for the layer', async () => {
  for (const name of ['layers.weights.h5', 'old.weights.h5']) {
    const file = await open(name);
    assert.equal(
      file.tensors.map((tensor) => tensor.name),
      [
        ...['gamma', 'beta', 'moving_mean', 'moving_variance'].map((v) => `batch_normalization/${v}`),
        ...['conv2d/kernel', 'conv2d/bias', 'conv2d_1/kernel', 'conv2d_1/bias'],
        ...['dense/kernel', 'dense/bias', 'depthwise_conv2d/depthwise_kernel'],
      ],
    );
    assert.equal([...(await tensorOf(file, 'conv2d_1/bias').read())], [800, 801]);
    await file.close();
  }
});

test('newer files have the name of the layer beside its variables', async () => {
  const file = await open('named.weights.h5');
  assert.is(file.format, 'keras-weights-h5');
  const byName = new Map(file.tensors.map((tensor, i) => [tensor.name, i]));
  const wanted = expected('keras/layers.json').sort((a, b) => byName.get(a.name)! - byName.get(b.name)!);
  await assertHolds(file, wanted);
  await file.close();
});

test('a model within a model is a scope', async () => {
  const file = await open('nested.keras');
  const names = file.tensors.map((tensor) => tensor.name);
  assert.equal(names.slice(0, 3), ['tiny/stem/kernel', 'tiny/stem/bias', 'tiny/stem_bn/gamma']);
  assert.is(names.at(-1), 'head/kernel');
  await file.close();
});

test('random state is no weight', async () => {
  for (const [name, tensors, state] of [
    ['dropout.h5', ['head/kernel'], 'dropout/seed_generator_state'],
    ['dropout.weights.h5', ['dense/kernel', 'dense/bias', '0'], 'dropout/seed_generator/0'],
  ] as const) {
    const file = await open(name);
    assert.equal(
      file.tensors.map((tensor) => tensor.name),
      tensors,
    );
    assert.equal(file.skipped, [{ name: state, kind: 'random state' }]);
    await file.close();
  }
});

test('layers as attributes of a model, in an archive whose description does not list them', async () => {
  const weights = fixtureBytes('keras/subclass.weights.h5');
  const file = await readTensorFile(
    memorySource(kerasArchive('{"class_name": "Mine", "config": {}}', weights)),
  );
  const names = file.tensors.map((tensor) => tensor.name);
  assert.equal(names.filter((name) => /kernel|gamma/.test(name)).sort(), [
    'backbone/stem/kernel',
    'backbone/stem_bn/gamma',
    'dense/kernel',
  ]);
  await file.close();
});

test('what models get is in their layout', async () => {
  const file = await open('model.keras');
  const shapes = new Map(modelTensors(file).map(({ name, shape }) => [name, shape]));
  assert.equal(shapes.get('stem.weight'), [4, 3, 2, 2]);
  assert.equal(shapes.get('block_depthwise.weight'), [4, 1, 3, 3]);
  assert.equal(shapes.get('stem_bn.running_var'), [4]);
  await file.close();
});

test('metadata and what else is in the file', async () => {
  const file = await open('model.h5');
  assert.equal({ ...file.metadata }, { keras_version: '2.9.0', backend: 'tensorflow' });
  assert.equal(file.skipped, [{ name: 'optimizer_weights', kind: 'optimizer state' }]);
  await file.close();
});

for (const [name, sentence] of [
  ['attack-soft-link.h5', /"kernel:0" is a soft link, which attune never follows/],
  ['attack-external-link.h5', /"kernel:0" is an external link/],
  ['attack-external-link-1.8.h5', /"a" is an external link/],
  ['attack-external-file.h5', /bytes of the array are in another file/],
  ['attack-virtual.h5', /put together from other files/],
  ['attack-bomb.h5', /1 of 20480 chunks are there/],
  ['attack-chunks.h5', /1342177280 bytes are said to be compressed into 1\d\d,.*attacks the memory/],
  ['attack-chunk.h5', /2147483648 bytes are said to be compressed into \d\d,.*attacks the memory/],
  ['never-written.h5', /never written/],
  ['lzf.h5', /filter 32000.*compression='gzip'/],
  ['text.h5', /of type text reference, not a number/],
  ['circle.weights.h5', /in a circle/],
  ['newest-chunks.h5', /libver='latest'/],
  ['lambda.h5', /class Lambda, whose code attune never runs/],
  ['lambda.keras', /class Lambda, whose code attune never runs/],
  ['not-keras.h5', /no weights of Keras/],
  ['other-layers.keras', /description does not have the layer "conv2d_1"/],
  ['compressed.keras', /is compressed, which/],
] as const) {
  test(`${name} is refused`, async () => {
    await rejects(() => open(name), sentence);
  });
}

test('damage to the weights of a .keras file is noticed before they are used', async () => {
  const bytes = fixtureBytes('keras/model.keras');
  const at = Buffer.from(bytes).indexOf(Buffer.from(new Float32Array([800, 801]).buffer));
  bytes[at] ^= 1;
  const file = await readTensorFile(memorySource(bytes));
  await rejects(() => tensorOf(file, 'stem/kernel').read(), /checksum/);
});

test('a batch norm has its epsilon beside its variance, as its description says', async () => {
  const layers = [
    ['Conv2D', { name: 'stem', epsilon: 9 }],
    ['BatchNormalization', { name: 'stem_bn', epsilon: 2.5e-1, momentum: 0.99 }],
    ['ReLU', { name: 'act' }],
    ['DepthwiseConv2D', { name: 'block_depthwise' }],
    ['Conv2D', { name: 'again' }],
    ['Dense', { name: 'a_head' }],
  ].map(([class_name, config]) => ({ class_name, config }));
  const config = JSON.stringify({ class_name: 'Functional', config: { layers } });
  const file = await readTensorFile(memorySource(kerasArchive(config)));
  assert.equal(epsilons(file), { 'stem_bn/moving_variance': 0.25 });
});

test('the same in an .h5 file, and for a model within the model', async () => {
  const norm = (name: string, epsilon: unknown) => ({
    class_name: 'BatchNormalization',
    config: { name, epsilon },
  });
  const inner = { name: 'inner', layers: [norm('a', 0.5), norm('b', 0.25)] };
  const config = {
    class_name: 'Functional',
    config: {
      layers: [
        norm('outer', 1e-3),
        norm('silent', null),
        { class_name: 'Functional', config: inner },
        { class_name: 'Functional', config: { name: 'single', layers: [norm('c', 0.125)] } },
      ],
    },
  };
  const members = {
    outer: groupOf(['moving_variance:0']),
    silent: groupOf(['moving_variance:0']),
    inner: groupOf(['a/moving_variance:0', 'b/moving_variance:0']),
    single: groupOf(['c/moving_variance:0']),
    other: groupOf(['moving_variance:0']),
  };
  const root = {
    attributes: { layer_names: Object.keys(members), model_config: JSON.stringify(config) },
    members: new Map(Object.entries(members)),
  };
  const file = await readTensorFile(memorySource(await fileOf(hdf5Pieces(root))));
  assert.equal(epsilons(file), {
    'outer/moving_variance': 1e-3,
    'inner/a/moving_variance': 0.5,
    'inner/b/moving_variance': 0.25,
    'single/moving_variance': 0.125,
  });
});

test("a TensorFlow file of Hugging Face's: groups by layer, whose weights have the model's name as a scope", async () => {
  const scope = 'tf_res_net_for_image_classification';
  const members = {
    resnet: groupOf([
      `${scope}/resnet/embedder/embedder/convolution/kernel:0`,
      `${scope}/resnet/encoder/stages.0/layers.1/layer.2/normalization/gamma:0`,
    ]),
    'classifier.1': groupOf([`${scope}/classifier.1/kernel:0`]),
  };
  const root = {
    attributes: { layer_names: Object.keys(members), backend: 'tensorflow', keras_version: '2.12.0' },
    members: new Map(Object.entries(members)),
  };
  const file = await readTensorFile(memorySource(await fileOf(hdf5Pieces(root))));
  assert.equal(
    modelTensors(file).map(({ name }) => name),
    ['conv1.weight', 'layer1.1.bn3.weight', 'fc.weight'],
  );
});

type Members = Map<string, GroupToWrite | TensorToWrite>;

/** A group with an array at each of these paths, within groups of their own. */
function groupOf(paths: readonly string[]): GroupToWrite {
  const root: Members = new Map();
  for (const path of paths) {
    const names = path.split('/');
    const name = names.pop() as string;
    let members = root;
    for (const group of names) {
      const next = (members.get(group) as { members: Members } | undefined)?.members ?? new Map();
      members.set(group, { attributes: {}, members: next });
      members = next;
    }
    members.set(name, { name, dtype: 'F32', shape: [1], data: new Float32Array(1) });
  }
  return { attributes: { weight_names: paths }, members: root };
}

/** Of the tensors that have one. */
function epsilons({ tensors }: TensorFile): Record<string, number> {
  const found = tensors.flatMap(({ name, epsilon }) => (epsilon === undefined ? [] : [[name, epsilon]]));
  return Object.fromEntries(found);
}

test('modules and classes of a description are texts, whatever they name', async () => {
  // CVE-2025-1550 let a description name any function of Python, to be called with what it also says.
  const call = { module: 'os', class_name: 'system', config: 'echo attacked', registered_name: null };
  const layers = [
    { class_name: 'Dense', config: { name: 'a_head', activation: call, build_config: [call] } },
  ];
  const config = {
    module: 'builtins',
    class_name: 'eval',
    config: { name: '__proto__', layers: [call, ...layers] },
  };
  const bytes = kerasArchive(JSON.stringify(config));
  await rejects(() => readTensorFile(memorySource(bytes)), /description does not have the layer/);
});

/** A `.keras` file with another description. */
function kerasArchive(config: string, weights = fixtureBytes('keras/layers.weights.h5')): Uint8Array {
  const text = (value: string) => new TextEncoder().encode(value);
  return zip([
    { name: 'metadata.json', data: text('{}') },
    { name: 'config.json', data: text(config) },
    { name: 'model.weights.h5', data: weights },
  ]);
}

test('a layer that is listed twice', async () => {
  const bytes = fixtureBytes('keras/weights.h5');
  const buffer = Buffer.from(bytes.buffer);
  const at = buffer.indexOf('again', buffer.indexOf('layer_names'));
  bytes.set(new TextEncoder().encode('stem\0'), at);
  await rejects(() => readTensorFile(memorySource(bytes)), /two variables have the name "stem\/kernel"/);
});

test('a description that is no text', async () => {
  const data = Uint8Array.of(0x7b, 0xff, 0x7d);
  const bytes = zip([
    { name: 'metadata.json', data },
    { name: 'config.json', data },
  ]);
  await rejects(() => readTensorFile(memorySource(bytes)), /not UTF-8/);
});

test('descriptions that describe nothing', async () => {
  const text = (value: string) => new TextEncoder().encode(value);
  const archive = (config: string) =>
    zip([
      { name: 'metadata.json', data: text('{}') },
      { name: 'config.json', data: text(config) },
    ]);
  for (const [config, sentence] of [
    ['{', /is expected/],
    ['{"config": null}', /no model\.weights\.h5/],
    ['{"config": {"layers": []}} x', /follows the end/],
    ['{"config": {"layers": []}}', /no model\.weights\.h5/],
    [`${'{"config":{"layers":['.repeat(30)}`, /nested more than 20/],
    [`{"a": ${'['.repeat(1e6)}`, /nested more than 200/],
    ['{"class_name": "A", "class_name": "B"}', /twice/],
  ] as const) {
    await rejects(() => readTensorFile(memorySource(archive(config))), sentence);
  }
});

test.run();
