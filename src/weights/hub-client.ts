/**
 * Asking the Hugging Face hub: at which commit a revision is, and which content a file has there. Large files are fetched
 * by download.ts; small ones here. The hub's own client for JavaScript was considered: it neither resumes a download
 * nor checks what it received.
 *
 * The token comes from HF_TOKEN, goes to the hub alone (a download is redirected to another host, with a signature in its
 * URL), and appears in no message.
 */

import { createHash } from 'node:crypto';
import { AttuneError } from '../errors.js';
import type { DownloadSettings } from './download.js';
import { type HubName, isCommit } from './hub-name.js';
import { Connections, type Environment, type Response } from './proxy.js';
import { withRetries } from './retry.js';
import {
  type Authorization,
  header,
  headersFor,
  MAX_REDIRECTS,
  network,
  REDIRECTS,
  redirected,
  refusal,
  TransferFailure,
  Watchdog,
} from './transfer.js';

const ENDPOINT = 'https://huggingface.co';

/** The largest configuration that is read; that of ImageNet's thousand labels has 70 kB. */
const MOST_BYTES = 4_000_000;

/** A file of a repository at a commit. */
export interface HubFile {
  readonly url: string;
  readonly commit: string;
  /** The SHA-256 of a large file, or git's hash of a small one. Lower-case hex. */
  readonly etag: string;
}

export interface HubClientOptions {
  readonly settings: DownloadSettings;
  readonly signal?: AbortSignal | undefined;
  readonly onRetry?: ((reason: string, pauseMs: number) => void) | undefined;
}

export class HubClient {
  readonly name: HubName;
  readonly authorization: Authorization | undefined;
  readonly #endpoint: URL;
  readonly #options: HubClientOptions;

  /** Throws AttuneError 'usage' when HF_ENDPOINT or HF_TOKEN cannot be used. */
  constructor(name: HubName, options: HubClientOptions) {
    const { env } = options.settings;
    this.name = name;
    this.#endpoint = endpointOf(env);
    this.#options = options;
    this.authorization = authorizationOf(env, this.#endpoint);
  }

  /** The page of the repository, for people. */
  get page(): string {
    return new URL(this.name.repository, this.#endpoint).href;
  }

  /** Finds a file, by default at the revision of the name; null when the repository has none of this name. */
  async locate(file: string, revision = this.name.revision): Promise<HubFile | null> {
    const path = `${this.name.repository}/resolve/${encodeURIComponent(revision)}/${file}`;
    const { href: url } = new URL(path, this.#endpoint);
    return this.#exchange(url, 'HEAD', async (response, at, heads) => {
      if (header(response, 'x-error-code') === 'EntryNotFound') return null;
      // A large file is redirected to another host; what the hub says of it stands in that answer.
      if (response.statusCode !== 200 && !REDIRECTS.includes(response.statusCode))
        throw this.#refusal(at, response);
      const first = (name: string) => heads.map((head) => header(head, name)).find((value) => value !== null);
      const commit = first('x-repo-commit') ?? '';
      const etag = (first('x-linked-etag') ?? header(response, 'etag') ?? '').replace(/^(?:W\/)?"|"$/g, '');
      if (isCommit(commit) && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag)) return { url, commit, etag };
      const what = `${at.host} does not say which commit and which content ${file} has`;
      throw new TransferFailure(what, { transient: false, hint: 'check HF_ENDPOINT' });
    });
  }

