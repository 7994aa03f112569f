/** Downloads from a correct server: whole files, resumed ones, and versions that changed. */

import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { download } from '#src/weights/download';
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
  payload,
  serve,
  sha256,
  wanted,
  withServer,
} from './support.js';

test('a whole file, with its hash and its progress', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag }),
    async ({ url, folder }) => {
      const seen: DownloadProgress[] = [];
      const file = await download(wanted(url, folder, { onProgress: (progress) => seen.push(progress) }));
      assert.equal(file, { path: join(folder, 'file.pth'), sha256: sha256(bytes) });
      await assertDownloaded(folder);
      assert.equal([seen[0].received, seen[0].total], [0, bytes.length]);
      assert.is(seen.at(-1)!.received, bytes.length);
      for (let i = 1; i < seen.length; i++) assert.ok(seen[i].received > seen[i - 1].received);
      assert.ok(seen.at(-1)!.bytesPerSecond! > 0);
    },
  );
});

test('folders on the way are made', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes }),
    async ({ url, folder }) => {
      const path = join(folder, 'a', 'b', 'file.pth');
      await download(wanted(url, folder, { path }));
      assert.is((await stat(path)).size, bytes.length);
    },
  );
});

test('a cut connection goes on where it stopped, under the same version', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, requests, server }) => {
      await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
      await assertDownloaded(folder);
      assert.is(requests.length, 2);
      assert.is(requests[1].headers.range, `bytes=${half}-`);
      assert.is(requests[1].headers['if-range'], etag);
    },
  );
});

test('a later call goes on from the part of an earlier one', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, requests, server }) => {
      const error = await failure(
        download(
          wanted(url, folder, {
            onProgress: cutting(server, (received) => received === half),
            settings: { attempts: 1 },
          }),
        ),
      );
      assert.is(error.code, 'download');
      assert.equal(await filesIn(folder), ['file.pth.part', 'file.pth.part.json']);
      const seen: DownloadProgress[] = [];
      await download(wanted(url, folder, { onProgress: (progress) => seen.push(progress) }));
      await assertDownloaded(folder);
      assert.is(requests[1].headers.range, `bytes=${half}-`);
      assert.is(seen[0].received, half);
    },
  );
});

test('a server that knows no ranges starts again from the first byte', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ignoreRange: true, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, server }) => {
      await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
      await assertDownloaded(folder);
    },
  );
});

test('a server that always cuts at the same byte is given up', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag, ignoreRange: true, stallAfter: half }),
    async ({ url, folder, requests, server }) => {
      await failure(
        download(
          wanted(url, folder, {
            onProgress: cutting(server, (received) => received === half),
            settings: { attempts: 3 },
          }),
        ),
      );
      assert.is(requests.length, 3);
    },
  );
});

test('pieces that each bring something new are never given up', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag, stallAfter: 40_000 }),
    async ({ url, folder, requests, server }) => {
      await download(
        wanted(url, folder, {
          onProgress: cutting(server, (received) => received % 40_000 === 0),
          settings: { attempts: 2 },
        }),
      );
      await assertDownloaded(folder);
      assert.is(requests.length, 8);
    },
  );
});

test('a file that changed on the server is fetched anew, not glued together', async () => {
  const changed = payload(250_000, 2);
  await withServer(
    (request, response, count) =>
      serve(
        request,
        response,
        count === 1 ? { bytes, etag, stallAfter: half } : { bytes: changed, etag: '"v2"' },
      ),
    async ({ url, folder, requests, server }) => {
      await download(
        wanted(url, folder, {
          onProgress: cutting(server, (received) => received === half),
          hash: { check: 'sha256', hex: sha256(changed) },
        }),
      );
      await assertDownloaded(folder, changed);
      assert.is(requests[1].headers['if-range'], etag);
    },
  );
});

test('a weak ETag cannot name a range: the date does, and without one it starts again', async () => {
  const date = 'Tue, 24 Nov 2026 08:00:00 GMT';
  for (const lastModified of [date, undefined]) {
    await withServer(
      (request, response, count) =>
        serve(request, response, {
          bytes,
          etag: 'W/"v1"',
          ...(lastModified && { lastModified }),
          ...(count === 1 && { stallAfter: half }),
        }),
      async ({ url, folder, requests, server }) => {
        await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
        await assertDownloaded(folder);
        assert.is(requests[1].headers['if-range'], lastModified);
        assert.is(requests[1].headers.range, lastModified && `bytes=${half}-`);
      },
    );
  }
});

for (const [fault, range] of [
  ['another start', `bytes 10-${bytes.length - 1}/${bytes.length}`],
  ['another length', `bytes ${half}-${bytes.length}/${bytes.length + 1}`],
  ['less than asked for', `bytes ${half}-${half + 9}/${bytes.length}`],
  ['no range', undefined],
] as const) {
  test(`an answer with ${fault} is not appended`, async () => {
    await withServer(
      (request, response, count) => {
        if (count === 1) return serve(request, response, { bytes, etag, stallAfter: half });
        if (request.headers.range === undefined) return serve(request, response, { bytes, etag });
        response.writeHead(206, range === undefined ? {} : { 'content-range': range });
        response.end(bytes.subarray(10));
      },
      async ({ url, folder, requests, server }) => {
        await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
        await assertDownloaded(folder);
        assert.is(requests.length, 3);
      },
    );
  });
}

test('a rest that is longer than announced is refused', async () => {
  await withServer(
    (request, response, count) => {
      if (count === 1) return serve(request, response, { bytes, etag, stallAfter: half });
      response.writeHead(206, { 'content-range': `bytes ${half}-${bytes.length - 1}/${bytes.length}` });
      response.end(bytes);
    },
    async ({ url, folder, requests, server }) => {
      assert.match(
        (
          await failure(
            download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) })),
          )
        ).what,
        'more than the 300000 bytes',
      );
      assert.is(requests.length, 2);
      assert.is((await stat(join(folder, 'file.pth.part'))).size, 0);
    },
  );
});

test('a range beyond the end starts again', async () => {
  await withServer(
    (request, response, count) => {
      if (count === 1) serve(request, response, { bytes, etag, stallAfter: half });
      else if (request.headers.range) response.writeHead(416).end();
      else serve(request, response, { bytes, etag });
    },
    async ({ url, folder, server }) => {
      await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
      await assertDownloaded(folder);
    },
  );
});

test('a part that was complete only lacks its name', async () => {
  await withServer(
    (_, response) => response.writeHead(500).end(),
    async ({ url, folder, requests }) => {
      await writeFile(join(folder, 'file.pth.part'), bytes);
      const version = { url, etag, lastModified: null, total: bytes.length };
      await writeFile(join(folder, 'file.pth.part.json'), JSON.stringify(version));
      await download(wanted(url, folder));
      await assertDownloaded(folder);
      assert.is(requests.length, 0);
    },
  );
});

for (const [state, json] of [
  ['no note', undefined],
  ['a broken note', '{"url":'],
  ['a note of another URL', JSON.stringify({ url: 'http://x/', etag, lastModified: null, total: 300_000 })],
] as const) {
  test(`a part with ${state} is not trusted`, async () => {
    await withServer(
      (request, response) => serve(request, response, { bytes, etag }),
      async ({ url, folder, requests }) => {
        await writeFile(join(folder, 'file.pth.part'), payload(400_000, 9));
        if (json !== undefined) await writeFile(join(folder, 'file.pth.part.json'), json);
        await download(wanted(url, folder));
        await assertDownloaded(folder);
        assert.is(requests[0].headers.range, undefined);
      },
    );
  });
}

test.run();
