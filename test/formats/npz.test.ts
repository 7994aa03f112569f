/** Arrays that NumPy saved (make-npz-fixtures.py), and hand-made ones that lie. */

import { deflateRawSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { crc32 } from '#src/formats/crc32';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { assertHolds, concat, expected, fixtureBytes, little, rejects, tensorOf, zip } from './support.js';

const read = (bytes: Uint8Array) => readTensorFile(memorySource(bytes, 'test.npz'));

for (const name of ['stored', 'compressed']) {
  test(`${name}: every type, both orders of indices and of bytes`, async () => {
    const file = await read(fixtureBytes(`npz/${name}.npz`));
    assert.is(file.format, 'npz');
    assert.is(file.layout, 'pytorch');
    await assertHolds(file, expected('npz/arrays.json'));
  });
}

test("Keras's variables are known by their names", async () => {
  assert.is((await read(fixtureBytes('npz/keras.npz'))).layout, 'keras');
});

test('arrays of something else are listed and not read', async () => {
  const file = await read(fixtureBytes('npz/others.npz'));
  assert.equal(
    file.tensors.map(({ name }) => name),
    ['weight'],
  );
  assert.equal(file.skipped, [
    { name: 'text', kind: 'array of type U5' },
    { name: 'object', kind: 'array of Python objects or structures' },
    { name: 'pair', kind: 'array of Python objects or structures' },
  ]);
});

/** A `.npy` file with any header. */
function npy(header: string, data: Uint8Array = new Uint8Array(8), major = 1): Uint8Array {
  const text = new TextEncoder().encode(header);
  const magic = [0x93, ...new TextEncoder().encode('NUMPY'), major, 0];
  return concat(magic, little(text.length, major === 1 ? 2 : 4), text, data);
}

const HEADER = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n";
const array = (data: Uint8Array, options = {}) => zip([{ name: 'a.npy', data, ...options }]);

test('versions 2 and 3 have a longer length', async () => {
  for (const major of [1, 2, 3]) {
    const file = await read(array(npy(HEADER, new Uint8Array(new Float32Array([1, 2]).buffer), major)));
    assert.equal([...(await tensorOf(file, 'a').read())], [1, 2]);
  }
});

test('a complex number of the other order of bytes is two real ones', async () => {
  const header = HEADER.replace('<f4', '>c8').replace('2,', '1,');
  const file = await read(array(npy(header, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))));
  assert.equal([...(await tensorOf(file, 'a').readRaw())], [4, 3, 2, 1, 8, 7, 6, 5]);
});

const hostile: [what: string, bytes: Uint8Array, sentence: RegExp][] = [
  ['no array', array(new Uint8Array(20)), /not an array of NumPy/],
  ['too short', array(npy('').slice(0, 8)), /not an array of NumPy/],
  ['version', array(npy(HEADER, undefined, 4)), /of version 1 to 3/],
  ['header length', array(concat(npy('').slice(0, 8), [255, 255])), /claims 65535 bytes/],
  ['code', array(npy("__import__('os').system('echo attacked')")), /not as NumPy writes it/],
  ['too few numbers', array(npy(HEADER, new Uint8Array(4))), /takes 8 bytes but 4 follow/],
  ['too many numbers', array(npy(HEADER, new Uint8Array(12))), /takes 8 bytes but 12 follow/],
  ['dimensions', array(npy(HEADER.replace('2,', '1, '.repeat(65)))), /more than 64 dimensions/],
  ['size', array(npy(HEADER.replace('2,', '9007199254740991, 9'))), /takes undefined bytes/],
  ['encrypted', array(npy(HEADER), { flags: 1, compressedSize: npy(HEADER).length + 12 }), /encrypted/],
  ['method', array(npy(HEADER), { method: 14 }), /method 14/],
  ['overlap', overlapping(), /arrays of \d+ bytes overlap/],
];

/** Forty names for one array, and something else behind them, which is not looked at any more. */
function overlapping(): Uint8Array {
  const data = npy(HEADER.replace('2,', '500,'), new Uint8Array(2_000));
  const shared = { localOffset: 0, size: data.length, crc: crc32(data) };
  const names = Array.from({ length: 40 }, (_, i) => ({
    ...shared,
    name: `${i}.npy`,
    data: i === 0 ? data : new Uint8Array(0),
  }));
  return zip([...names, { name: 'last.npy', data: new Uint8Array(20) }]);
}

for (const [what, bytes, sentence] of hostile) {
  test(`refused: ${what}`, () => rejects(() => read(bytes), sentence));
}

test('damage is noticed when an array is read', async () => {
  const stored = await read(array(npy(HEADER), { crc: 1 }));
  await rejects(() => tensorOf(stored, 'a').read(), /checksum/);
  const numbers = Uint8Array.from({ length: 20_000 }, (_, i) => (i * i * 31) >> 3);
  const data = npy(HEADER.replace('2,', '5000,'), numbers);
  const compressed = deflateRawSync(data);
  const record = { method: 8, compressedSize: compressed.length, size: data.length };
  const wrongSum = await read(array(compressed, { ...record, crc: 1 }));
  await rejects(() => tensorOf(wrongSum, 'a').read(), /checksum/);
  const cut = await read(
    array(compressed.subarray(0, -5), { ...record, compressedSize: compressed.length - 5 }),
  );
  await rejects(() => tensorOf(cut, 'a').read(), /damaged|gives/);
  const longer = npy(HEADER.replace('2,', '5001,'), numbers);
  const short = new Uint8Array(deflateRawSync(longer));
  const declared = { method: 8, compressedSize: short.length, size: longer.length + 4 };
  const wrongSize = await read(array(short, declared));
  await rejects(() => tensorOf(wrongSize, 'a').read(), /gives \d+ bytes, not/);
  await rejects(() => read(array(Uint8Array.of(7, 7, 7), { ...record, compressedSize: 3 })), /damaged/);
});

test('compressed sizes that lie', async () => {
  const zeros = fixtureBytes('npz/zeros.npz');
  const at = Buffer.from(zeros).lastIndexOf('PK\x01\x02', undefined, 'latin1');
  const claimed = zeros.slice();
  claimed.set(little(2 ** 29, 4), at + 24);
  await rejects(() => read(claimed), /536870912 bytes are said to be compressed.*attacks the memory/);
  const smaller = zeros.slice();
  smaller.set(little(4000 + 127, 4), at + 24);
  await rejects(() => read(smaller), /takes 4000 bytes but 3999 follow/);
});

test.run();
