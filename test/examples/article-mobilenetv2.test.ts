/** The article's Keras listing runs, end to end, on small pictures and random weights. */
import { readFileSync } from 'node:fs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { articleMobilenetV2 } from '#src/examples/article-mobilenetv2';
import { newFolder, pictures, writeFiles } from '../finetune/support.js';

test('it trains the top, then the layers from the hundredth on, and keeps a history of both', async () => {
  const data = newFolder();
  for (const [part, perClass, first] of [
    ['train', 4, 0],
    ['val', 2, 10],
  ] as const) {
    writeFiles(`${data}/${part}`, pictures(['plain', 'striped'], perClass, first));
  }
  const { history, historyFine } = await articleMobilenetV2(data, {
    ...{ weights: null, initialEpochs: 2, fineTuneEpochs: 1, batchSize: 4, side: 32, device: 'cpu' },
  });
  for (const [found, epochs] of [
    [history, 2],
    [historyFine, 1],
  ] as const) {
    for (const values of Object.values(found)) assert.is(values.length, epochs);
    for (const loss of [...found.loss, ...found.valLoss])
      assert.ok(Number.isFinite(loss) && loss > 0, `${loss}`);
    for (const share of [...found.accuracy, ...found.valAccuracy])
      assert.ok(share >= 0 && share <= 1, `${share}`);
  }
});

test('it has the numbers of the article', () => {
  const source = readFileSync(
    new URL('../../../src/examples/article-mobilenetv2.ts', import.meta.url),
    'utf8',
  );
  assert.match(source, /new Dropout\(0\.2\)/);
  assert.match(source, /fineTuneAt = 100/);
  assert.match(source, /fromLogits: false/);
});

test.run();
