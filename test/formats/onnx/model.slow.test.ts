/** The most fields that a model may have are many, so this takes some seconds. */

import { test } from 'uvu';
import { memorySource } from '#src/formats/bytes';
import { integerField, message, messageField } from '#src/formats/protobuf-write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { concat, rejects } from '../support.js';

test('more fields than any model has', async () => {
  const fields = messageField(1, { length: 4_000_002, pieces: [new Uint8Array(4_000_002).fill(0x78)] });
  const bytes = message(integerField(1, 8), messageField(7, fields));
  await rejects(() => readTensorFile(memorySource(concat(...bytes.pieces))), /more than 2000000 fields/);
});

test.run();
