/** What a report says of values: columns one after the other, as each opens files. */
import { inputRow } from '#src/inputs/index';
import { regression } from '#src/tasks/regression';
import type { ValuedPart } from '#src/report/run/report-data';
import { reportOf } from '#src/report/tasks/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('of many columns, the images of a few are open at a time', async () => {
  const [columns, images] = [60, 10];
  const task = regression(
    Array.from({ length: columns }, (_, c) => ({ name: `c${c}`, mean: 0, deviation: 1 })),
    true,
  );
  let [open, most] = [0, 0];
  const part = await reportOf('regression').evaluate(
    {
      images: Array.from({ length: images }, (_, i) => ({
        ...{ path: `${i}.png`, name: `${i}.png`, label: 0, fileHash: String(i) },
        values: Array.from({ length: columns }, (_, c) => (i + c) % 7),
      })),
      values: new Float32Array(images * columns),
      words: inputRow('image').files,
      async picture() {
        most = Math.max(most, ++open);
        await new Promise(setImmediate);
        open--;
        return { width: 1, height: 1, pixels: new Uint8Array(3) };
      },
    },
    { part: 'val', task, temperature: null, network: null },
  );
  assert.is(part.kind, 'regression');
  assert.is((part as ValuedPart).columns.length, columns);
  assert.ok(most <= images, `${most} images were open at once`);
});

test.run();
