/** A CSV file is looked at piece by piece; what lies across two pieces is read as if there were none. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readCsv } from '#src/inputs/csv';
import { AttuneError } from '#src/errors';
import { Pauses } from '#src/pauses';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = await mkdtemp(join(tmpdir(), 'attune-csv-'));
test.after(() => rm(folder, { recursive: true }));

async function written(bytes: Uint8Array | string): Promise<string> {
  const path = join(folder, 'table.csv');
  await writeFile(path, bytes);
  return path;
}

/** A few pieces long, whatever their size between 1 KiB and 64 KiB is. */
const ROWS = 6000;

test('characters, quotes and lines that lie across pieces', async () => {
  // Each row is of another length, so that borders of pieces fall into every part of one.
  const label = (i: number) => ['é', '犬', '🐜', 'a "b", c', 'two\r\nlines'][i % 5]!.repeat(1 + (i % 7));
  const rows = Array.from({ length: ROWS }, (_, i) => `${i}.png,"${label(i).replaceAll('"', '""')}"`);
  const csv = await readCsv(await written(`\ufefffile,label\n${rows.join('\n')}\n`), new Pauses());
  assert.equal(csv.header, ['file', 'label']);
  assert.is(csv.rows.length, ROWS);
  for (const [i, { fields }] of csv.rows.entries()) assert.equal(fields, [`${i}.png`, label(i)], `row ${i}`);
});

test('a byte that is no text is told with its line, wherever pieces end', async () => {
  const lines = Array.from({ length: ROWS }, (_, i) => `${i}.png,🐜${i}`);
  for (const line of [2, 700, 701, 2999, 3000, ROWS]) {
    const before = Buffer.from(`file,label\n${lines.slice(0, line - 2).join('\n')}\n`);
    // Two bytes of a character of four, then another begins.
    const bytes = Buffer.concat([
      before,
      Buffer.from('x.png,'),
      Buffer.from([0xf0, 0x9f]),
      Buffer.from('a\n'),
    ]);
    const path = await written(Buffer.concat([bytes, Buffer.from(lines.join('\n'))]));
    try {
      await readCsv(path, new Pauses());
      assert.unreachable('it was read');
    } catch (error) {
      assert.instance(error, AttuneError);
      const at = line === 2 ? 3 : line;
      assert.match((error as AttuneError).what, new RegExp(`line ${at} is not UTF-8`));
    }
  }
});

test.run();
