/** Downloads that are interrupted, find no room, or are not alone. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { download, type DownloadSettings } from '#src/weights/download';
import type { DownloadProgress } from '#src/weights/progress';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  cutting,
  assertDownloaded,
  bytes,
  etag,
  failure,
  filesIn,
  half,
  serve,
  sha256,
  wanted,
  withServer,
} from './support.js';

test('interrupting keeps the part and frees the lock; the next call goes on', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, requests }) => {
      const controller = new AbortController();
      const onProgress = ({ received }: DownloadProgress) => {
        if (received === half) controller.abort();
      };
      const error = await failure(download(wanted(url, folder, { onProgress, signal: controller.signal })));
      assert.is(error.code, 'interrupted');
      assert.equal(await filesIn(folder), ['file.pth.part', 'file.pth.part.json']);
      await download(wanted(url, folder));
      await assertDownloaded(folder);
      assert.is(requests[1].headers.range, `bytes=${half}-`);
    },
  );
});

test('interrupting also ends the pause before the next attempt', async () => {
  await withServer(
    (_, response) => response.writeHead(500).end(),
    async ({ url, folder }) => {
      const controller = new AbortController();
      const onRetry = () => controller.abort();
      const settings = { firstPauseMs: 60_000 };
      const error = await failure(
        download(wanted(url, folder, { onRetry, signal: controller.signal, settings })),
      );
      assert.is(error.code, 'interrupted');
    },
  );
});

test('a disk without room is noticed before the first byte', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag }),
    async ({ url, folder }) => {
      const freeBytes = async () => bytes.length - 1;
      const error = await failure(download(wanted(url, folder, { settings: { freeBytes } })));
      assert.is(error.code, 'disk');
      assert.match(error.what, 'needs 0.3 MB');
      assert.match(error.hint!, 'ATTUNE_CACHE');
      assert.is((await stat(join(folder, 'file.pth.part'))).size, 0);
    },
  );
});

test('only the missing rest needs room', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, server }) => {
      await failure(
        download(
          wanted(url, folder, {
            onProgress: cutting(server, (received) => received === half),
            settings: { attempts: 1 },
          }),
        ),
      );
      await download(wanted(url, folder, { settings: { freeBytes: async () => bytes.length - half } }));
      await assertDownloaded(folder);
    },
  );
});

test('a disk that fills up on the way: the part stays, and the download goes on when there is room', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag }),
    async ({ url, folder, requests }) => {
      const write: DownloadSettings['write'] = async (file, data, position) => {
        const room = Math.max(0, Math.min(data.length, 100_000 - position));
        await file.write(data, 0, room, position);
        if (room < data.length) throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' });
      };
      const error = await failure(download(wanted(url, folder, { settings: { write } })));
      assert.is(error.code, 'disk');
      assert.match(error.what, 'full');
      assert.is(requests.length, 1, 'a full disk is no reason to ask again');
      await download(wanted(url, folder));
      await assertDownloaded(folder);
      assert.is(requests[1].headers.range, 'bytes=100000-');
    },
  );
});

test('a folder that cannot be made', async () => {
  await withServer(
    () => {},
    async ({ url, folder }) => {
      await writeFile(join(folder, 'file'), '');
      const error = await failure(download(wanted(url, folder, { path: join(folder, 'file', 'x.pth') })));
      assert.is(error.code, 'disk');
    },
  );
});

test('two calls at once: one downloads, the other waits and checks what it made', async () => {
  await withServer(
    (request, response) => setTimeout(() => serve(request, response, { bytes, etag }), 400),
    async ({ url, folder, requests }) => {
      const seen: DownloadProgress[] = [];
      const first = download(wanted(url, folder));
      const second = download(wanted(url, folder, { onProgress: (progress) => seen.push(progress) }));
      assert.equal(await first, await second);
      await assertDownloaded(folder);
      assert.is(requests.length, 1);
      // Either may have been the one that waited; it reported nothing else.
      assert.ok(seen.every((progress) => progress.waiting) || seen.every((progress) => !progress.waiting));
    },
  );
});

test('four processes at once: one file, fetched once', async () => {
  const modulePath = new URL('../../../dist/weights/download.js', import.meta.url).href;
  const script = `
    const { download } = await import(${JSON.stringify(modulePath)});
    const [url, path, hex] = process.argv.slice(1);
    const file = await download({ url, path, hash: { check: 'sha256', hex }, settings: { firstPauseMs: 5 } });
    process.stdout.write(file.sha256);
  `;
  await withServer(
    (request, response) => setTimeout(() => serve(request, response, { bytes, etag }), 100),
    async ({ url, folder, requests }) => {
      const runs = Array.from({ length: 4 }, async () => {
        const args = [
          '--input-type=module',
          '-e',
          script,
          '--',
          url,
          join(folder, 'file.pth'),
          sha256(bytes),
        ];
        const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
        let output = '';
        child.stdout.on('data', (text) => (output += text));
        const [status] = await once(child, 'close');
        assert.is(status, 0);
        return output;
      });
      for (const output of await Promise.all(runs)) assert.is(output, sha256(bytes));
      await assertDownloaded(folder);
      assert.is(requests.length, 1);
    },
  );
});

test('a process that is killed leaves a part and a lock; neither stands in the way', async () => {
  const modulePath = new URL('../../../dist/weights/download.js', import.meta.url).href;
  const script = `
    const { download } = await import(${JSON.stringify(modulePath)});
    const [url, path, hex] = process.argv.slice(1);
    const onProgress = ({ received }) => received === ${half} && process.kill(process.pid, 'SIGKILL');
    await download({ url, path, hash: { check: 'sha256', hex }, onProgress });
  `;
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, requests }) => {
      const args = ['--input-type=module', '-e', script, '--', url, join(folder, 'file.pth'), sha256(bytes)];
      await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'close');
      assert.equal(await filesIn(folder), ['file.pth.lock', 'file.pth.part', 'file.pth.part.json']);
      await download(wanted(url, folder));
      await assertDownloaded(folder);
      assert.is(requests[1].headers.range, `bytes=${half}-`);
    },
  );
});

test('a file that is already there is checked, never overwritten', async () => {
  await withServer(
    () => {},
    async ({ url, folder, requests }) => {
      const path = join(folder, 'file.pth');
      await writeFile(path, 'something else');
      const error = await failure(download(wanted(url, folder)));
      assert.is(error.code, 'weights');
      assert.is(error.where, path);
      assert.is(await readFile(path, 'utf8'), 'something else');
      assert.is(requests.length, 0);
    },
  );
});

test.run();
