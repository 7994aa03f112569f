/** Runs that commit cdc9746 made, with checkpoints of format 1: they are read, answer as they did then, and go on. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkpointInfo, predict, resume } from '#src/finetune/index';
import { openTensorFile } from '#src/formats/index';
import { imageSettings } from '#src/inputs/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { oldRun } from './format-1-support.js';
import { listener } from '../finetune/support.js';

/** What the numbers of cdc9746 may differ by. */
const TOLERANCE = 1e-5;
const ON_CPU = { device: 'cpu', threads: 1, workers: 1 } as const;

function assertClose(value: number, expected: number, what: string): void {
  assert.ok(Math.abs(value - expected) <= TOLERANCE, `${what}: ${value}, where cdc9746 said ${expected}`);
}

async function infoOf(run: string) {
  const path = join(run, 'best.safetensors');
  const file = await openTensorFile(path);
  try {
    return { version: file.metadata['attune'], info: checkpointInfo(file, path) };
  } finally {
    await file.close();
  }
}

test('the metadata of a checkpoint say network, classes or columns, and how images are prepared', async () => {
  const classes = await infoOf(oldRun('classes').run);
  assert.is(classes.version, '1');
  assert.is(classes.info?.model, 'resnet-small');
  assert.equal(classes.info?.task, { kind: 'classification', classes: ['ant', 'bee'] });
  assert.is(classes.info && imageSettings(classes.info.input, 'a test').crop, 32);
  const values = await infoOf(oldRun('values').run);
  assert.is(values.version, '1');
  assert.is(values.info?.task.kind, 'regression');
  assert.equal(values.info?.temperature, null);
});

for (const name of ['classes', 'interrupted'] as const) {
  test(`predictions of a run of classes are those of its time (${name})`, async () => {
    const { run, pictures, predicted } = oldRun(name);
    const answer = await predict({ run, images: [join(pictures, 'test')], ...ON_CPU });
    assert.is(answer.model, predicted.model);
    assert.is(answer.images.length, predicted.images.length);
    for (const [i, image] of predicted.images.entries()) {
      const given = answer.images[i]!;
      assert.ok('predictions' in image && 'predictions' in given);
      assert.is(given.path, join(pictures, image.path));
      assert.equal(
        given.predictions.map(({ label, index }) => [label, index]),
        image.predictions.map(({ label, index }) => [label, index]),
      );
      for (const [rank, { probability, logit }] of image.predictions.entries()) {
        assertClose(given.predictions[rank]!.probability, probability, `probability of ${image.path}`);
        assertClose(given.predictions[rank]!.logit, logit, `logit of ${image.path}`);
      }
    }
  });
}

test('so are the values of a regression', async () => {
  const { run, pictures, predicted } = oldRun<'regression'>('values');
  const answer = await predict<'regression'>({ run, images: [join(pictures, 'test')], ...ON_CPU });
  assert.is(answer.images.length, predicted.images.length);
  for (const [i, image] of predicted.images.entries()) {
    const given = answer.images[i]!;
    assert.ok('values' in image && 'values' in given);
    assert.equal(Object.keys(given.values), ['width']);
    assertClose(given.values['width']!, image.values['width']!, `width of ${image.path}`);
  }
});

test('an interrupted run goes on from its state, to its end', async () => {
  const { run } = oldRun('interrupted');
  const lines = () =>
    readFileSync(join(run, 'metrics.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  const before = lines();
  const context = listener();
  const result = await resume({ resume: run, device: 'cpu', threads: 1 }, context);
  assert.is(result.interrupted, false);
  assert.equal(
    result.epochs.filter(({ stage }) => stage === 'full').map(({ epoch }) => epoch),
    [1, 2],
  );
  assert.equal(lines().slice(0, before.length), before, 'what was measured before stays');
  assert.is(lines().length, before.length + 1);
  assert.is(result.resolved_defaults['optimizer'], 'adam');
  assert.is(result.resolved_defaults['ema'], 0.9);
  assert.ok(existsSync(join(run, 'last.safetensors')));
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.ok(notes.includes('Going on after 1 of 2 epochs and 1 batch.'), notes.join('\n'));
});

test.run();
