/** Folders in folders: the system is asked for the real path of few, as each such question costs their depth squared. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageFolder } from '#src/inputs/index';
import { countTrained } from '#src/finetune/trained-images';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const DEPTH = 200;

test('nested folders are entered without asking for the real path of each', async () => {
  const root = mkdtempSync(join(tmpdir(), 'attune-nested-'));
  const { realpath } = files;
  let asked = 0;
  try {
    for (const name of ['a', 'b']) {
      let path = join(root, name);
      for (let depth = 0; depth < DEPTH; depth++) {
        mkdirSync(path);
        writeFileSync(join(path, 'image.png'), `${name}${depth}`);
        path = join(path, 'n');
      }
    }
    files.realpath = ((path: string) => {
      asked++;
      return realpath(path);
    }) as typeof realpath;
    syncBuiltinESMExports();
    assert.is((await imageFolder(root)).train.length, 2 * DEPTH);
    assert.ok(asked < 10, `${asked} real paths`);

    // Nor where it is counted which of them a run was trained with, by the deepest first.
    const run = mkdtempSync(join(tmpdir(), 'attune-nested-run-'));
    writeFileSync(join(run, 'recipe.json'), JSON.stringify({ data: root, val_split: 0 }));
    const images = (await imageFolder(root)).train.map(({ path }) => ({ path, fileHash: '' })).reverse();
    asked = 0;
    assert.is(
      await countTrained(run, [...images, { path: join(root, 'gone', 'x.png'), fileHash: '' }]),
      2 * DEPTH,
    );
    assert.ok(asked < 20, `${asked} real paths`);
    rmSync(run, { recursive: true });

    // A link on the way is looked up, and what it leads to is entered once.
    if (process.platform === 'win32') return;
    symlinkSync(join(root, 'a', 'n'), join(root, 'a', 'linked'));
    const { train, skipped } = await imageFolder(root);
    assert.is(train.length, 2 * DEPTH);
    assert.ok(skipped.some(({ reason }) => reason === 'a link to a folder that is read already'));
  } finally {
    files.realpath = realpath;
    syncBuiltinESMExports();
    rmSync(root, { recursive: true });
  }
});

test.run();
