/** Long texts are decoded piece by piece, with what lies across two pieces. */
import { decodeText } from '#src/formats/bytes';
import { Pauses } from '#src/pauses';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

/** Characters of four bytes behind `shift` of one: at some shift the border of every piece lies within one. */
const long = (shift: number) => `${'x'.repeat(shift)}${'🐜'.repeat(2 ** 18 + 2)}`;

test('as a decoder of the whole has it, wherever a piece ends', async () => {
  for (const shift of [0, 1, 2, 3]) {
    const bytes = new TextEncoder().encode(long(shift));
    assert.ok(bytes.length > 2 ** 20);
    assert.ok((await decodeText(bytes, new Pauses())) === long(shift), `shift ${shift}`);
  }
});

test('what is no text is refused in the last piece, and at its end', async () => {
  const bytes = new TextEncoder().encode(long(1));
  const refused = async (some: Uint8Array) => {
    const error = await decodeText(some, new Pauses()).catch((reason: unknown) => reason);
    assert.instance(error, TypeError);
  };
  await refused(bytes.subarray(0, -1));
  const broken = Uint8Array.from(bytes);
  broken[2 ** 20 + 1] = 0xff;
  await refused(broken);
});

test.run();
