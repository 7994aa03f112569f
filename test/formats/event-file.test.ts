/** Records of event files: their frame, their checksums, and the bytes of messages. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { crc32, crc32c } from '#src/formats/crc32';
import { sessionStartRecord, summaryRecord, versionRecord } from '#src/formats/event-file';
import { scalar } from '#src/formats/summaries';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('checksums of the text that their definitions give as an example', () => {
  const text = new TextEncoder().encode('123456789');
  assert.is(crc32(text).toString(16), 'cbf43926');
  assert.is(crc32c(text).toString(16), 'e3069283');
  // RFC 3720, B.4: 32 bytes of zeros, of ones, and ascending.
  assert.is(crc32c(new Uint8Array(32)).toString(16), '8a9136aa');
  assert.is(crc32c(new Uint8Array(32).fill(255)).toString(16), '62a8ab43');
  assert.is(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i)).toString(16), '46dd794e');
});

test('a record is a length, data, and a masked checksum of each', () => {
  const record = summaryRecord(1.5, 300, [scalar('a', -2)]);
  const view = new DataView(record.buffer);
  const length = Number(view.getBigUint64(0, true));
  assert.is(record.length, 8 + 4 + length + 4);
  const data = record.subarray(12, 12 + length);
  // wall_time 1.5, step 300, summary { value { tag "a", simple_value -2 } }
  assert.is(hex(data), '09000000000000f83f10ac022a0a0a080a0161' + '15000000c0');
  const mask = (crc: number) => ((crc >>> 15) + ((crc << 17) >>> 0) + 0xa282ead8) % 2 ** 32;
  assert.is(view.getUint32(8, true), mask(crc32c(record.subarray(0, 8))));
  assert.is(view.getUint32(12 + length, true), mask(crc32c(data)));
});

test('a file says its version and writer; a process that goes on, from which step', () => {
  const text = Buffer.from(versionRecord(0, 'attune')).toString('latin1');
  assert.match(text, 'brain.Event:2');
  assert.ok(text.includes('attune'));
  const start = sessionStartRecord(0, 7);
  assert.is(hex(start.subarray(12 + 9, -4)), '1007' + '3a020801');
});

test.run();
