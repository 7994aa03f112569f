/** A loop of one's own that is saved and goes on elsewhere has the same bytes; what does not fit changes nothing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '#src/engine/open';
import { loadTraining, saveTraining } from '#src/finetune/index';
import { BatchNorm2d, linear, Relu, type Sequential, sequential, stateDict } from '#src/nn/index';
import { backward, crossEntropy } from '#src/ops/index';
import { adamW, type Optimizer, type StepLR, sgd, stepLR } from '#src/optim/index';
import type { Device } from '#src/program/device';
import { generator } from '#src/tensor/philox';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch } from '../inputs/support.js';

const ROWS = 6;
const FEATURES = 5;

function network(hidden = 4): Sequential {
  return sequential(
    linear(FEATURES, hidden, { seed: 1 }),
    new BatchNorm2d(hidden),
    new Relu(),
    linear(hidden, 3, { seed: 2 }),
  );
}

function optimizerOf({ memory }: Sequential): Optimizer {
  const [first, ...others] = memory.parameters;
  return adamW(memory, {
    groups: [
      { name: 'first', parameters: [first], lr: 0.2, weightDecay: 0 },
      { name: 'others', parameters: others, lr: 0.05, weightDecay: 0.1 },
    ],
  });
}

interface Loop {
  readonly device: Device;
  readonly model: Sequential;
  readonly optimizer: Optimizer;
  readonly scheduler: StepLR;
}

async function loopOn(device: Device): Promise<Loop> {
  const model = network();
  await model.to(device);
  const optimizer = optimizerOf(model);
  return { device, model, optimizer, scheduler: stepLR(optimizer, { stepSize: 2, gamma: 0.5 }) };
}

/** Epochs `from` <= epoch < `to` of one step each. */
async function train({ device, model, optimizer, scheduler }: Loop, from: number, to: number): Promise<void> {
  for (let epoch = from; epoch < to; epoch++) {
    const random = generator(3);
    const x = Float32Array.from({ length: ROWS * FEATURES }, (_, i) => Math.sin(i * 3 + epoch));
    const labels = Int32Array.from({ length: ROWS }, (_, i) => (i + epoch) % 3);
    await device.run(() => {
      const outputs = model.forward(tensor(x, [ROWS, FEATURES]), { random });
      backward(crossEntropy(outputs, tensor(labels, [ROWS])));
    });
    await device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    });
    scheduler.step();
  }
}

const bytesOf = async (model: Sequential) =>
  Array.from((await stateDict(model)).values(), ({ name, data }) => [name, ...data]);

test('a loop that was saved goes on elsewhere with the same bytes', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'training.safetensors');
    const device = await open('cpu');
    const whole = await loopOn(device);
    await train(whole, 0, 3);
    await saveTraining(path, whole, { epoch: 3, note: 'halfway' });
    await train(whole, 3, 7);

    const other = await open('cpu', { threads: 1 });
    const rest = await loopOn(other);
    const more = (await loadTraining(path, rest)) as { epoch: number };
    assert.equal(more, { epoch: 3, note: 'halfway' });
    assert.is(rest.optimizer.steps, 3);
    assert.equal(
      rest.optimizer.groups.map(({ lr }) => lr),
      [0.1, 0.025],
    );
    rest.scheduler.epoch = more.epoch;
    await train(rest, more.epoch, 7);
    assert.equal(await bytesOf(rest.model), await bytesOf(whole.model));
    assert.equal(
      rest.optimizer.groups.map(({ lr }) => lr),
      whole.optimizer.groups.map(({ lr }) => lr),
    );
    await Promise.all([device.close(), other.close()]);
  }));

