/** What needs no server: which redirects are followed, and which network errors may pass. */

import { networkFailure, redirected, TransferFailure } from '#src/weights/transfer';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('a redirect may lead to https, and never away from it', () => {
  assert.is(redirected(new URL('http://a.org/x/y'), 'https://b.org/z').href, 'https://b.org/z');
  assert.is(redirected(new URL('https://a.org/x/y'), '../z').href, 'https://a.org/z');
  assert.is(redirected(new URL('http://a.org/x'), '//b.org/z').href, 'http://b.org/z');
  for (const to of ['http://a.org/x', 'ftp://a.org/x', 'data:,x', 'https://', null]) {
    assert.throws(
      () => redirected(new URL('https://a.org/x'), to),
      (error: unknown) => error instanceof TransferFailure && !error.transient,
    );
  }
});

const errors: [string, boolean, RegExp | undefined][] = [
  ['ECONNRESET', true, undefined],
  ['ECONNREFUSED', true, undefined],
  ['EAI_AGAIN', true, undefined],
  ['UND_ERR_SOCKET', true, undefined],
  ['UND_ERR_CONNECT_TIMEOUT', true, undefined],
  ['ENOTFOUND', false, /network connection/],
  ['SELF_SIGNED_CERT_IN_CHAIN', false, /NODE_EXTRA_CA_CERTS/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', false, /NODE_EXTRA_CA_CERTS/],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', false, /NODE_EXTRA_CA_CERTS/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', false, /NODE_EXTRA_CA_CERTS/],
  ['UND_ERR_ABORTED', false, /HTTPS_PROXY/],
];

for (const [code, transient, hint] of errors) {
  test(`${code} ${transient ? 'may pass' : 'will not pass'}`, () => {
    const failure = networkFailure(Object.assign(new Error(code), { code })) as TransferFailure;
    assert.is(failure.transient, transient);
    if (hint === undefined) assert.is(failure.hint, undefined);
    else assert.match(failure.hint!, hint);
  });
}

test('a name that is not known is told: it may be that of a proxy', () => {
  const error = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND', hostname: 'banana' });
  assert.match(networkFailure(error).message, /^the name banana is not known here/);
});

test.run();
