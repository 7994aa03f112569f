/** State dicts: PyTorch's layout and names, prefixes, and what is said when weights do not fit. */
import { loadStateDict, stateDict, type WeightsEntry } from '#src/nn/state-dict';
import { permuteValues } from '#src/nn/permute';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, openJudge, TINY_NAMES, TinyNet } from './support.js';

/** An entry as a file would hold it. */
function entry(
  name: string,
  shape: readonly number[],
  values?: readonly number[],
  dtype = 'F32',
): WeightsEntry {
  const length = shape.reduce((a, b) => a * b, 1);
  return { name, dtype, shape, read: async () => Float32Array.from(values ?? new Array(length).fill(0)) };
}

/** The entries of a model that was initialised from `seed`, by name. */
async function tinyEntries(seed: number): Promise<Map<string, WeightsEntry>> {
  return new Map<string, WeightsEntry>(await stateDict(new TinyNet(seed)));
}

async function tinyValues(model: TinyNet): Promise<Record<string, number[]>> {
  return Object.fromEntries(Array.from(await stateDict(model), ([name, { data }]) => [name, [...data]]));
}

test('dimensions are permuted as the indices say', () => {
  const values = Float32Array.from({ length: 24 }, (_, i) => i);
  // [2, 3, 4] read as [4, 2, 3]: element [c, a, b] is 12 a + 4 b + c.
  const permuted = permuteValues(values, [2, 3, 4], [2, 0, 1]);
  assert.equal([...permuted.subarray(0, 7)], [0, 4, 8, 12, 16, 20, 1]);
  assert.equal([...permuteValues(permuted, [4, 2, 3], [1, 2, 0])], [...values]);
});

test('entries have the shapes and element order of PyTorch', async () => {
  const model = new TinyNet();
  model.conv1.weight.set(Float32Array.from({ length: 90 }, (_, i) => i));
  model.fc.weight.set(Float32Array.from({ length: 8 }, (_, i) => i));
  const dict = await stateDict(model);
  assert.equal([...dict.keys()], TINY_NAMES);
  const conv = dict.get('conv1.weight')!;
  assert.equal(conv.shape, [5, 3, 3, 2]);
  // Element [o, i, r, s] of PyTorch is [r, s, i, o] here: 30 r + 15 s + 5 i + o.
  assert.is(conv.data[((4 * 3 + 1) * 3 + 2) * 2 + 1], 60 + 15 + 5 + 4);
  const fc = dict.get('fc.weight')!;
  assert.equal(fc.shape, [2, 4]);
  assert.equal([...fc.data], [0, 2, 4, 6, 1, 3, 5, 7]);
  assert.is(fc.dtype, 'F32');
});

test('what was taken out can be put in, on the host and on a device', async () => {
  const source = new TinyNet(1);
  const expected = await tinyValues(source);
  const onHost = new TinyNet(2);
  assert.not.equal(await tinyValues(onHost), expected);
  const report = await loadStateDict(onHost, (await stateDict(source)).values());
  assert.equal(report, { loaded: TINY_NAMES, missing: [], unexpected: [] });
  assert.equal(await tinyValues(onHost), expected);

  const device = await openJudge();
  const onDevice = await new TinyNet(3).to(device);
  await loadStateDict(onDevice, (await stateDict(source)).values());
  assert.equal(await tinyValues(onDevice), expected);
  assert.is((await stateDict(onDevice)).get('fc.bias')!.dtype, 'F64');
  onDevice.close();
  await device.close();
});

test('a state dict is a copy', async () => {
  const model = new TinyNet();
  const { data } = (await stateDict(model)).get('fc.bias')!;
  data.fill(9);
  assert.not.equal([...model.fc.bias!.hostValues], [9, 9]);
});

test('prefixes of wrappers and batch counters are no part of a name', async () => {
  for (const prefix of ['module.', '_orig_mod.', 'model.', 'module._orig_mod.', 'model.module.']) {
    const model = new TinyNet(2);
    const entries = Array.from((await tinyEntries(1)).values(), (item) => ({
      ...item,
      name: prefix + item.name,
    }));
    entries.push(entry(`${prefix}bn1.num_batches_tracked`, [], [7], 'I64'));
    const report = await loadStateDict(model, entries);
    assert.is(report.loaded.length, TINY_NAMES.length);
    assert.equal(report.unexpected, []);
    assert.equal(await tinyValues(model), await tinyValues(new TinyNet(1)));
  }
});

test('two entries for one tensor are refused', async () => {
  const entries = await tinyEntries(1);
  entries.set('again', entry('module.fc.bias', [2]));
  const error = await failure(() => loadStateDict(new TinyNet(), entries.values()));
  assert.is(error.code, 'weights');
  assert.match(error.message, 'fc.bias and module.fc.bias are the same tensor');
});

