/** Converting state dicts: names, values and what goes along, for runs, foreign files and networks that attune does not have. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert } from '#src/finetune/convert/convert';
import { type TensorToWrite, writeTorch } from '#src/formats/index';
import { resnetSmall } from '#src/models/index';
import { stateDict } from '#src/nn/index';
import { fails, newFolder, newPath, writeWeights } from './support.js';
import { assertSameTensors, assertSameValues, CLASSES, run, withFile } from './convert-support.js';

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
  assert.equal(dropped.toSorted(), ['attune', 'input', 'model', 'recipe', 'task']);
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
  await assertSameTensors(back, from);
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
