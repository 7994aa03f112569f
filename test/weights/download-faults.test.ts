/** Downloads from a server that does everything a server can do wrong. */

import { join } from 'node:path';
import { download } from '#src/weights/download';
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
      else serve(request, response, { bytes, etag, ...(count === 3 && { stallAfter: half }) });
    },
    async ({ url, folder, requests, server }) => {
      await download(wanted(url, folder, { onProgress: cutting(server, (received) => received === half) }));
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

test('a server that sends a byte now and then is left, and given up when it does so again', async () => {
  await withServer(
    (request, response) => {
      serve(request, response, { bytes, etag, stallAfter: 1 });
      const timer = setInterval(() => response.write('x'), 20);
      response.once('close', () => clearInterval(timer));
    },
    async ({ url, folder, requests }) => {
      const retries: string[] = [];
      const settings = { leastSpeed: { bytesPerSecond: 1000, windowMs: 200 }, attempts: 3 };
      const error = await failure(
        download(wanted(url, folder, { settings, onRetry: (reason) => retries.push(reason) })),
      );
      assert.match(error.what, /the server sends too slowly, \d+ bytes in 0\.\d s/);
      assert.is(retries.length, 2);
      assert.is(requests.length, 3);
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

test.run();
