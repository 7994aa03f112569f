/** The hub's cache, where several processes fill it. */
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { HubCache } from '#src/weights/hub-cache';

const COMMIT = 'c'.repeat(40);
const ETAG = 'e'.repeat(40);

test('a file that several link at once keeps its content where other commits find it', async () => {
  const root = await mkdtemp(join(tmpdir(), 'attune-hub-cache-'));
  try {
    const cache = new HubCache(root, { repository: 'ada/birds', revision: 'main' });
    const blob = cache.blob(ETAG);
    await mkdir(dirname(blob), { recursive: true });
    await writeFile(blob, 'content');
    for (let file = 0; file < 20; file++) {
      const linked = Array.from({ length: 4 }, () => cache.link(COMMIT, `${file}.json`, ETAG));
      for (const path of await Promise.all(linked)) assert.is(await readFile(path, 'utf8'), 'content');
      assert.ok((await lstat(blob)).isFile());
    }
  } finally {
    await rm(root, { recursive: true });
  }
});

test.run();