  /** The content of a small file, which has been checked. Throws AttuneError 'download'. */
  async read({ url, etag }: HubFile): Promise<Uint8Array> {
    const bytes = await this.#exchange(url, 'GET', async (response, at, _, watchdog) => {
      if (response.statusCode !== 200) throw this.#refusal(at, response);
      return readBody(response, watchdog);
    });
    if (contentHash(bytes, etag) === etag) return bytes;
    const what = `the file was damaged on its way: expected ${etag}`;
    throw new AttuneError({ code: 'download', what, where: url, hint: 'try again' });
  }

  /**
   * Sends a request, and again after failures that may pass; gives the answer to `take`, with all that came before it.
   * Redirects are followed within the hub; a HEAD stops at the first that leaves it.
   */
  async #exchange<T>(
    url: string,
    method: 'HEAD' | 'GET',
    take: (response: Response, at: URL, heads: readonly Response[], watchdog: Watchdog) => Promise<T>,
  ): Promise<T> {
    const { settings, signal } = this.#options;
    const connections = new Connections(settings.env);
    const attempt = async () => {
      const watchdog = new Watchdog(signal);
      const heads: Response[] = [];
      try {
        for (let at = new URL(url), hop = 0; hop <= MAX_REDIRECTS; hop++) {
          watchdog.start(
            settings.answerTimeoutMs,
            `no answer from ${at.host} within ${settings.answerTimeoutMs / 1000} s`,
          );
          const response = await network(watchdog, () =>
            connections.request(at, {
              method,
              headers: headersFor(at, this.authorization),
              signal: watchdog.signal,
            }),
          );
          response.body.on('error', () => {});
          heads.push(response);
          const to = REDIRECTS.includes(response.statusCode)
            ? redirected(at, header(response, 'location'))
            : null;
          if (to === null || (method === 'HEAD' && to.origin !== at.origin)) {
            return await take(response, at, heads, watchdog);
          }
          at = to;
        }
        throw new TransferFailure(`more than ${MAX_REDIRECTS} redirects`, { transient: false });
      } finally {
        watchdog.stop();
        for (const { body } of heads) body.destroy();
      }
    };
    try {
      return await withRetries(attempt, { ...settings, ...this.#options });
    } catch (error) {
      throw this.#asAttuneError(error, url);
    } finally {
      await connections.close();
    }
  }

  /** What a refusal means here: the hub says "not found" and "not allowed" for several reasons. */
  #refusal(at: URL, response: Response): Error {
    const { repository, revision } = this.name;
    const code = header(response, 'x-error-code');
    const refused = (what: string, hint: string) =>
      new AttuneError({ code: 'download', what, where: this.page, hint });
    if (code === 'RevisionNotFound') {
      return refused(
        `${repository} has no revision ${revision}`,
        'name a branch, a tag or a commit behind @',
      );
    }
    if (response.statusCode === 403 || code === 'GatedRepo') {
      const what = `access to ${repository} is restricted, and ${this.authorization ? 'HF_TOKEN does not have it' : 'no HF_TOKEN is set'}`;
      return refused(what, 'ask for access on its page, then set HF_TOKEN to a token of yours');
    }
    if ([401, 404].includes(response.statusCode)) {
      const what = `there is no repository ${repository}, or it is private`;
      const hint = this.authorization
        ? 'check the name, and whether HF_TOKEN may read it'
        : 'check the name; for a private one, set HF_TOKEN';
      return refused(what, hint);
    }
    return refusal(at, response);
  }

  #asAttuneError(error: unknown, url: string): unknown {
    if (this.#options.signal?.aborted) {
      const fields = {
        code: 'interrupted',
        what: 'the question to the hub was interrupted',
        where: url,
      } as const;
      return new AttuneError(fields, { cause: error });
    }
    if (!(error instanceof TransferFailure)) return error;
    return new AttuneError(
      {
        code: 'download',
        what: `the Hugging Face hub cannot be asked: ${error.message}`,
        where: url,
        hint: error.hint ?? 'check the network connection, and try again',
      },
      { cause: error },
    );
  }
}

/** Whether a failure is one of the way to the hub, and not an answer of the hub. */
export function isUnreachable(error: unknown): error is AttuneError {
  return error instanceof AttuneError && error.cause instanceof TransferFailure;
}

function endpointOf(env: Environment): URL {
  const text = env.HF_ENDPOINT || ENDPOINT;
  // With a slash at its end, as paths are relative to it.
  const address = `${text.replace(/\/+$/, '')}/`;
  const url = URL.canParse(address) ? new URL(address) : null;
  // A password in it would not be sent, and would appear in messages.
  const isBare = url?.username === '' && url.password === '';
  if (isBare && /^https?:$/.test(url.protocol)) return url;
  throw new AttuneError({
    code: 'usage',
    what: 'the address of the hub is not an http:// or https:// one without a password',
    where: 'HF_ENDPOINT',
    hint: `leave it out for ${ENDPOINT}`,
  });
}

function authorizationOf(env: Environment, endpoint: URL): Authorization | undefined {
  const token = env.HF_TOKEN?.trim();
  if (!token) return undefined;
  const problem = /^[\x21-\x7e]+$/.test(token)
    ? endpoint.protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(endpoint.hostname)
      ? null
      : 'it would be sent unencrypted, as HF_ENDPOINT is not https'
    : 'it holds characters that no token has';
  if (problem === null) return { origin: endpoint.origin, value: `Bearer ${token}` };
  throw new AttuneError({
    code: 'usage',
    what: `the token cannot be used: ${problem}`,
    where: 'HF_TOKEN',
    hint: 'set it to a token from your settings on the hub, or unset it',
  });
}

async function readBody(response: Response, watchdog: Watchdog): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const body = response.body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await network(watchdog, () => body.next());
    if (done) return new Uint8Array(Buffer.concat(pieces));
    pieces.push(value as Uint8Array);
    length += (value as Uint8Array).length;
    if (length > MOST_BYTES) {
      const what = `the file has more than the ${MOST_BYTES} bytes of a configuration`;
      throw new TransferFailure(what, { transient: false });
    }
  }
}

/** The hash that `etag` is: SHA-256 by its length, else git's, which begins with the kind and the length. */
function contentHash(bytes: Uint8Array, etag: string): string {
  if (etag.length === 64) return createHash('sha256').update(bytes).digest('hex');
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}
