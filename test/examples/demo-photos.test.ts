/** The demo with photographs, as far as it goes without a network. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPhotos } from '#src/examples/demo/photos';
import { unzip } from '#src/examples/demo/unzip';
import { cacheDir } from '#src/weights/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newFolder, newPath } from '../finetune/support.js';
import { zip } from '../formats/support.js';

function archive(...names: string[]): string {
  const path = join(newFolder(), 'archive.zip');
  writeFileSync(path, zip(names.map((name) => ({ name, data: new TextEncoder().encode(name) }))));
  return path;
}

test('the wanted files of an archive are unpacked, with their folders', async () => {
  const folder = newPath();
  const path = archive('data/train/ants/1.jpg', 'data/train/ants/2.gif', 'data/val/', 'data/val/bees/3.jpg');
  assert.is(await unzip(path, folder, (name) => name.endsWith('.jpg')), 2);
  assert.is(readFileSync(join(folder, 'data/val/bees/3.jpg'), 'utf8'), 'data/val/bees/3.jpg');
  assert.is(existsSync(join(folder, 'data/train/ants/2.gif')), false);
});

test('no file leaves the folder', async () => {
  const folder = newPath();
  for (const name of ['../outside.jpg', '/outside.jpg', 'a/../../outside.jpg']) {
    const error = await unzip(archive(name), folder, () => true).then(
      () => null,
      (reason: Error) => reason,
    );
    assert.match(String(error?.message), /path/, name);
  }
  assert.is(existsSync(join(folder, '../outside.jpg')), false);
});

test('photographs that are there are not downloaded', async () => {
  const folder = join(cacheDir(), 'datasets', 'hymenoptera_data');
  mkdirSync(folder, { recursive: true });
  assert.is(await fetchPhotos({}), folder);
});

test.run();
