/** What these tests share: a local file server with faults to order, and a folder for what is downloaded. */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import type { DownloadRequest } from '#src/weights/download';
import * as assert from 'uvu/assert';

export type Handler = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** Bytes that look random and differ by seed: a linear congruential generator. */
export function payload(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Runs `body` with a server on 127.0.0.1 and an empty folder; removes both. */
export async function withServer(
  handler: Handler,
  body: (at: { url: string; folder: string; requests: IncomingMessage[]; server: Server }) => Promise<void>,
): Promise<void> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    handler(request, response, requests.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'attune weights ü '));
  const { port } = server.address() as AddressInfo;
  try {
    await body({ url: `http://127.0.0.1:${port}/file.pth`, folder, requests, server });
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}

export interface Served {
  readonly bytes: Buffer;
  readonly etag?: string;
  readonly lastModified?: string;
  /** Send only this many bytes of the body, and neither more nor an end. */
  readonly stallAfter?: number;
  readonly ignoreRange?: boolean;
}

/** Answers as a correct file server: 206 when If-Range names this version, else the whole file. */
export function serve(request: IncomingMessage, response: ServerResponse, served: Served): void {
  const { bytes, etag, lastModified, stallAfter, ignoreRange } = served;
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const condition = request.headers['if-range'];
  const same = condition === undefined || condition === etag || condition === lastModified;
  const start = from !== undefined && same && !ignoreRange ? Number(from) : 0;
  if (etag !== undefined) response.setHeader('etag', etag);
  if (lastModified !== undefined) response.setHeader('last-modified', lastModified);
  response.setHeader('content-length', bytes.length - start);
  if (start > 0) response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
  response.writeHead(start > 0 ? 206 : 200);
  if (stallAfter === undefined) response.end(bytes.subarray(start));
  else response.write(bytes.subarray(start, start + stallAfter));
}

/**
 * A progress callback that cuts all connections once `cut` says so. The server cannot do it by
 * itself at an exact byte: what the client has not yet read when the connection ends may be lost.
 */
export function cutting(server: Server, cut: (received: number) => boolean): DownloadRequest['onProgress'] {
  let last = 0;
  return ({ received }) => {
    // A resumed download begins by reporting where the last one ended.
    if (received !== last && cut(received)) server.closeAllConnections();
    last = received;
  };
}

export async function filesIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).sort();
}

/** The AttuneError that `promise` fails with; a success, or another error, fails the test. */
export async function failure(promise: Promise<unknown>): Promise<AttuneError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  assert.instance(error, AttuneError);
  return error;
}

/** What most downloads fetch. */
export const bytes = payload(300_000);
export const half = 150_000;
export const etag = '"v1"';

/** A request for `bytes` that waits for nothing and takes no proxy; `more` overrides. */
export function wanted(url: string, folder: string, more: Partial<DownloadRequest> = {}): DownloadRequest {
  const hash = { check: 'sha256', hex: sha256(bytes) } as const;
  const settings = { firstPauseMs: 5, env: {}, ...more.settings };
  return { url, path: join(folder, 'file.pth'), hash, ...more, settings };
}

/** That the folder holds the finished file and nothing else. */
export async function assertDownloaded(folder: string, expected = bytes): Promise<void> {
  assert.equal(await filesIn(folder), ['file.pth'], 'nothing is left beside the file');
  assert.ok((await readFile(join(folder, 'file.pth'))).equals(expected));
}
