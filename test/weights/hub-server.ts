/** A local server that speaks the hub's protocol, and a second one that plays the host of the large files. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve, sha256 } from './support.js';

/** Two states of one repository. */
export const COMMITS = { main: 'a'.repeat(40), v2: 'b'.repeat(40) } as const;

export interface HubState {
  /** By name; large ones are redirected, as those that git keeps by a pointer are. */
  readonly files: Readonly<Record<string, Buffer>>;
  readonly large: readonly string[];
  /** Of a private repository. */
  token?: string;
  gated?: boolean;
  /** Answers of every kind fail with this status. */
  broken?: number;
  /** What the host of large files sends in their place. */
  damaged?: Buffer;
  /** Bytes after which it stalls. */
  stallAfter?: number;
  /** The repository's earlier name, from which it redirects. */
  formerName?: string;
}

export interface HubAt {
  readonly hub: Server;
  readonly env: Record<string, string>;
  readonly home: string;
  /** `HEAD /owner/name/...`, in order. */
  readonly asked: string[];
  readonly askedOfStore: IncomingMessage[];
}

export function gitHash(bytes: Buffer): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

/** Runs `body` with both servers and an empty HF_HOME. */
export async function withHub(state: HubState, body: (at: HubAt) => Promise<void>): Promise<void> {
  const asked: string[] = [];
  const askedOfStore: IncomingMessage[] = [];
  const store = await listen((request, response) => {
    askedOfStore.push(request);
    const file = new URL(request.url!, 'http://store').pathname.slice(1);
    const bytes = state.damaged ?? state.files[file];
    serve(request, response, {
      bytes,
      etag: '"store"',
      ...(state.stallAfter && { stallAfter: state.stallAfter }),
    });
  });
  const hub = await listen((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const refuse = (status: number, code?: string) => {
      if (code !== undefined) response.setHeader('x-error-code', code);
      response.writeHead(status).end();
    };
    if (state.broken !== undefined) return refuse(state.broken);
    const given = request.headers.authorization;
    if (state.token !== undefined && given !== `Bearer ${state.token}`) return refuse(401);
    const [, name, revision, file] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(request.url!) ?? [];
    if (name !== undefined && name === state.formerName) {
      response.setHeader('location', `/ada/birds/resolve/${revision}/${file}`);
      return refuse(307);
    }
    if (name !== 'ada/birds') return refuse(401, 'RepoNotFound');
    if (state.gated) return refuse(403, 'GatedRepo');
    const commit = { ...COMMITS, 'refs%2Fpr%2F1': COMMITS.v2 }[revision] ?? revision;
    if (!Object.values<string>(COMMITS).includes(commit)) return refuse(404, 'RevisionNotFound');
    const bytes = state.files[file];
    if (bytes === undefined) return refuse(404, 'EntryNotFound');
    response.setHeader('x-repo-commit', commit);
    if (state.large.includes(file)) {
      response.setHeader('x-linked-etag', `"${sha256(bytes)}"`);
      response.setHeader('x-linked-size', bytes.length);
      response.setHeader('etag', '"the pointer\'s"');
      response.setHeader('location', `${urlOf(store)}/${file}?signature=secret`);
      return refuse(302);
    }
    response.setHeader('etag', `W/"${gitHash(bytes)}"`);
    response.setHeader('content-length', bytes.length);
    response.writeHead(200).end(request.method === 'HEAD' ? undefined : bytes);
  });
  const home = await mkdtemp(join(tmpdir(), 'attune hub ü '));
  try {
    await body({ hub, env: { HF_HOME: home, HF_ENDPOINT: urlOf(hub) }, home, asked, askedOfStore });
  } finally {
    for (const server of [hub, store]) {
      server.closeAllConnections();
      server.close();
    }
    await rm(home, { recursive: true });
  }
}

async function listen(answer: RequestListener): Promise<Server> {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
