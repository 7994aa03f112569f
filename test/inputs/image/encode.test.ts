/** PNG files hold the pixels that they were made of. */
import { decodeImage, encodePng } from '#src/inputs/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

test('what is written as PNG is read back pixel by pixel', async () => {
  const pixels = Uint8Array.from({ length: 5 * 3 * 3 }, (_, i) => (i * 37) % 256);
  const file = await encodePng({ width: 5, height: 3, pixels });
  assert.equal([...file.subarray(1, 4)], [...new TextEncoder().encode('PNG')]);
  const read = await decodeImage(file);
  assert.equal([read.width, read.height, ...read.pixels], [5, 3, ...pixels]);
});

test.run();
