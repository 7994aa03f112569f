/** Which proxy a URL takes, and downloads through a real one on this machine. */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { AttuneError } from '#src/errors';
import { download } from '#src/weights/download';
import { proxyFor } from '#src/weights/proxy';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { failure, payload, serve, sha256, withServer } from './support.js';

const proxies = { HTTP_PROXY: 'http://plain:1', HTTPS_PROXY: 'http://secure:2' };
const cases: [string, Record<string, string>, string | undefined][] = [
  ['http://a.org/x', {}, undefined],
  ['http://a.org/x', proxies, 'plain'],
  ['https://a.org/x', proxies, 'secure'],
  ['https://a.org/x', { HTTP_PROXY: 'http://plain:1' }, 'plain'],
  ['http://a.org/x', { HTTPS_PROXY: 'http://secure:2' }, undefined],
  ['https://a.org/x', { ...proxies, https_proxy: 'http://lower:3' }, 'lower'],
  ['http://a.org/x', { HTTP_PROXY: 'bare:3128' }, 'bare'],
  ['http://a.org/x', { HTTP_PROXY: '' }, undefined],
  ['https://a.org/x', { ...proxies, NO_PROXY: '*' }, undefined],
  ['https://a.org/x', { ...proxies, NO_PROXY: 'b.org, a.org' }, undefined],
  ['https://www.a.org/x', { ...proxies, NO_PROXY: 'a.org' }, undefined],
  ['https://www.a.org/x', { ...proxies, NO_PROXY: '.A.org' }, undefined],
  ['https://www.a.org/x', { ...proxies, NO_PROXY: '*.a.org' }, undefined],
  ['https://nota.org/x', { ...proxies, NO_PROXY: 'a.org' }, 'secure'],
  ['https://a.org/x', { ...proxies, NO_PROXY: 'a.org:443' }, undefined],
  ['https://a.org:8443/x', { ...proxies, NO_PROXY: 'a.org:443' }, 'secure'],
  ['http://127.0.0.1:99/x', { ...proxies, NO_PROXY: '127.0.0.1' }, undefined],
  ['http://[::1]:99/x', { ...proxies, NO_PROXY: '::1' }, undefined],
  ['http://[::1]:99/x', { ...proxies, NO_PROXY: '[::1]:99' }, undefined],
  ['http://[::1]:98/x', { ...proxies, NO_PROXY: '[::1]:99' }, 'plain'],
  ['https://a.org/x', { ...proxies, NO_PROXY: '*', no_proxy: 'b.org' }, 'secure'],
];

for (const [url, env, expected] of cases) {
  test(`${url} with ${JSON.stringify(env)}: ${expected ?? 'direct'}`, () => {
    assert.is(proxyFor(new URL(url), env)?.hostname, expected);
  });
}

test('a proxy that is no web address is named, and its password is not', () => {
  for (const proxy of ['socks5://user:secret@proxy:1080', 'http://user:secret@:x']) {
    try {
      proxyFor(new URL('http://a.org'), { HTTP_PROXY: proxy });
      assert.unreachable();
    } catch (error) {
      assert.is((error as AttuneError).code, 'download');
      assert.not.match((error as AttuneError).message, 'secret');
    }
  }
});

const bytes = payload(100_000);
const hash = { check: 'sha256', hex: sha256(bytes) } as const;

/** A forwarding proxy that keeps account, and answers CONNECT with `connectStatus`. */
async function withProxy(
  connectStatus: string,
  body: (address: string, seen: { line: string; authorization: string | undefined }[]) => Promise<void>,
): Promise<void> {
  const seen: { line: string; authorization: string | undefined }[] = [];
  const proxy = createServer((request, response) => {
    const authorization = request.headers['proxy-authorization'];
    seen.push({ line: `${request.method} ${request.url}`, authorization });
    const onward = httpRequest(request.url!, { headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    onward.end();
  });
  proxy.on('connect', (request, socket) => {
    seen.push({ line: `CONNECT ${request.url}`, authorization: request.headers['proxy-authorization'] });
    socket.end(`HTTP/1.1 ${connectStatus}\r\n\r\n`);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  try {
    await body(`127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
}

test('a download goes through HTTP_PROXY, with user and password', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes }),
    async ({ url, folder, requests }) => {
      await withProxy('403 Forbidden', async (address, seen) => {
        const env = { HTTP_PROXY: `http://ada:l%C3%B6ve@${address}` };
        const path = join(folder, 'file.pth');
        await download({ url, path, hash, settings: { env } });
        assert.ok((await readFile(path)).equals(bytes));
        const authorization = `Basic ${Buffer.from('ada:löve').toString('base64')}`;
        assert.equal(seen, [{ line: `GET ${url}`, authorization }]);
        assert.is(requests.length, 1);
      });
    },
  );
});

test('NO_PROXY goes past it', async () => {
  await withServer(
    (request, response) => serve(request, response, { bytes }),
    async ({ url, folder }) => {
      await withProxy('403 Forbidden', async (address, seen) => {
        const env = { HTTP_PROXY: `http://${address}`, NO_PROXY: '127.0.0.1' };
        await download({ url, path: join(folder, 'file.pth'), hash, settings: { env } });
        assert.equal(seen, []);
      });
    },
  );
});

test('https asks HTTPS_PROXY for a tunnel; a refusal is final and says where to look', async () => {
  await withServer(
    () => {},
    async ({ folder }) => {
      await withProxy('407 Proxy Authentication Required', async (address, seen) => {
        const url = 'https://download.invalid/file.pth';
        const settings = { env: { HTTPS_PROXY: `http://${address}` } };
        const path = join(folder, 'file.pth');
        const error = await failure(download({ url, path, hash, settings }));
        assert.is(error.code, 'download');
        assert.match(error.what, '407');
        assert.match(error.hint!, 'HTTPS_PROXY');
        assert.equal(
          seen.map(({ line }) => line),
          ['CONNECT download.invalid:443'],
        );
      });
    },
  );
});

test.run();
