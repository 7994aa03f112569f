/** The article's listing runs, end to end, on small pictures and random weights. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { articleResnet50 } from '#src/examples/article-resnet50';
import { newFolder, pictures, writeFiles } from '../finetune/support.js';

test('it trains and validates, epoch by epoch', async () => {
  const data = newFolder();
  for (const [part, perClass, first] of [
    ['train', 4, 0],
    ['val', 2, 10],
  ] as const) {
    writeFiles(`${data}/${part}`, pictures(['plain', 'striped'], perClass, first));
  }
  const history = await articleResnet50(data, {
    weights: null,
    epochs: 2,
    batchSize: 4,
    side: 32,
    device: 'cpu',
  });
  assert.is(history.length, 2);
  for (const { loss, accuracy } of history) {
    assert.ok(Number.isFinite(loss) && loss > 0, `loss ${loss}`);
    assert.ok(accuracy >= 0 && accuracy <= 1, `accuracy ${accuracy}`);
  }
});

test.run();
