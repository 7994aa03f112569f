/**
 * One attempt to bring a `.part` file to its end over HTTP: follow redirects, ask for the missing
 * rest if the server still has the same version, append what comes. It either completes the file
 * or throws; `TransferFailure` says whether another attempt may help. What was received stays.
 */

import { AttuneError } from '../errors.js';
import type { PartialFile, RemoteVersion } from './partial-file.js';
import type { Connections, Response } from './proxy.js';

export const MAX_REDIRECTS = 8;
export const REDIRECTS = [301, 302, 303, 307, 308];

/** What proves who asks, and to whom alone it is sent. */
export interface Authorization {
  /** Scheme, host and port, as `URL.origin` has it. */
  readonly origin: string;
  /** The header: `Bearer ...`. */
  readonly value: string;
}

export interface TransferOptions {
  readonly connections: Connections;
  readonly authorization?: Authorization | undefined;
  /** Until the server's answer begins, for each hop. */
  readonly answerTimeoutMs: number;
  /** Without a single byte arriving. */
  readonly stallTimeoutMs: number;
  readonly leastSpeed: LeastSpeed;
  readonly signal?: AbortSignal | undefined;
  /** Called once the length is known, before the first byte is written; may throw. */
  readonly onBegin: (total: number | null) => Promise<void>;
  readonly onBytes: () => void;
}

/** A server that sends less is left, and asked again: byte by byte, a file of some megabytes would take weeks. */
export interface LeastSpeed {
  readonly bytesPerSecond: number;
  /** Over each of which it is taken. */
  readonly windowMs: number;
}

/** Why an attempt failed. `message` completes "cannot download x: ...". */
export class TransferFailure extends Error {
  readonly transient: boolean;
  /** How long the server asked to be left alone. */
  readonly retryAfterMs: number | undefined;
  readonly hint: string | undefined;
  /** Whether what arrived counts nothing, as it was too little for its time. */
  readonly isSlow: boolean;

  constructor(
    message: string,
    options: {
      transient: boolean;
      retryAfterMs?: number | undefined;
      hint?: string;
      isSlow?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.transient = options.transient;
    this.retryAfterMs = options.retryAfterMs;
    this.hint = options.hint;
    this.isSlow = options.isSlow ?? false;
  }
}

/** Completes `partial` from `url`. Throws TransferFailure, AttuneError from `onBegin`, or what the disk says. */
export async function transfer(partial: PartialFile, url: string, options: TransferOptions): Promise<void> {
  const watchdog = new Watchdog(options.signal);
  try {
    const { response, at } = await respond(partial, new URL(url), watchdog, options);
    // Without this listener a body that is destroyed early would end the process.
    response.body.on('error', () => {});
    try {
      const total = await prepare(partial, url, at, response);
      await options.onBegin(total);
      watchdog.start(options.stallTimeoutMs, `nothing arrived for ${seconds(options.stallTimeoutMs)}`);
      await receive(partial, response, total, watchdog, options);
    } finally {
      response.body.destroy();
    }
  } finally {
    watchdog.stop();
  }
}

/** Sends the request and follows redirects by hand: each hop may take another proxy. */
async function respond(
  partial: PartialFile,
  url: URL,
  watchdog: Watchdog,
  { connections, authorization, answerTimeoutMs }: TransferOptions,
): Promise<{ response: Response; at: URL }> {
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    watchdog.start(answerTimeoutMs, `no answer from ${url.host} within ${seconds(answerTimeoutMs)}`);
    const response = await network(watchdog, () =>
      connections.request(url, {
        headers: { ...headersFor(url, authorization), ...rangeOf(partial) },
        signal: watchdog.signal,
      }),
    );
    if (!REDIRECTS.includes(response.statusCode)) return { response, at: url };
    response.body.on('error', () => {}).destroy();
    url = redirected(url, header(response, 'location'));
  }
  throw new TransferFailure(`more than ${MAX_REDIRECTS} redirects`, { transient: false });
}

