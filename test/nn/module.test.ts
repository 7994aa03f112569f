/** Names, placement on a device, and what freezing does to it. */
import type { TypedArray } from '#src/device/dtype';
import { countParameters, freeze, unfreeze } from '#src/nn/freeze';
import { Linear, linear } from '#src/nn/linear';
import { Initializer } from '#src/nn/initializers';
import { sequential } from '#src/nn/layers';
import type { Module } from '#src/nn/module';
import { accumulate, assign } from '#src/ops/update/accumulate';
import { add } from '#src/ops/pointwise/add';
import { multiply } from '#src/ops/pointwise/multiply';
import { backward } from '#src/ops/backward';
import { sum } from '#src/ops/reduce/sum';
import { sgd } from '#src/optim/sgd';
import type { Device } from '#src/program/device';
import type { State } from '#src/program/state';
import { tensor } from '#src/tensor/tensor';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, openJudge, TINY_NAMES, TinyNet } from './support.js';

const test = suite<{ device: Device }>('module');
test.before.each(async (context) => {
  context.device = await openJudge();
});
test.after.each(async ({ device }) => {
  await device.close();
});

const image = Float64Array.from({ length: 2 * 4 * 4 * 3 }, (_, i) => Math.sin(i));

function logits(device: Device, model: Module): Promise<TypedArray> {
  return device.run(() => model.forward(tensor(image, [2, 4, 4, 3])));
}

/** All values by name, copied. */
async function valuesOf(model: Module): Promise<Record<string, number[]>> {
  const values = await model.readValues();
  return Object.fromEntries(
    Array.from(model.namedArrays(), ({ name, array }) => [name, [...values.get(array)!]]),
  );
}

function trainableNames(model: Module): string[] {
  return [...model.namedParameters()].filter(([, { trainable }]) => trainable).map(([name]) => name);
}

/** Adds 1 to everything in device memory, so that it differs from what is on the host. */
function changeOnDevice(device: Device, model: Module): Promise<unknown> {
  return device.run(() => {
    for (const { array } of model.namedArrays()) assign(array.state as State, add(array, 1));
  });
}

test('arrays are named by fields, own arrays before parts, in order', () => {
  const model = new TinyNet();
  assert.equal(
    Array.from(model.namedArrays(), ({ name }) => name),
    TINY_NAMES,
  );
  const buffers = Array.from(model.namedBuffers(), ([name]) => name);
  assert.equal(
    buffers,
    TINY_NAMES.filter((name) => name.includes('running')),
  );
  assert.equal(
    trainableNames(model),
    TINY_NAMES.filter((name) => !name.includes('running')),
  );
  assert.is(model.parameters().length, 9);
  assert.equal(
    Array.from(model.namedChildren(), ([name]) => name),
    ['conv1', 'bn1', 'trunk', 'fc'],
  );
});

test('a model computes only on a device, and says what to do', async ({ device }) => {
  const model = new TinyNet();
  const error = await failure(() => logits(device, model));
  assert.is(error.code, 'program');
  assert.match(error.message, 'model.to(device)');
  assert.match((await failure(() => model.memory)).message, 'model.to(device)');
});

test('parameters and gradients have one layout, in the order of the names', async ({ device }) => {
  const model = await new TinyNet().to(device);
  const { parameters, values, gradients } = model.memory;
  assert.equal(parameters, model.parameters());
  assert.equal(values.places, gradients.places);
  for (const [i, parameter] of parameters.entries()) {
    const { offset } = values.places[i]!;
    assert.is(parameter.state!.storage.range.offset, offset);
    assert.is(parameter.gradient!.storage.range.offset, offset);
    assert.is(parameter.state!.storage.range.buffer, values.chunks[0]!.storage.range.buffer);
    assert.is(parameter.gradient!.storage.range.buffer, gradients.chunks[0]!.storage.range.buffer);
  }
  model.close();
});

test('moving to a device changes no value', async ({ device }) => {
  const model = new TinyNet();
  const before = await valuesOf(model);
  await model.to(device);
  assert.equal(await valuesOf(model), before);
  model.close();
});

