/** Converting to the formats of graphs: they hold the whole network, and what they hold is read back. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert } from '#src/finetune/convert/convert';
import { loadModel } from '#src/runs/model-source';
import { writeTorch } from '#src/formats/index';
import { imagenetClasses, resnetSmall } from '#src/models/index';
import { stateDict } from '#src/nn/index';
import { fails, newFolder, newPath, writeWeights } from './support.js';
import { assertSameTensors, assertSameValues, CLASSES, run } from './convert-support.js';

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

for (const ending of ['onnx', 'json', 'h5']) {
  test(`what is written as .${ending} is read back`, async () => {
    const { folder, model } = await run();
    const to = join(newFolder(), `model.${ending}`);
    await convert({ from: folder, to });
    await assertSameValues(to, model);
    const expected = await loadModel({ run: folder }, {});
    for (const source of [{ weights: to }, { run: to }]) {
      const { task, input, isImagenet } = await loadModel(source, {});
      assert.equal(task.names, CLASSES);
      assert.equal(input, expected.input);
      assert.is(isImagenet, false);
    }
    // And from there on: what reads this file knows as much as of the run.
    const back = `${newPath()}.safetensors`;
    assert.equal((await convert({ from: to, to: back })).classes, CLASSES);
    assert.equal((await loadModel({ run: back }, {})).input, expected.input);
  });
}

test('weights with the labels of ImageNet keep them, their meaning, and what they take', async () => {
  const from = await writeWeights(`${newPath()}.safetensors`, 4, 1000, 'resnet-small');
  for (const ending of ['onnx', 'json', 'h5']) {
    const to = join(newFolder(), `model.${ending}`);
    await convert({ from, to });
    const [source, found] = await Promise.all([from, to].map((weights) => loadModel({ weights }, {})));
    assert.equal(
      found.task.names,
      imagenetClasses().map(({ name }) => name),
    );
    assert.is(found.isImagenet, true);
    assert.equal(found.input, source.input);
  }
});

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
  assert.match(
    userDefinedMetadata.input_description,
    /^RGB images as numbers from 0 to 1, minus \[0\.5, 0\.5, 0\.5\]/,
  );
  assert.is(modelTopology.model_config.class_name, 'Functional');

  const back = `${newPath()}.safetensors`;
  await convert({ from: to, to: back });
  await assertSameTensors(back, from);
});

test('numbers in a file beside the named one are part of what caches go by', async () => {
  const from = await writeWeights(`${newPath()}.safetensors`, 4, 2, 'resnet-small');
  const folder = newFolder();
  const weights = join(folder, 'model.json');
  const { files } = await convert({ from, to: weights });
  const before = (await loadModel({ weights }, {})).weightsHash;
  assert.is((await loadModel({ weights }, {})).weightsHash, before);
  const bytes = readFileSync(files[1]);
  bytes[0] ^= 1;
  writeFileSync(files[1], bytes);
  assert.is.not((await loadModel({ weights }, {})).weightsHash, before);
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

test.run();