/** What every request of attune's says of itself. */
export function headersFor(url: URL, authorization: Authorization | undefined): Record<string, string> {
  const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'attune' };
  return authorization?.origin === url.origin ? { ...headers, authorization: authorization.value } : headers;
}

/** Where a redirect leads; never from https to anything less. Exported for its test. */
export function redirected(from: URL, location: string | null): URL {
  if (location === null || !URL.canParse(location, from.href)) {
    throw new TransferFailure(`${from.host} redirects to nowhere`, { transient: false });
  }
  const to = new URL(location, from.href);
  const downgraded = from.protocol === 'https:' && to.protocol !== 'https:';
  if (downgraded || !['http:', 'https:'].includes(to.protocol)) {
    throw new TransferFailure(`${from.host} redirects to ${to.protocol}//, which is not safe`, {
      transient: false,
    });
  }
  return to;
}

/** Asks for the rest only if the version can be named exactly; a weak ETag cannot (RFC 9110, 13.1.5). */
function rangeOf(partial: PartialFile): Record<string, string> {
  const validator = partial.version && validatorOf(partial.version);
  if (!validator || partial.received === 0) return {};
  return { range: `bytes=${partial.received}-`, 'if-range': validator };
}

function validatorOf({ etag, lastModified }: RemoteVersion): string | null {
  return etag !== null && !etag.startsWith('W/') ? etag : lastModified;
}

/** Reads the answer's head and readies the partial file for its body. Returns the length of the whole file. */
async function prepare(
  partial: PartialFile,
  url: string,
  at: URL,
  response: Response,
): Promise<number | null> {
  const { statusCode } = response;
  const encoding = header(response, 'content-encoding');
  if (encoding !== null && encoding !== 'identity') {
    throw new TransferFailure(`${at.host} sent the file ${encoding}-encoded, unasked`, { transient: false });
  }
  if (statusCode === 206) return resumed(partial, response);
  if (statusCode === 416) {
    await partial.clear();
    throw new TransferFailure(`${at.host} has no more bytes than the partial file`, { transient: true });
  }
  if (statusCode !== 200) throw refusal(at, response);
  const length = header(response, 'content-length');
  const total = length === null ? null : Number(length);
  const [etag, lastModified] = [header(response, 'etag'), header(response, 'last-modified')];
  await partial.clear();
  await partial.begin({ url, etag, lastModified, total });
  return total;
}

/** Checks that a 206 is the rest that was asked for; anything else must not be appended. */
async function resumed(partial: PartialFile, response: Response): Promise<number> {
  const range = header(response, 'content-range') ?? '';
  const [, first, last, whole] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? [];
  const total = Number(whole);
  const known = partial.version?.total ?? total;
  if (Number(first) !== partial.received || Number(last) !== total - 1 || total !== known) {
    await partial.clear();
    throw new TransferFailure(`the server sent another range than asked for: ${range || 'none named'}`, {
      transient: true,
    });
  }
  return total;
}

async function receive(
  partial: PartialFile,
  response: Response,
  total: number | null,
  watchdog: Watchdog,
  { onBytes, leastSpeed }: TransferOptions,
): Promise<void> {
  const checkSpeed = speedCheck(leastSpeed);
  const chunks = response.body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await network(watchdog, () => chunks.next());
    if (done) break;
    const chunk = value as Uint8Array;
    if (total !== null && partial.received + chunk.length > total) {
      await partial.clear();
      throw new TransferFailure(`the server sent more than the ${total} bytes it announced`, {
        transient: false,
      });
    }
    await partial.append(chunk);
    watchdog.feed();
    onBytes();
    checkSpeed(chunk.length);
  }
  if (total !== null && partial.received !== total) {
    throw new TransferFailure(`the server sent ${partial.received} of ${total} bytes`, { transient: true });
  }
}