test('freezing until a layer lays the model out again and keeps every value', async ({ device }) => {
  const model = await new TinyNet().to(device);
  await changeOnDevice(device, model);
  const changed = await valuesOf(model);
  const before = await logits(device, model);

  await freeze(model, 'trunk.1');
  assert.equal(trainableNames(model), ['trunk.1.weight', 'trunk.1.bias', 'fc.weight', 'fc.bias']);
  assert.is(model.memory.parameters.length, 4);
  assert.is(model.memory.values.places.length, 4);
  assert.is(model.conv1.weight.gradient, null);
  assert.ok(model.fc.weight.gradient !== null);
  assert.equal(await valuesOf(model), changed);
  assert.equal(await logits(device, model), before);

  await changeOnDevice(device, model);
  const changedAgain = await valuesOf(model);
  assert.not.equal(changedAgain, changed);
  await unfreeze(model.trunk);
  assert.equal(trainableNames(model).slice(0, 3), ['trunk.0.weight', 'trunk.1.weight', 'trunk.1.bias']);
  assert.equal(await valuesOf(model), changedAgain);
  await unfreeze(model);
  assert.is(model.memory.parameters.length, 9);
  assert.equal(await valuesOf(model), changedAgain);
  model.close();
});

test('freezing before the model is moved, and a frozen model without trainable parameters', async ({
  device,
}) => {
  const model = new TinyNet();
  await freeze(model);
  await model.to(device);
  assert.equal(countParameters(model), { total: 30 * 3 + 5 + 10 + 20 + 8 + 8 + 2, trainable: 0 });
  assert.is(model.memory.parameters.length, 0);
  assert.is(model.memory.values.bytes, 0);
  assert.ok([...(await logits(device, model))].every(Number.isFinite));
  model.close();
});

test('freezing what is frozen already leaves memory and gradients alone', async ({ device }) => {
  const model = new TinyNet();
  await freeze(model, 'fc');
  await model.to(device);
  const { memory } = model;
  await device.run(() => accumulate(model.fc.bias!.gradient as State, tensor([1, 2], [2])));
  await freeze(model, 'fc');
  assert.is(model.memory, memory);
  assert.equal([...(await device.read(model.fc.bias!.gradient as State))], [1, 2]);
  model.close();
});

test('an unknown layer is answered with the nearest', async () => {
  const error = await failure(() => freeze(new TinyNet(), 'trunk1'));
  assert.is(error.code, 'usage');
  assert.match(error.message, 'did you mean trunk?');
  assert.match(
    (await failure(() => freeze(new TinyNet(), 'transformer'))).message,
    'begins with conv1.weight',
  );
});

test('backward reaches what is trainable, and nothing else', async ({ device }) => {
  const model = sequential(linear(3, 4, { seed: 1 }), linear(4, 2, { seed: 2 }));
  await freeze(model, '1');
  await model.to(device);
  const x = [0.5, -1, 2];
  const hidden = await device.run(() => {
    const h = model.layers[0]!.forward(tensor(x, [1, 3]));
    backward(sum(model.layers[1]!.forward(h)));
    return h;
  });
  const head = model.layers[1] as Linear;
  const gradient = await device.read(head.weight.gradient as State);
  assert.equal(
    [...gradient],
    [...hidden].flatMap((value) => [value, value]),
  );
  assert.equal([...(await device.read(head.bias!.gradient as State))], [1, 1]);
  model.close();
});

test('an optimiser changes what is trainable, and nothing else', async ({ device }) => {
  const model = new TinyNet();
  await freeze(model, 'fc');
  await model.to(device);
  const before = await valuesOf(model);
  const optimizer = sgd(model.memory, { lr: 0.5 });
  await device.run(() => backward(sum(model.forward(tensor(image, [2, 4, 4, 3])))));
  await device.run(() => optimizer.step());
  const { 'fc.weight': weight, 'fc.bias': bias, ...rest } = await valuesOf(model);
  const { 'fc.weight': oldWeight, 'fc.bias': oldBias, ...oldRest } = before;
  assert.equal(rest, oldRest);
  assert.not.equal(weight, oldWeight);
  // The loss is the sum of two images' logits: each bias has gradient 2.
  assert.equal(
    bias,
    oldBias!.map((value) => value - 0.5 * 2),
  );
  optimizer.close();
  model.close();
});

