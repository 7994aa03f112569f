/** Heads that are not fitted: scikit-learn's results, runs that end with them, and what cannot be. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { open } from '#src/engine/open';
import { convert, evaluate, type FinetuneResult, finetune, predict } from '#src/finetune/index';
import { loadModel } from '#src/runs/model-source';
import { replaceHead } from '#src/models/index';
import { nearestNeighbors } from '#src/nn/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertStoredHeads, set } from './heads-suite.js';
import { fails, newFolder, newPath, pictures, smallRun, writeFiles } from '../../finetune/support.js';

test('neighbours and prototypes are those of scikit-learn', async () => {
  for (const [precision, tolerance] of [
    ['float64', 1e-6],
    ['float32', 1e-5],
  ] as const) {
    const device = await open('cpu', { precision });
    await assertStoredHeads(device, tolerance).finally(() => device.close());
  }
});

test('no more images vote than there are', () => {
  assert.is(nearestNeighbors(set.values, set.labels, { outputs: 4, neighbors: 100 }).neighbors, 40);
});

const data = newFolder();
writeFiles(join(data, 'train'), pictures(['cat', 'dog', 'owl'], 6));
writeFiles(join(data, 'val'), pictures(['cat', 'dog', 'owl'], 4, 100));
const val = join(data, 'val');
const runOf = async (head: string) => finetune(await smallRun(data, { strategy: 'probe', head }));
let voting: FinetuneResult;
let linear: FinetuneResult;
test.before(async () => {
  voting = await runOf('nearest-neighbors');
  linear = await runOf('prototypes');
});

test('a run reports a head that is not fitted as one epoch, without a strength', () => {
  for (const { epochs, resolved_defaults, best } of [voting, linear]) {
    assert.is(epochs.length, 1);
    assert.is(resolved_defaults.l2, null);
    assert.is(best.val_accuracy, 1);
  }
  assert.is(voting.parameters.trainable, 0);
  assert.is(linear.parameters.trainable, 65 * 3);
  assert.is(voting.epochs[0]!.train_accuracy, null, 'a training image finds itself');
  assert.is(linear.epochs[0]!.train_accuracy, 1);
});

test('both are evaluated and predict from the run folder, as the run said', async () => {
  for (const { run, best, epochs } of [voting, linear]) {
    const again = await evaluate({ run, data: val, device: 'cpu' });
    assert.is(again.accuracy, best.val_accuracy);
    assert.ok(Math.abs(again.loss! - epochs[0]!.val_loss!) < 1e-3);
    assert.ok(again.calibration!.temperature !== null);
  }
});

test('images that vote stay so in a safetensors file, and are none of the other formats', async () => {
  for (const ending of ['onnx', 'pth', 'h5']) {
    await fails(
      convert({ from: voting.run, to: `${newPath()}.${ending}` }),
      'weights',
      /^the head of nearest neighbours cannot be written as .*: use \.safetensors, or train with --head prototypes/,
    );
  }
  const { output } = await convert({ from: voting.run, to: `${newPath()}.safetensors` });
  const predicted = (run: string) => predict({ run, images: [val], device: 'cpu' });
  assert.equal((await predicted(output)).images, (await predicted(voting.run)).images);
  await convert({ from: linear.run, to: `${newPath()}.onnx` });
});

test('another head can be put in the place of stored images', async () => {
  const { model } = await loadModel({ weights: voting.checkpoints.best }, {});
  assert.is(replaceHead(model, 5).weight.shape[0], 64);
});

test('a head that does not fit its images is refused', async () => {
  const bytes = readFileSync(voting.checkpoints.best).toString('latin1');
  const change = (to: string) => {
    const path = `${newPath()}.safetensors`;
    writeFileSync(path, Buffer.from(bytes.replace('"neighbors":"18"', `"neighbors":"${to}"`), 'latin1'));
    return path;
  };
  await fails(
    evaluate({ run: change('99'), data: val, device: 'cpu' }),
    'weights',
    /asks 99 neighbours and has 18/,
  );
  await fails(
    evaluate({ run: change('-1'), data: val, device: 'cpu' }),
    'weights',
    /no whole number of 1 to/,
  );
});

test.run();
