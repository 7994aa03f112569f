/** Downloads against a local server that does everything a server can do wrong. */

import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { download, type DownloadRequest, type DownloadSettings } from '#src/weights/download';
import type { DownloadProgress } from '#src/weights/progress';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, filesIn, payload, serve, sha256, withServer } from './support.js';

const bytes = payload(300_000);
const half = 150_000;
const etag = '"v1"';
const quick: Partial<DownloadSettings> = { firstPauseMs: 5, env: {} };

/** What every call needs; `more` overrides. */
function wanted(url: string, folder: string, more: Partial<DownloadRequest> = {}): DownloadRequest {
  const hash = { check: 'sha256', hex: sha256(bytes) } as const;
  return { url, path: join(folder, 'file.pth'), hash, ...more, settings: { ...quick, ...more.settings } };
}

async function assertDownloaded(folder: string, expected = bytes): Promise<void> {
  assert.equal(await filesIn(folder), ['file.pth'], 'nothing is left beside the file');
  assert.ok((await readFile(join(folder, 'file.pth'))).equals(expected));
}

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
      serve(request, response, { bytes, etag, ...(count === 1 && { cutAfter: half }) }),
    async ({ url, folder, requests }) => {
      await download(wanted(url, folder));
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
      serve(request, response, { bytes, etag, ...(count === 1 && { cutAfter: half }) }),
    async ({ url, folder, requests }) => {
      const error = await failure(download(wanted(url, folder, { settings: { attempts: 1 } })));
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

test('a failure names the URL and where to put the file by hand', async () => {
  await withServer(
    (_, response) => response.writeHead(404).end(),
    async ({ url, folder, requests }) => {
      const error = await failure(download(wanted(url, folder)));
      assert.is(error.code, 'download');
      assert.match(error.what, 'answered 404');
      assert.is(error.where, url);
      assert.ok(error.hint!.includes(url) && error.hint!.includes(join(folder, 'file.pth')));
      assert.is(requests.length, 1, 'what will not pass is not retried');
    },
  );
});

test('a server that knows no ranges starts again from the first byte', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ignoreRange: true, ...(count === 1 && { cutAfter: half }) }),
    async ({ url, folder }) => {
      await download(wanted(url, folder));
      await assertDownloaded(folder);
    },
  );
});

test('a server that always cuts at the same byte is given up', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag, ignoreRange: true, cutAfter: half }),
    async ({ url, folder, requests }) => {
      await failure(download(wanted(url, folder, { settings: { attempts: 3 } })));
      assert.is(requests.length, 3);
    },
  );
});

test('pieces that each bring something new are never given up', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes, etag, cutAfter: 40_000 }),
    async ({ url, folder, requests }) => {
      await download(wanted(url, folder, { settings: { attempts: 2 } }));
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
        count === 1 ? { bytes, etag, cutAfter: half } : { bytes: changed, etag: '"v2"' },
      ),
    async ({ url, folder, requests }) => {
      await download(wanted(url, folder, { hash: { check: 'sha256', hex: sha256(changed) } }));
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
          ...(count === 1 && { cutAfter: half }),
        }),
      async ({ url, folder, requests }) => {
        await download(wanted(url, folder));
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
        if (count === 1) return serve(request, response, { bytes, etag, cutAfter: half });
        if (request.headers.range === undefined) return serve(request, response, { bytes, etag });
        response.writeHead(206, range === undefined ? {} : { 'content-range': range });
        response.end(bytes.subarray(10));
      },
      async ({ url, folder, requests }) => {
        await download(wanted(url, folder));
        await assertDownloaded(folder);
        assert.is(requests.length, 3);
      },
    );
  });
}

test('a range beyond the end starts again', async () => {
  await withServer(
    (request, response, count) => {
      if (count === 1) serve(request, response, { bytes, etag, cutAfter: half });
      else if (request.headers.range) response.writeHead(416).end();
      else serve(request, response, { bytes, etag });
    },
    async ({ url, folder }) => {
      await download(wanted(url, folder));
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

test('a wrong hash: both hashes are named, the part is deleted', async () => {
  const hex = 'ab'.repeat(32);
  await withServer(
    (request, response) => serve(request, response, { bytes, etag }),
    async ({ url, folder, requests }) => {
      const error = await failure(download(wanted(url, folder, { hash: { check: 'sha256', hex } })));
      assert.is(error.code, 'download');
      assert.ok(error.what.includes(hex) && error.what.includes(sha256(bytes)));
      assert.match(error.hint!, 'was deleted');
      assert.equal(await filesIn(folder), []);
      assert.is(requests.length, 1);
    },
  );
});

test('a hash of which only the beginning is known', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes }),
    async ({ url, folder }) => {
      const wrong = { check: 'sha256-prefix', hex: '00000000' } as const;
      const error = await failure(download(wanted(url, folder, { hash: wrong })));
      assert.match(error.what, 'begins with 00000000');
      assert.equal(await filesIn(folder), []);
      const right = { check: 'sha256-prefix', hex: sha256(bytes).slice(0, 8) } as const;
      const file = await download(wanted(url, folder, { hash: right }));
      assert.is(file.sha256, sha256(bytes));
      await assertDownloaded(folder);
    },
  );
});

