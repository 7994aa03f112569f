/**
 * Which connection a URL takes: direct, or through the proxy that the environment names.
 *
 * HTTPS_PROXY, HTTP_PROXY and NO_PROXY as npm reads them; lower-case names win. undici's own
 * EnvHttpProxyAgent would do, but prints a warning about its being experimental on standard error.
 */

import type { Dispatcher } from 'undici';
import { AttuneError } from '../errors.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy for a URL, or undefined for a direct connection. Throws AttuneError if it is no URL. */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const plain = env.http_proxy || env.HTTP_PROXY;
  const proxy = url.protocol === 'https:' ? env.https_proxy || env.HTTPS_PROXY || plain : plain;
  if (!proxy || exempt(url, env.no_proxy || env.NO_PROXY || '')) return undefined;
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  if (!URL.canParse(address) || !/^https?:\/\//i.test(address)) {
    throw new AttuneError({
      code: 'download',
      what: 'the proxy is not an http:// or https:// address',
      where: 'HTTP_PROXY or HTTPS_PROXY',
      hint: 'set it to something like http://proxy.example:3128',
    });
  }
  return new URL(address);
}

/** NO_PROXY: hosts, with or without port, each also for its subdomains; `*` exempts everything. */
function exempt(url: URL, noProxy: string): boolean {
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name, entryPort] = /^(?:\[?(.*?)\]?)(?::(\d+))?$/.exec(withoutBareIpv6(entry))!;
      if (entryPort !== undefined && entryPort !== port) return false;
      const domain = name.replace(/^\*?\./, '');
      return host === domain || host.endsWith(`.${domain}`);
    });
}

/** Brackets a bare IPv6 address, so that its last group is not taken for a port. */
function withoutBareIpv6(entry: string): string {
  return !entry.startsWith('[') && entry.split(':').length > 2 ? `[${entry}]` : entry;
}

/** An answer of a server. */
export type Response = Dispatcher.ResponseData;

export interface RequestOptions {
  readonly method?: 'GET' | 'HEAD';
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Loaded with the first request: it takes a fifth of the time in which the whole program starts. */
const undici = () => import('undici');

/** The connections of one download, made as they are needed: a redirect may change the way. */
export class Connections {
  private readonly env: Environment;
  private readonly byProxy = new Map<string, Dispatcher>();

  constructor(env: Environment) {
    this.env = env;
  }

  /** Sends a request on its way; follows no redirect. Throws AttuneError if the proxy's address is none. */
  async request(url: URL, options: RequestOptions): Promise<Response> {
    const { Agent, ProxyAgent, request } = await undici();
    const proxy = proxyFor(url, this.env);
    const key = proxy?.href ?? '';
    let dispatcher = this.byProxy.get(key);
    if (dispatcher === undefined) {
      // Plain http is forwarded, not tunnelled: many proxies allow CONNECT to port 443 only.
      dispatcher = proxy ? new ProxyAgent({ uri: proxy.href, proxyTunnel: false }) : new Agent();
      this.byProxy.set(key, dispatcher);
    }
    return request(url, { ...options, dispatcher });
  }

  /** Ends all connections at once, also those in use. */
  async close(): Promise<void> {
    await Promise.all([...this.byProxy.values()].map((dispatcher) => dispatcher.destroy()));
  }
}