test('one error names every missing, unexpected and misshapen tensor, and nothing is changed', async () => {
  const entries = await tinyEntries(1);
  for (const name of ['bn1.weight', 'bn1.running_var', 'conv1.bias']) entries.delete(name);
  entries.set('fc.weight', entry('fc.weight', [10, 4]));
  entries.set('fc.bias', entry('fc.bias', [2], [1, 2], 'I64'));
  entries.set('extra', entry('layer9.0.conv1.weight', [1]));
  entries.set('odd', entry('a\nb', [1]));
  const model = new TinyNet(2);
  const before = await tinyValues(model);
  const error = await failure(() => loadStateDict(model, entries.values(), { where: 'my.pth' }));
  assert.is(error.code, 'weights');
  assert.is(error.where, 'my.pth');
  assert.is(
    error.what,
    'the weights do not fit the model; missing 3: conv1.bias, bn1.{weight, running_var}; ' +
      'unexpected 2: layer9.0.conv1.weight, "a\\nb"; ' +
      'misshapen 2: fc.weight is [10, 4], not [2, 4], fc.bias has type I64, not a floating-point one',
  );
  assert.equal(await tinyValues(model), before);
});

test('a transposed weight is misshapen: shapes are compared in the layout of the file', async () => {
  const entries = await tinyEntries(1);
  entries.set('fc.weight', entry('fc.weight', [4, 2]));
  const error = await failure(() => loadStateDict(new TinyNet(), entries.values()));
  assert.match(error.what, 'fc.weight is [4, 2], not [2, 4]');
});

test('an excluded layer keeps its values, whatever the file holds for it', async () => {
  const model = new TinyNet(2);
  const head = [...model.fc.weight.hostValues];
  const entries = await tinyEntries(1);
  entries.set('fc.weight', entry('module.fc.weight', [1000, 4]));
  entries.set('fc.extra', entry('fc.extra', [3]));
  entries.delete('fc.bias');
  const report = await loadStateDict(model, entries.values(), { exclude: ['fc'] });
  assert.equal(report.loaded, TINY_NAMES.slice(0, -2));
  assert.equal([...model.fc.weight.hostValues], head);
  assert.equal([...model.conv1.weight.hostValues], [...new TinyNet(1).conv1.weight.hostValues]);
});

test('not strict: what fits is loaded and the rest is reported, but shapes must agree', async () => {
  const entries = await tinyEntries(1);
  entries.delete('bn1.weight');
  entries.set('extra', entry('extra', [1]));
  const report = await loadStateDict(new TinyNet(2), entries.values(), { strict: false });
  assert.equal(report.missing, ['bn1.weight']);
  assert.equal(report.unexpected, ['extra']);
  assert.is(report.loaded.length, TINY_NAMES.length - 1);
  entries.set('fc.bias', entry('fc.bias', [3]));
  const error = await failure(() => loadStateDict(new TinyNet(2), entries.values(), { strict: false }));
  assert.is(error.what, 'the weights do not fit the model; misshapen 1: fc.bias is [3], not [2]');
});

test('values that the caller owns become the memory of the model, others are copied', async () => {
  const expected = await tinyValues(new TinyNet(1));
  for (const isOwned of [false, true]) {
    const read = new Map<string, Float32Array | Float64Array>();
    const entries = Array.from((await tinyEntries(1)).values(), (item): WeightsEntry => {
      const { name, dtype, shape } = item;
      const values = async () => {
        const fresh = await item.read();
        read.set(name, fresh);
        return fresh;
      };
      const owned = { shape, axes: shape.map((_, d) => d), read: values };
      return { name, dtype, shape, read: values, owned: isOwned ? owned : undefined };
    });
    const kept = await stateDict(new TinyNet(1));
    const model = new TinyNet(2);
    await loadStateDict(model, entries);
    assert.equal(await tinyValues(model), expected);
    const { data } = kept.get('conv1.weight')!;
    assert.is(model.conv1.weight.hostValues === read.get('conv1.weight'), isOwned);
    assert.is(String(read.get('conv1.weight')) === String(data), !isOwned);
  }
});

test('an entry that gives another number of values than its shape is refused', async () => {
  const entries = await tinyEntries(1);
  entries.set('fc.bias', entry('fc.bias', [2], [1, 2, 3]));
  const error = await failure(() => loadStateDict(new TinyNet(), entries.values()));
  assert.match(error.what, 'fc.bias gave 3 values for shape [2]');
});

test.run();
