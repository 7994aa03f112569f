/** Runs that commit cdc9746 made are measured, go on for more epochs, and get their page; format-1.test.ts has the rest. */
import { readFileSync } from 'node:fs';
import { evaluate, resume } from '#src/finetune/index';
import { report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { oldRun } from './format-1-support.js';

const ON_CPU = { device: 'cpu', threads: 1, workers: 1 } as const;

test('a finished run is measured by the pictures that it was tested with', async () => {
  const { run, pictures } = oldRun('classes');
  const { images, accuracy, trained_on } = await evaluate({ run, data: pictures, ...ON_CPU });
  assert.equal([images, accuracy, trained_on], [2, 1, 0]);
});

test('a finished run goes on for more epochs, of classes as of values', async () => {
  for (const [name, epochs] of [
    ['classes', 3],
    ['values', 2],
  ] as const) {
    const { run } = oldRun(name);
    const result = await resume({ resume: run, epochs, device: 'cpu', threads: 1 });
    assert.is(result.epochs.at(-1)?.epoch, epochs, name);
    assert.ok(Number.isFinite(result.epochs.at(-1)?.train_loss), name);
  }
});

test('runs of classes and of values, finished or interrupted, get their page', async () => {
  for (const [name, words] of [
    ['classes', /Confusion/],
    ['interrupted', /Confusion/],
    ['values', /width/],
  ] as const) {
    const { run } = oldRun(name);
    const written = await report({ run, ...ON_CPU });
    const page = readFileSync(written.report, 'utf8');
    assert.match(page, words, name);
    assert.match(page, /resnet-small/, name);
    assert.is(written.confusion === null, name === 'values');
    assert.ok(written.results !== null);
  }
});

test.run();