/** To be told of all bytes as they arrive; throws at the end of a time in which they were too few. */
function speedCheck({ bytesPerSecond, windowMs }: LeastSpeed): (bytes: number) => void {
  let since = performance.now();
  let arrived = 0;
  return (bytes) => {
    arrived += bytes;
    const elapsed = performance.now() - since;
    if (elapsed < windowMs) return;
    if (arrived < (bytesPerSecond * elapsed) / 1000) {
      const speed = `${arrived} bytes in ${seconds(Math.round(elapsed / 100) * 100)}`;
      throw new TransferFailure(`the server sends too slowly, ${speed}`, { transient: true, isSlow: true });
    }
    since = performance.now();
    arrived = 0;
  };
}

/** The failure for a status that is no success. */
export function refusal(at: URL, response: Response): TransferFailure {
  const { statusCode } = response;
  const transient = statusCode >= 500 || [408, 425, 429].includes(statusCode);
  const retryAfter = Number(header(response, 'retry-after') ?? Number.NaN);
  const options = { transient, retryAfterMs: retryAfter >= 0 ? retryAfter * 1000 : undefined };
  return new TransferFailure(`${at.host} answered ${statusCode}`, options);
}

/** The first header of this name. */
export function header({ headers }: Response, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** Runs a step that talks to the network, and gives its errors their meaning. */
export async function network<T>(watchdog: Watchdog, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    watchdog.throwIfAborted();
    throw networkFailure(error as NodeJS.ErrnoException);
  }
}

/** Which errors of undici, Node's sockets and TLS may pass by themselves. Exported for its test. */
export function networkFailure(error: NodeJS.ErrnoException & { readonly hostname?: string }): Error {
  if (error instanceof AttuneError) return error;
  const code = error.code ?? '';
  const options = { transient: false, cause: error };
  if (code === 'ENOTFOUND') {
    // Perhaps that of a proxy: the URL in the error does not tell.
    const name = error.hostname === undefined ? "the server's name" : `the name ${error.hostname}`;
    const hint = 'check the network connection, and the proxy in HTTPS_PROXY, where there is one';
    return new TransferFailure(`${name} is not known here`, { ...options, hint });
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ISSUER/.test(code)) {
    const hint = 'if a proxy inspects the traffic, name its certificate in NODE_EXTRA_CA_CERTS';
    return new TransferFailure(`the server's certificate is not trusted (${code})`, { ...options, hint });
  }
  // undici reports a proxy that refuses to pass the request on by one of these two.
  if (code === 'UND_ERR_ABORTED' || code === 'UND_ERR_INVALID_ARG') {
    const hint = 'check HTTPS_PROXY, with user and password if the proxy asks for them';
    return new TransferFailure(`the proxy refused: ${error.message}`, { ...options, hint });
  }
  const reason = error.message || code || 'the connection broke';
  return new TransferFailure(reason, { transient: true, cause: error });
}

/**
 * Aborts a request when the caller does, or when the server has kept still for too long. One
 * mechanism for the connection, the answer and the body, whatever lies between.
 */
export class Watchdog {
  private readonly controller = new AbortController();
  private readonly outer: AbortSignal | undefined;
  private readonly onOuterAbort = () => this.controller.abort(this.outer?.reason);
  private timer: NodeJS.Timeout | undefined;

  constructor(outer: AbortSignal | undefined) {
    this.outer = outer;
    if (outer?.aborted) this.onOuterAbort();
    outer?.addEventListener('abort', this.onOuterAbort);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Sets the time that may pass without `feed`; the failure then says `reason`. */
  start(milliseconds: number, reason: string): void {
    clearTimeout(this.timer);
    const failure = () => this.controller.abort(new TransferFailure(reason, { transient: true }));
    this.timer = setTimeout(failure, milliseconds);
  }

  feed(): void {
    this.timer?.refresh();
  }

  throwIfAborted(): void {
    this.signal.throwIfAborted();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.outer?.removeEventListener('abort', this.onOuterAbort);
  }
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}
