import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { readTorchZip } from '#src/formats/torch-zip';
import {
  dict,
  fixtureBytes,
  little,
  pickle,
  rejects,
  storage,
  tensor,
  tensorOf,
  text,
  torchZip,
  zip,
} from './support.js';

const read = (bytes: Uint8Array) => readTorchZip(memorySource(bytes, 'test.pth'));
const DATA = pickle(dict([[text('weight'), tensor()]]));
const PKL = { name: 'archive/data.pkl', data: DATA };
const bytesOf = (value: string) => new TextEncoder().encode(value);

/** Opens the file and reads its only tensor. */
async function weight(bytes: Uint8Array): Promise<Float32Array | Float64Array> {
  return tensorOf(await read(bytes), 'weight').read();
}

test('the smallest file', async () => {
  assert.equal(await weight(torchZip()), new Float32Array([1, 2]));
});

test('the folder may have any name, but there is one', async () => {
  const data = { ...storage(), name: 'x y/data/0' };
  assert.equal(await weight(zip([{ name: 'x y/data.pkl', data: DATA }, data])), new Float32Array([1, 2]));
  await rejects(() => read(zip([{ name: 'data.pkl', data: DATA }, storage()])), /no data\.pkl in a folder/);
  await rejects(
    () => read(zip([{ name: 'a/b/data.pkl', data: DATA }, storage()])),
    /no data\.pkl in a folder/,
  );
  await rejects(
    () => read(zip([PKL, { ...PKL, name: 'other/data.pkl' }, storage()])),
    /no data\.pkl in a folder/,
  );
});

test('the byte order must be little', async () => {
  const order = (value: string) => zip([PKL, storage(), { name: 'archive/byteorder', data: bytesOf(value) }]);
  assert.equal(await weight(order('little')), new Float32Array([1, 2]));
  await rejects(() => read(order('big')), /byte order of the file is "big"/);
  await rejects(() => read(order('little ')), /byte order/);
  await rejects(() => read(order('l'.repeat(17))), /more than the limit of 16/);
});

test('a bad checksum: of the pickle at once, of a storage when it is read', async () => {
  await rejects(
    () => read(zip([{ ...PKL, crc: 1 }, storage()])),
    /"archive\/data\.pkl" do not have their checksum/,
  );
  const order = { name: 'archive/byteorder', data: bytesOf('little'), crc: 1 };
  await rejects(() => read(zip([PKL, storage(), order])), /"archive\/byteorder" do not have their checksum/);
  const file = await read(zip([PKL, { ...storage(), crc: 1 }]));
  await rejects(() => file.tensors[0].read(), /"archive\/data\/0" do not have their checksum/);
  await rejects(() => file.tensors[0].readRaw(), /checksum/);
});

test('one flipped bit in a storage is found', async () => {
  const bytes = torchZip();
  const at = Buffer.from(bytes).indexOf(Buffer.from(new Float32Array([1, 2]).buffer));
  assert.ok(at > 0);
  bytes[at] ^= 1;
  await rejects(() => weight(bytes), /checksum/);
});

test('of a storage with several tensors each range is right, whichever is read first', async () => {
  // Larger than the pieces in which the bytes before and behind the range are checked.
  const values = Float32Array.from({ length: 200_000 }, (_, i) => i);
  const parts = { first: [0, 90_000], middle: [90_000, 20_000], last: [110_000, 90_000] } as const;
  const entries = Object.entries(parts).map(
    ([name, [offset, length]]) =>
      [text(name), tensor({ length: values.length, offset, shape: [length] })] as const,
  );
  const bytes = torchZip(pickle(dict(entries)), [storage('0', values)]);
  for (const names of [
    ['middle', 'first', 'last'],
    ['last', 'middle'],
    ['first', 'first'],
  ] as const) {
    const file = await read(bytes);
    for (const name of names) {
      const [offset, length] = parts[name];
      assert.equal(await tensorOf(file, name).read(), values.slice(offset, offset + length), name);
    }
  }
  // What is wrong may lie outside of the range, and stays wrong for whoever asks next.
  const start = Buffer.from(bytes).indexOf(Buffer.from(values.buffer));
  for (const position of [0, 4 * 90_000, values.byteLength - 1]) {
    const damaged = bytes.slice();
    damaged[start + position] ^= 1;
    const file = await read(damaged);
    for (const name of ['middle', 'middle', 'first'] as const) {
      await rejects(() => tensorOf(file, name).read(), /"archive\/data\/0" do not have their checksum/);
    }
  }
});

