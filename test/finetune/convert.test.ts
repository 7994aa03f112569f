/** Converting: names, values and what goes along, for runs, foreign files and networks that attune does not have. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { imagenetPreprocessing } from '#src/data/index';
import { writeCheckpoint } from '#src/finetune/checkpoint';
import { convert } from '#src/finetune/convert';
import { openTensorFile, type TensorFile, type TensorToWrite, writeTorch } from '#src/formats/index';
import { type ImageClassifier, loadWeights, resnetSmall } from '#src/models/index';
import { stateDict } from '#src/nn/index';
import { fails, newFolder, newPath, writeWeights } from './support.js';

const CLASSES = ['ant', 'bee', 'carpenter bee'];

/** A folder with the checkpoint of a small network for three classes. */
async function run(): Promise<{ folder: string; model: ImageClassifier }> {
  const folder = newFolder();
  const model = resnetSmall({ classes: 3, seed: 7 });
  const info = { model: 'resnet-small', classes: CLASSES, preprocessing: imagenetPreprocessing(32) };
  await writeCheckpoint(join(folder, 'best.safetensors'), model, info, { seed: 7 });
  return { folder, model };
}

async function withFile<T>(path: string, use: (file: TensorFile) => Promise<T> | T): Promise<T> {
  const file = await openTensorFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

async function assertSameValues(path: string, model: ImageClassifier): Promise<void> {
  const loaded = resnetSmall({ classes: 3 });
  await loadWeights(loaded, path);
  const [expected, found] = await Promise.all([stateDict(model), stateDict(loaded)]);
  for (const [name, { data }] of expected) assert.equal(found.get(name)?.data, data, name);
}

test('a run becomes a PyTorch file with the counters that a strict load asks for', async () => {
  const { folder, model } = await run();
  const to = `${newPath()}.pth`;
  const result = await convert({ from: folder, to });
  const { input, output, format, model: name, classes, dropped } = result;
  assert.equal(
    { input, output, format, name, classes },
    {
      input: join(folder, 'best.safetensors'),
      output: to,
      format: 'pytorch',
      name: 'resnet-small',
      classes: CLASSES,
    },
  );
  assert.equal(dropped.toSorted(), ['attune', 'classes', 'model', 'preprocessing', 'recipe']);
  assert.is(result.bytes, readFileSync(to).length);
  await assertSameValues(to, model);
  await withFile(to, async ({ tensors }) => {
    assert.is(result.tensors, tensors.length);
    const names = tensors.map(({ name }) => name);
    assert.equal(names.slice(1, 7), [
      'bn1.weight',
      'bn1.bias',
      'bn1.running_mean',
      'bn1.running_var',
      'bn1.num_batches_tracked',
      'layer1.0.conv1.weight',
    ]);
    const counters = tensors.filter(({ name }) => name.endsWith('num_batches_tracked'));
    assert.is(counters.length, names.filter((name) => name.endsWith('running_var')).length);
    assert.equal(await counters[0].readRaw(), new Uint8Array(8));
  });
});

test('there and back again a checkpoint keeps its classes and every byte of its values', async () => {
  const { folder, model } = await run();
  const to = `${newPath()}.safetensors`;
  const { dropped } = await convert({ from: join(folder, 'best.safetensors'), to });
  assert.equal(dropped, []);
  await assertSameValues(to, model);
  const metadata = (path: string) => withFile(path, (file) => file.metadata);
  assert.equal(await metadata(to), {
    ...(await metadata(join(folder, 'best.safetensors'))),
    format: 'pt',
  });
});

test('prefixes of wrappers go, counters stay', async () => {
  const from = `${newPath()}.bin`;
  const tensors = await withFile(await writeWeights(newPath(), 3, 4, 'resnet-small'), async (file) => {
    const read = file.tensors.map(
      async ({ name, dtype, shape, readRaw }): Promise<TensorToWrite> => ({
        name: `module.${name}`,
        dtype,
        shape,
        data: await readRaw(),
      }),
    );
    return Promise.all(read);
  });
  const counter: TensorToWrite = {
    name: 'module.layer2.1.bn2.num_batches_tracked',
    dtype: 'I64',
    shape: [],
    data: BigInt64Array.of(2n ** 40n + 1n),
  };
  await writeTorch(from, [...tensors, counter]);
  const to = `${newPath()}.safetensors`;
  const { model, classes } = await convert({ from, to });
  assert.equal({ model, classes }, { model: 'resnet-small', classes: null });
  await withFile(to, async (file) => {
    const raw = async (name: string) => file.tensors.find((tensor) => tensor.name === name)?.readRaw();
    assert.equal(await raw('layer2.1.bn2.num_batches_tracked'), new Uint8Array([1, 0, 0, 0, 0, 1, 0, 0]));
    assert.equal(await raw('layer2.1.bn1.num_batches_tracked'), new Uint8Array(8));
    assert.equal(
      await raw('fc.weight'),
      tensors.find(({ name }) => name === 'module.fc.weight')?.data as Uint8Array,
    );
  });
});

test('a file without a head stays without', async () => {
  const from = `${newPath()}.pth`;
  const all = [...(await stateDict(resnetSmall())).values()];
  await writeTorch(
    from,
    all.filter(({ name }) => !name.startsWith('fc.')),
  );
  const to = `${newPath()}.safetensors`;
  await convert({ from, to });
  await withFile(to, ({ tensors }) => {
    assert.equal(
      tensors.filter(({ name }) => name.startsWith('fc')),
      [],
    );
    assert.ok(tensors.some(({ name }) => name === 'layer3.2.bn2.num_batches_tracked'));
  });
});

test('tensors of a network that attune does not have are copied as they are', async () => {
  const from = `${newPath()}.pth`;
  const half: TensorToWrite = { name: 'vit.cls', dtype: 'F16', shape: [1, 2], data: new Uint16Array([1, 2]) };
  const whole: TensorToWrite = { name: 'steps', dtype: 'I32', shape: [], data: new Int32Array([5]) };
  await writeTorch(from, [half, whole]);
  const to = `${newPath()}.safetensors`;
  await fails(convert({ from, to, names: 'timm' }), 'usage', /are copied as they are.*leave out --names/);
  const { model, tensors } = await convert({ from, to });
  assert.equal({ model, tensors }, { model: null, tensors: 2 });
  await withFile(to, async (file) => {
    assert.equal(
      file.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      [
        { name: 'steps', dtype: 'I32', shape: [] },
        { name: 'vit.cls', dtype: 'F16', shape: [1, 2] },
      ],
    );
    assert.equal(await file.tensors[1].readRaw(), new Uint8Array([1, 0, 2, 0]));
  });
});

test('a run becomes an ONNX model that knows its classes, its preprocessing and its weights by name', async () => {
  const { folder, model } = await run();
  const to = `${newPath()}.onnx`;
  const { format, dropped, tensors } = await convert({ from: folder, to });
  assert.equal({ format, dropped }, { format: 'onnx', dropped: [] });
  assert.is(tensors, [...model.namedArrays()].length);
  const file = readFileSync(to);
  for (const text of [JSON.stringify(CLASSES), '"crop":32', 'layer3.2.bn2.running_var', 'probabilities']) {
    assert.ok(file.includes(text), text);
  }
  const values = (await stateDict(model)).get('layer3.2.conv2.weight')!.data;
  assert.ok(file.includes(Buffer.from(values.buffer)));
});

for (const ending of ['onnx', 'json']) {
  test(`what is written as .${ending} is read back`, async () => {
    const { folder, model } = await run();
    const to = join(newFolder(), `model.${ending}`);
    await convert({ from: folder, to });
    await assertSameValues(to, model);
  });
}

test('a TensorFlow.js model has its weights beside it, in files of 4 MiB, and all of them or none', async () => {
  const from = await writeWeights(`${newPath()}.safetensors`, 4, 2, 'mobilenet_v2-keras');
  const folder = newFolder();
  const to = join(folder, 'model.json');
  const taken = join(folder, 'group1-shard2of3.bin');
  writeFileSync(taken, 'mine');
  await fails(convert({ from, to }), 'input', /of this name already .*group1-shard2of3\.bin/);
  assert.equal(readdirSync(folder), ['group1-shard2of3.bin']);
  rmSync(taken);

  const { files, bytes, tensors } = await convert({ from, to });
  const names = ['model.json', ...[1, 2, 3].map((i) => `group1-shard${i}of3.bin`)];
  assert.equal(
    files,
    names.map((name) => join(folder, name)),
  );
  const sizes = files.map((file) => readFileSync(file).length);
  assert.equal(sizes.slice(1, 3), [4 * 2 ** 20, 4 * 2 ** 20]);
  assert.is(
    bytes,
    sizes.reduce((sum, size) => sum + size, 0),
  );
  const { modelTopology, weightsManifest, userDefinedMetadata } = JSON.parse(readFileSync(to, 'utf8'));
  assert.is(weightsManifest[0].weights.length, tensors);
  assert.is(userDefinedMetadata.model, 'mobilenet_v2-keras');
  assert.match(userDefinedMetadata.input, /^RGB images as numbers from 0 to 1, minus \[0\.5, 0\.5, 0\.5\]/);
  assert.is(modelTopology.model_config.class_name, 'Functional');

  const back = `${newPath()}.safetensors`;
  await convert({ from: to, to: back });
  await withFile(from, async (source) => {
    const again = await openTensorFile(back);
    for (const { name, readRaw } of source.tensors) {
      const found = again.tensors.find((tensor) => tensor.name === name)!;
      assert.ok(Buffer.from(await found.readRaw()).equals(await readRaw()), name);
    }
    await again.close();
  });
});

test('a graph needs a network, and all of it', async () => {
  const headless = `${newPath()}.pth`;
  const all = [...(await stateDict(resnetSmall())).values()];
  await writeTorch(
    headless,
    all.filter(({ name }) => !name.startsWith('fc.')),
  );
  const to = `${newPath()}.onnx`;
  await fails(convert({ from: headless, to }), 'weights', /have no last layer, and ONNX needs it.*finetune/);
  const foreign = `${newPath()}.pth`;
  await writeTorch(foreign, [{ name: 'w', dtype: 'F32', shape: [1], data: new Float32Array(1) }]);
  await fails(convert({ from: foreign, to }), 'weights', /no network that attune has, and ONNX needs it/);
});

test("timm's names, for networks that it has", async () => {
  const from = await writeWeights(`${newPath()}.safetensors`, 4, 2, 'mobilenet_v2');
  const to = `${newPath()}.safetensors`;
  const { model, tensors } = await convert({ from, to, names: 'timm' });
  await withFile(to, (file) => {
    assert.equal([model, tensors, file.tensors.length], ['mobilenet_v2', 314, 314]);
    const names = new Set(file.tensors.map(({ name }) => name));
    for (const name of ['conv_stem.weight', 'blocks.1.0.bn2.num_batches_tracked', 'classifier.bias']) {
      assert.ok(names.has(name), name);
    }
  });
  // And back: what is read by one library's names is written by the other's.
  const back = `${newPath()}.safetensors`;
  await convert({ from: to, to: back });
  await withFile(from, async (source) => {
    const again = await openTensorFile(back);
    for (const { name, readRaw } of source.tensors) {
      const found = again.tensors.find((tensor) => tensor.name === name)!;
      // Buffers, as 14 MB are compared byte by byte otherwise.
      assert.ok(Buffer.from(await found.readRaw()).equals(await readRaw()), name);
    }
    await again.close();
  });
  const { folder } = await run();
  await fails(
    convert({ from: folder, to: `${newPath()}.pth`, names: 'timm' }),
    'usage',
    /timm has no network with the layers of resnet-small/,
  );
  await fails(
    convert({ from: folder, to: `${newPath()}.onnx`, names: 'timm' }),
    'usage',
    /leave out --names/,
  );
});

test('what cannot be done is said before anything is read or written', async () => {
  const { folder } = await run();
  const taken = newPath();
  writeFileSync(`${taken}.pth`, 'mine');
  await fails(
    convert({ from: folder, to: newPath() }),
    'usage',
    /has no ending.*end it with \.safetensors, \.pth/,
  );
  await fails(convert({ from: folder, to: 'x.ckpt' }), 'usage', /no format ends with \.ckpt \(x\.ckpt\)/);
  await fails(convert({ from: folder, to: `${taken}.pth` }), 'input', /a file of this name already/);
  assert.is(readFileSync(`${taken}.pth`, 'utf8'), 'mine');
  const to = `${newPath()}.pth`;
  await fails(convert({ from: newFolder(), to }), 'input', /no finished run/);
  await fails(convert({ from: 'no-such.pth', to }), 'input', /no such weights file/);
  mkdirSync(`${taken}.safetensors`);
  await fails(convert({ from: folder, to: `${taken}.safetensors` }), 'input', /of this name already/);
  await fails(convert({ from: folder, to: join(newPath(), 'x.pth') }), 'disk', /folder does not exist/);
});

test.run();