test('a new head joins with another move; the rest keeps the values of the device', async ({ device }) => {
  const model = await new TinyNet().to(device);
  await changeOnDevice(device, model);
  const { 'fc.weight': _, 'fc.bias': __, ...trunk } = await valuesOf(model);
  const old = model.fc;
  model.fc = new Linear(4, 7, new Initializer(5));
  const initial = [...model.fc.weight.hostValues];
  assert.match((await failure(() => logits(device, model))).message, 'model.to(device)');
  await model.to(device);
  assert.is((await logits(device, model)).length, 2 * 7);
  const { 'fc.weight': weight, 'fc.bias': bias, ...kept } = await valuesOf(model);
  assert.equal(kept, trunk);
  assert.equal(weight, initial);
  assert.throws(() => model.fc.weight.hostValues, /are not on the host.*array\.read\(\)/);
  assert.is(bias!.length, 7);
  assert.is(old.isPlaced, false);
  model.close();
});

test('another device takes the values along, and a closed one gives all memory back', async ({ device }) => {
  const other = await openJudge();
  const model = await new TinyNet().to(device);
  await changeOnDevice(device, model);
  const before = await valuesOf(model);
  await model.to(other);
  assert.equal(await valuesOf(model), before);
  assert.is(device.counters.liveBytes, 0);
  assert.is(other.counters.liveBytes, model.memory.bytes);
  model.close();
  assert.is(other.counters.liveBytes, 0);
  for (const use of [() => model.to(other), () => valuesOf(model), () => freeze(model.trunk)]) {
    assert.match((await failure(use)).message, 'closed');
  }
  await other.close();
});

test('re-placing many times leaves no memory behind', async ({ device }) => {
  const model = await new TinyNet().to(device);
  await logits(device, model);
  await freeze(model, 'fc');
  await unfreeze(model);
  await logits(device, model);
  const { liveBytes } = device.counters;
  for (let i = 0; i < 10; i++) {
    await freeze(model, 'fc');
    await unfreeze(model);
    await logits(device, model);
  }
  assert.is(device.counters.liveBytes, liveBytes);
  model.close();
});

test('parts cannot be moved or closed alone, nor shared with another model on a device', async ({
  device,
}) => {
  const model = await new TinyNet().to(device);
  assert.match((await failure(() => model.trunk.to(device))).message, 'a part of a model');
  assert.match((await failure(() => model.trunk.close())).message, 'a part of a model');
  assert.match((await failure(() => sequential(model.trunk).to(device))).message, 'another model');
  assert.is(model.trunk.memory, model.memory);
  model.close();
});

test('when there is no memory the model keeps its values', async ({ device }) => {
  const model = await new TinyNet().to(device);
  await changeOnDevice(device, model);
  const before = await valuesOf(model);
  const { allocate } = device.backend;
  let calls = 0;
  device.backend.allocate = function (bytes) {
    if (++calls === 3) throw new Error('out of memory');
    return allocate.call(this, bytes);
  };
  const frozen = freeze(model, 'fc').then(
    () => assert.unreachable(),
    (error: Error) => assert.is(error.message, 'out of memory'),
  );
  await frozen;
  device.backend.allocate = allocate;
  assert.is(device.counters.liveBytes, 0);
  assert.is(model.isPlaced, false);
  await model.to(device);
  assert.equal(await valuesOf(model), before);
  model.close();
});

test('values set on the host reach the device', async ({ device }) => {
  const model = await new TinyNet().to(device);
  model.fc.bias!.set(Float64Array.of(3, 4));
  assert.equal([...(await model.fc.bias!.read())], [3, 4]);
  const doubled = await device.run(() => multiply(model.fc.bias!, 2));
  assert.equal([...doubled], [6, 8]);
  model.close();
});

test.run();