test('a storage that is one tensor is read once', async () => {
  const source = memorySource(torchZip(), 'test.pth');
  let reads = 0;
  const read = (offset: number, length: number) => {
    reads++;
    return source.read(offset, length);
  };
  const file = await readTorchZip({ ...source, read });
  reads = 0;
  assert.equal(await tensorOf(file, 'weight').read(), new Float32Array([1, 2]));
  assert.is(reads, 1);
});

test('names that appear twice', async () => {
  await rejects(() => read(zip([PKL, PKL, storage()])), /"archive\/data\.pkl" appears twice/);
  await rejects(() => read(zip([PKL, storage(), storage()])), /"archive\/data\/0" appears twice/);
});

test('names that climb or are absolute', async () => {
  for (const name of ['../evil', 'archive/../../evil', '/etc/passwd', 'C:/evil', 'archive\\data\\1']) {
    await rejects(
      () => read(zip([PKL, storage(), { name, data: new Uint8Array(1) }])),
      /zip archive is damaged/,
    );
  }
});

test('a storage key cannot leave its folder', async () => {
  const keyed = pickle(dict([[text('weight'), tensor({ key: '../data.pkl' })]]));
  await rejects(() => read(torchZip(keyed)), /"archive\/data\/\.\.\/data\.pkl" is missing/);
});

test('compressed and encrypted records', async () => {
  await rejects(() => read(zip([{ ...PKL, method: 8 }, storage()])), /is compressed, which/);
  await rejects(() => read(zip([PKL, { ...storage(), method: 8 }])), /"archive\/data\/0" is compressed/);
  await rejects(() => read(zip([PKL, { ...storage(), flags: 1, compressedSize: 20 }])), /is encrypted/);
  await rejects(() => read(zip([PKL, { ...storage(), flags: 0x41 }])), /strong encryption/);
});

test('sizes that lie', async () => {
  await rejects(() => read(torchZip(DATA, [])), /"archive\/data\/0" is missing/);
  await rejects(
    () => read(torchZip(DATA, [storage('0', new Float32Array(3))])),
    /has 12 bytes, not 2 elements of F32/,
  );
  await rejects(
    () => read(torchZip(DATA, [storage('0', new Float32Array(1))])),
    /has 4 bytes, not 2 elements/,
  );
  await rejects(() => read(zip([PKL, { ...storage(), size: 7 }])), /has 7 bytes/);
  await rejects(() => read(zip([PKL, { ...storage(), compressedSize: 7 }])), /size mismatch/);
  const large = pickle(dict([[text('weight'), tensor({ length: 2 ** 29, shape: [2 ** 29] })]]));
  await rejects(
    () =>
      read(
        zip([
          { ...PKL, data: large },
          { ...storage(), size: 2 ** 31 },
        ]),
      ),
    /overflows file bounds/,
  );
  await rejects(() => read(zip([{ ...PKL, size: 17 * 2 ** 20 }, storage()])), /overflows|limit/);
});

test('records that overlap', async () => {
  const keys = Array.from({ length: 64 }, (_, i) => String(i));
  const code = pickle(
    dict(keys.map((key) => [text(key), tensor({ key, length: 1024, shape: [1] })] as const)),
  );
  const first = storage('0', new Float32Array(1024));
  const start = 30 + PKL.name.length + code.length;
  const others = keys
    .slice(1)
    .map((key) => ({ ...storage(key, new Float32Array(0)), size: 4096, localOffset: start }));
  await rejects(
    () => read(zip([{ ...PKL, data: code }, first, ...others])),
    /records of 262144 bytes overlap in \d+ bytes/,
  );
});

