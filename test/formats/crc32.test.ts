/** The checksum of zip archives. */

import { crc32 } from '#src/formats/crc32';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('the known checksums of short texts', () => {
  const of = (text: string) => crc32(new TextEncoder().encode(text));
  assert.is(of(''), 0);
  assert.is(of('a'), 0xe8b7be43);
  // The check value by which tables of checksums tell them apart.
  assert.is(of('123456789'), 0xcbf43926);
});

test('pieces of any length give the checksum of the whole', () => {
  const bytes = Uint8Array.from({ length: 23 }, (_, i) => i * i * 31);
  for (let cut = 0; cut <= bytes.length; cut++) {
    assert.is(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes));
  }
});

test.run();