test('a server in trouble is asked again, and said so', async () => {
  await withServer(
    (request, response, count) => {
      if (count <= 2) response.writeHead(count === 1 ? 500 : 429, { 'retry-after': '0' }).end();
      else serve(request, response, { bytes });
    },
    async ({ url, folder }) => {
      const retries: string[] = [];
      await download(wanted(url, folder, { onRetry: (reason, pause) => retries.push(`${reason}|${pause}`) }));
      await assertDownloaded(folder);
      const host = new URL(url).host;
      assert.equal(retries, [`${host} answered 500|5`, `${host} answered 429|10`]);
    },
  );
});

test('the server may ask for a longer pause', async () => {
  await withServer(
    (request, response, count) => {
      if (count === 1) response.writeHead(503, { 'retry-after': '1' }).end();
      else serve(request, response, { bytes });
    },
    async ({ url, folder }) => {
      let asked = 0;
      await download(wanted(url, folder, { onRetry: (_, pause) => (asked = pause) }));
      assert.is(asked, 1000);
    },
  );
});

test('redirects are followed, relative ones too, and the range goes with them', async () => {
  await withServer(
    (request, response, count) => {
      if (request.url === '/file.pth') response.writeHead(302, { location: '/moved' }).end();
      else if (request.url === '/moved') response.writeHead(308, { location: 'there' }).end('read me');
      else serve(request, response, { bytes, etag, ...(count === 3 && { cutAfter: half }) });
    },
    async ({ url, folder, requests }) => {
      await download(wanted(url, folder));
      await assertDownloaded(folder);
      assert.equal(
        requests.map((request) => request.url),
        ['/file.pth', '/moved', '/there', '/file.pth', '/moved', '/there'],
      );
      assert.is(requests[5].headers.range, `bytes=${half}-`);
    },
  );
});

for (const [kind, location, message] of [
  ['a circle', '/file.pth', 'more than 8 redirects'],
  ['another protocol', 'file:///etc/passwd', 'redirects to file://'],
  ['nowhere', undefined, 'redirects to nowhere'],
] as const) {
  test(`a redirect to ${kind} is refused`, async () => {
    await withServer(
      (_, response) => response.writeHead(302, location === undefined ? {} : { location }).end(),
      async ({ url, folder }) => {
        assert.match((await failure(download(wanted(url, folder)))).what, message);
      },
    );
  });
}

test('a server that falls silent is left and asked again', async () => {
  await withServer(
    (request, response, count) =>
      serve(request, response, { bytes, etag, ...(count === 1 && { stallAfter: half }) }),
    async ({ url, folder, requests }) => {
      const retries: string[] = [];
      const settings = { stallTimeoutMs: 100 };
      await download(wanted(url, folder, { settings, onRetry: (reason) => retries.push(reason) }));
      await assertDownloaded(folder);
      assert.equal(retries, ['nothing arrived for 0.1 s']);
      assert.is(requests[1].headers.range, `bytes=${half}-`);
    },
  );
});

test('a server that never answers is given up', async () => {
  await withServer(
    () => {},
    async ({ url, folder }) => {
      const settings = { answerTimeoutMs: 100, attempts: 2 };
      const error = await failure(download(wanted(url, folder, { settings })));
      assert.match(error.what, 'no answer from 127.0.0.1');
    },
  );
});

test('nobody listening', async () => {
  let gone = '';
  await withServer(
    () => {},
    async ({ url }) => {
      gone = url;
    },
  );
  await withServer(
    () => {},
    async ({ folder }) => {
      const error = await failure(download(wanted(gone, folder, { settings: { attempts: 2 } })));
      assert.is(error.code, 'download');
      assert.match(error.what, 'ECONNREFUSED');
    },
  );
});

test('fewer bytes than announced are never taken for the whole', async () => {
  await withServer(
    (_, response) => {
      const { socket } = response;
      response.writeHead(200, { 'content-length': bytes.length });
      response.end(bytes.subarray(0, half), () => socket!.end());
    },
    async ({ url, folder }) => {
      const error = await failure(download(wanted(url, folder, { settings: { attempts: 2 } })));
      assert.is(error.code, 'download');
      assert.not.ok((await filesIn(folder)).includes('file.pth'));
    },
  );
});

test('a length that is not announced is no fault', async () => {
  await withServer(
    (_, response) => response.writeHead(200).end(bytes),
    async ({ url, folder }) => {
      await download(wanted(url, folder));
      await assertDownloaded(folder);
    },
  );
});

test('an encoding that nobody asked for is refused', async () => {
  await withServer(
    (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
    async ({ url, folder, requests }) => {
      assert.match((await failure(download(wanted(url, folder)))).what, 'gzip-encoded');
      assert.is(requests[0].headers['accept-encoding'], 'identity');
    },
  );
});

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
      serve(request, response, { bytes, etag, ...(count === 1 && { cutAfter: half }) }),
    async ({ url, folder }) => {
      await failure(download(wanted(url, folder, { settings: { attempts: 1 } })));
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

test('four processes at once, cut connections included: one file, fetched once', async () => {
  const modulePath = new URL('../../../dist/weights/download.js', import.meta.url).href;
  const script = `
    const { download } = await import(${JSON.stringify(modulePath)});
    const [url, path, hex] = process.argv.slice(1);
    const file = await download({ url, path, hash: { check: 'sha256', hex }, settings: { firstPauseMs: 5 } });
    process.stdout.write(file.sha256);
  `;
  await withServer(
    (request, response) =>
      setTimeout(() => serve(request, response, { bytes, etag, cutAfter: 100_000 }), 100),
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
      assert.is(requests.length, 3);
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