test('bytes after the pickle', async () => {
  await rejects(() => read(torchZip(Uint8Array.from([...DATA, 0]))), /1 bytes follow the end of the pickle/);
});

// ---- the end of the directory, and ZIP64 ----

const LOCATOR = [0x50, 0x4b, 6, 7, 0, 0, 0, 0];
const END64 = [0x50, 0x4b, 6, 6];

/** The two ZIP64 records, with any claim about number of records and place of the directory. */
function zip64End(count: number | bigint, directory: number | bigint, position: number | bigint): number[] {
  const end = [
    ...END64,
    ...little(44, 8),
    45,
    0,
    45,
    0,
    ...little(0, 8),
    ...little(count, 8),
    ...little(count, 8),
  ];
  return [...end, ...little(0, 8), ...little(directory, 8), ...LOCATOR, ...little(position, 8), 1, 0, 0, 0];
}

const zip64Size = (sizes: readonly (number | bigint)[]) => [
  1,
  0,
  8 * sizes.length,
  0,
  ...sizes.flatMap((size) => little(size, 8)),
];

test('honest ZIP64', async () => {
  const record = { ...storage(), size: 0xffffffff, extra: zip64Size([8, 8]) };
  const bytes = zip([PKL, record], {
    count: 0xffff,
    directoryOffset: 0xffffffff,
    beforeEnd: (start, count, at) => zip64End(count, start, at),
  });
  assert.equal(await weight(bytes), new Float32Array([1, 2]));
});

test('ZIP64 that lies', async () => {
  const lie = (beforeEnd: (start: number, count: number, at: number) => number[]) => () =>
    read(zip([PKL, storage()], { beforeEnd }));
  await rejects(
    lie((start, _, at) => zip64End(2n ** 63n, start, at)),
    /claims \d+ records, more than 250000/,
  );
  await rejects(
    lie((start, _, at) => zip64End(200_000, start, at)),
    /damaged/,
  );
  await rejects(
    lie((_, count, at) => zip64End(count, 2n ** 62n, at)),
    /damaged|outside the file/,
  );
  await rejects(
    lie((_, count, at) => zip64End(count, 0, at)),
    /damaged/,
  );
  await rejects(
    lie((start, count) => zip64End(count, start, 2n ** 63n)),
    /outside the file/,
  );
  await rejects(
    lie((start, count) => zip64End(count, start, 0)),
    /zip64 end of central directory/,
  );
  const sized =
    (...sizes: (number | bigint)[]) =>
    () =>
      read(zip([PKL, { ...storage(), size: 0xffffffff, extra: zip64Size(sizes) }]));
  await rejects(sized(2n ** 60n, 2n ** 60n), /overflows file bounds/);
  await rejects(sized(8, 2n ** 60n), /size mismatch/);
  await rejects(sized(8), /does not include compressed size/);
  await rejects(sized(), /does not include uncompressed size/);
  await rejects(() => read(zip([PKL, { ...storage(), extra: [1, 0, 200, 0] }])), /damaged/);
});

test('a directory end that lies', async () => {
  await rejects(() => read(zip([PKL, storage()], { count: 3 })), /damaged/);
  await rejects(() => read(zip([PKL, storage()], { count: 1 })), /"archive\/data\/0" is missing/);
  await rejects(() => read(zip([PKL, storage()], { directoryOffset: 1 })), /invalid central directory/);
  await rejects(() => read(zip([PKL, storage()], { directoryOffset: 0xfffffff0 })), /outside the file/);
  await rejects(() => read(zip([PKL, { ...storage(), localOffset: 5 }])), /invalid local file header/);
  await rejects(() => read(zip([PKL, { ...storage(), localOffset: 0xfffffff0 }])), /outside the file/);
});

test('every truncation is refused', async () => {
  const bytes = fixtureBytes('module-zip.pth');
  for (let length = 0; length < bytes.length; length++)
    await rejects(() => read(bytes.slice(0, length)), /test\.pth/);
});

test.run();