test('a float64 device goes on with the digits that another one saved; float32 rounds them', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'training.safetensors');
    const [device, other, single] = await Promise.all([
      open('cpu', { precision: 'float64' }),
      open('cpu', { precision: 'float64' }),
      open('cpu'),
    ]);
    const whole = await loopOn(device);
    await train(whole, 0, 3);
    await saveTraining(path, whole);
    const saved = await bytesOf(whole.model);

    const rounded = await loopOn(single);
    await loadTraining(path, rounded);
    const round = (value: string | number) => (typeof value === 'number' ? Math.fround(value) : value);
    assert.equal(
      await bytesOf(rounded.model),
      saved.map((row) => row.map(round)),
    );

    const rest = await loopOn(other);
    await loadTraining(path, rest);
    assert.equal(await bytesOf(rest.model), saved);
    rest.scheduler.epoch = 3;
    await train(whole, 3, 6);
    await train(rest, 3, 6);
    assert.equal(await bytesOf(rest.model), await bytesOf(whole.model), 'moments included');
    await Promise.all([device.close(), other.close(), single.close()]);
  }));

test('what was saved of something else is refused, and nothing is changed', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'training.safetensors');
    const device = await open('cpu');
    const loop = await loopOn(device);
    await train(loop, 0, 1);
    await saveTraining(path, loop);
    assert.is(await loadTraining(path, loop), null);
    const before = await bytesOf(loop.model);

    const larger = network(8);
    await larger.to(device);
    const initial = await bytesOf(larger);
    await fails(
      loadTraining(path, { model: larger, optimizer: optimizerOf(larger) }),
      'weights',
      /^\d+ tensors are missing, the first \S+ of shape \[[\d, ]+\] \(.*training\.safetensors\): make model and optimiser as/,
    );
    assert.equal(await bytesOf(larger), initial);

    const ungrouped = sgd(loop.model.memory, { lr: 0.1, momentum: 0.9 });
    await fails(
      loadTraining(path, { ...loop, optimizer: ungrouped }),
      'weights',
      /^the groups are first, others, those of the optimiser /,
    );
    const { groups } = loop.optimizer;
    const plain = sgd(loop.model.memory, { momentum: 0.9, groups });
    await fails(loadTraining(path, { ...loop, optimizer: plain }), 'weights', /tensors are missing/);
    const bare = sgd(loop.model.memory, { groups });
    await fails(loadTraining(path, { ...loop, optimizer: bare }), 'weights', /tensors are too many/);

    const text = readFileSync(path, 'latin1');
    const changes: [from: string, to: string, words: RegExp][] = [
      ['"attune_training":"1"', '"attune_training":"9"', /^the file is of another version of attune/],
      ['"attune_training"', '"attune_trainings', /./],
      ['\\"steps\\":1', '\\"steps\\":-', /^the state of the training is not JSON/],
      ['"dtype":"F32"', '"dtype":"I32"', /^the tensor \S+ holds I32, not F32 or F64/],
      ['\\"momentum\\":0', '\\"momentun\\":0', /^the state of the training is wrong at moment/],
    ];
    for (const [from, to, words] of changes) {
      assert.ok(text.includes(from), from);
      writeFileSync(path, text.replace(from, to), 'latin1');
      await fails(loadTraining(path, loop), 'weights', words);
    }
    await fails(loadTraining(join(folder, 'none.safetensors'), loop), 'input', /./);
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    for (const more of [() => 1, { at: 1n }, cycle, [{ best: Number.POSITIVE_INFINITY }]]) {
      await fails(
        saveTraining(path, loop, more),
        'usage',
        /nothing that JSON can hold \(saveTraining\): give finite/,
      );
    }
    assert.equal(await bytesOf(loop.model), before);
    await device.close();
  }));

test('without a model and an optimiser nothing is saved or loaded', async () => {
  for (const given of [undefined, {}, { model: {}, optimizer: {} }] as never[]) {
    for (const call of [saveTraining, loadTraining])
      await fails(
        call('nowhere', given),
        'usage',
        /^there is no model, or no optimiser .*: give \{ model, optimizer \}$/,
      );
  }
});

test.run();
