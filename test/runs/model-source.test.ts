/** From a weights file to a network: the file is opened once. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { loadModel } from '#src/runs/model-source';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { smallWeights } from '../finetune/full-support.js';

test('a weights file is opened once, to tell whose it is and to load it', async () => {
  const path = await smallWeights();
  let opened = 0;
  const { open } = fs.promises;
  fs.promises.open = ((name, ...rest) => {
    if (name === path) opened++;
    return open(name, ...rest);
  }) as typeof open;
  syncBuiltinESMExports();
  try {
    const { model } = await loadModel({ weights: path, model: 'resnet-small' }, {});
    assert.is(model.classes, 5);
  } finally {
    fs.promises.open = open;
    syncBuiltinESMExports();
  }
  assert.is(opened, 1);
});

test.run();
