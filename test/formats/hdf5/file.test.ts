/** What the HDF5 reader refuses, in files that were changed by a few bytes. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ByteSource, memorySource } from '#src/formats/bytes';
import { type Hdf5Object, openHdf5 } from '#src/formats/hdf5/file';
import { pagedSource } from '#src/formats/paged';
import { concat, fixtureBytes, little, rejects } from '../support.js';

const CLASSIC = fixtureBytes('keras/weights.h5');
const NEWER = fixtureBytes('keras/version-1.8.h5');

/** Opens everything in a file. */
async function walk(bytes: Uint8Array): Promise<number> {
  const visit = async (object: Hdf5Object): Promise<number> => {
    await (await object.attributes()).texts('weight_names');
    if (!object.isGroup) await (await object.array()).readBytes();
    let count = 1;
    for (const name of object.names) count += await visit((await object.find(name)) as Hdf5Object);
    return count;
  };
  return visit(await openHdf5(memorySource(bytes, 'test.h5')));
}

/** A copy with bytes written over those behind the n-th `mark`. */
function changed(
  bytes: Uint8Array,
  mark: string,
  offset: number,
  values: readonly number[],
  n = 0,
): Uint8Array {
  const copy = bytes.slice();
  let at = -1;
  for (let i = 0; i <= n; i++) at = Buffer.from(bytes).indexOf(mark, at + 1, 'latin1');
  assert.ok(at >= 0, mark);
  copy.set(values, at + offset);
  return copy;
}

test('whole files, in the older and the newer form', async () => {
  assert.is(await walk(CLASSIC), 1 + 2 * 5 + 1 + 11);
  assert.is(await walk(NEWER), 1 + 60 * 3);
});

const NOWHERE = little(2n ** 64n - 1n, 8);
const BEYOND = little(2 ** 40, 8);
const HUGE = little(2n ** 63n, 8);

const changes: [what: string, bytes: Uint8Array, sentence: RegExp][] = [
  ['superblock: version', changed(CLASSIC, '\x89HDF', 8, [9]), /version 9, not 0 or 1 or 2 or 3/],
  ['superblock: 4-byte offsets', changed(CLASSIC, '\x89HDF', 13, [4]), /offsets of 4/],
  ['superblock: user block', changed(CLASSIC, '\x89HDF', 24, [1]), /from 1 on/],
  ['superblock: longer than the file', changed(CLASSIC, '\x89HDF', 40, BEYOND), /should have 1099511627776/],
  ['superblock: no root', changed(CLASSIC, '\x89HDF', 64, NOWHERE), /no root group/],
  ['superblock: number', changed(CLASSIC, '\x89HDF', 64, HUGE), /more than 2\^53 - 1/],
  [
    'superblock: root outside',
    changed(CLASSIC, '\x89HDF', 64, BEYOND),
    /object header.*outside|outside.*object header/,
  ],
  ['cut off', CLASSIC.slice(0, 100), /should have/],
  ['B-tree: kind', changed(CLASSIC, 'TREE', 4, [1]), /belongs to something else/],
  ['B-tree: level', changed(CLASSIC, 'TREE', 5, [40]), /level 40/],
  ['B-tree: child is itself', changed(CLASSIC, 'TREE', 5, [1]), /signature TREE is missing/],
  ['B-tree: entries', changed(CLASSIC, 'TREE', 6, [255, 255]), /outside the file/],
  ['B-tree: points nowhere', changed(CLASSIC, 'TREE', 32, NOWHERE), /points nowhere/],
  ['heap: no data', changed(CLASSIC, 'HEAP', 24, NOWHERE), /no data/],
  ['heap: length', changed(CLASSIC, 'HEAP', 8, BEYOND), /outside the file/],
  ['heap: version', changed(CLASSIC, 'HEAP', 4, [1]), /version 1/],
  ['symbol table: a name outside', changed(CLASSIC, 'SNOD', 8, BEYOND), /name is outside the heap/],
  ['symbol table: a soft link', changed(CLASSIC, 'SNOD', 24, [2]), /is a soft link/],
  [
    'symbol table: a slash in a name',
    changed(CLASSIC, 'a_head\0', 1, [0x2f]),
    /"a\/head" has no name that can be/,
  ],
  ['symbol table: a member nowhere', changed(CLASSIC, 'SNOD', 16, NOWHERE), /points nowhere/],
  [
    'symbol table: one name twice',
    changed(CLASSIC, 'SNOD', 48, [...CLASSIC.slice(firstEntry(), firstEntry() + 8)]),
    /appears twice/,
  ],
  ['global heap: version', changed(CLASSIC, 'GCOL', 4, [7]), /version 7/],
  ['header: version', changed(NEWER, 'OHDR', 4, [3]), /version 3, not 2/],
  ['link: B-tree kind', changed(NEWER, 'BTHD', 5, [9]), /belongs to something else/],
  ['link: B-tree depth', changed(NEWER, 'BTHD', 12, [99]), /depth 99/],
  ['link: records', changed(NEWER, 'BTHD', 10, [0, 0]), /not readable/],
  ['link: leaf version', changed(NEWER, 'BTLF', 4, [1]), /version 1/],
  ['fractal heap: compressed', changed(NEWER, 'FRHP', 7, [1]), /compressed/],
  ['fractal heap: table', changed(NEWER, 'FRHP', 110, [0, 0]), /impossible shape/],
  ['fractal heap: rows', changed(NEWER, 'FRHP', 140, [200, 0]), /larger than those of weights/],
  ['fractal heap: object', changed(NEWER, 'BTLF', 6 + 5, [255, 255]), /outside the blocks|attribute|object/],
];

/** One array of each kind: chunks of three dimensions, and of two with filters. */
const KINDS = fixtureBytes('keras/kinds.h5');
const SMALL = fixtureBytes('keras/small-1.8.h5');

changes.push(
  ['B-tree 2: kind of node', changed(NEWER, 'BTLF', 5, [9]), /node belongs to something else/],
  ['B-tree 2: child nowhere', changed(NEWER, 'BTIN', 6 + 11, NOWHERE), /points nowhere/],
  ['attribute: twice', changed(SMALL, 'note1', 0, [...new TextEncoder().encode('note0')]), /appears twice/],
  ['attribute: shared type', changed(SMALL, 'note1', -8, [1]), /shared type/],
  ['chunks: rank', changed(KINDS, '\x03\x02\x04', 2, [5]), /do not fit/],
  ['chunks: never written', changed(KINDS, '\x03\x02\x04', 3, NOWHERE), /never written/],
  ['chunks: length 0', changed(KINDS, '\x03\x02\x04', 11, [0, 0, 0, 0]), /do not fit/],
  ['layout: filters without chunks', changed(KINDS, '\x03\x02\x03', 1, [1]), /filters but no chunks/],
  ['layout: unknown', changed(CLASSIC, '\x03\x01', 1, [7]), /unknown layout 7|version/],
  ['filters: one twice', changed(KINDS, 'shuffle\0', 16, [2, 0]), /same filter twice/],
  ['filters: unknown', changed(KINDS, 'shuffle\0', -8, [4, 0]), /filter 4/],
);

for (const [what, bytes, sentence] of changes) {
  test(`refused: ${what}`, async () => {
    await rejects(() => walk(bytes), sentence);
  });
}

/** Where the first entry of a symbol table names its member. */
function firstEntry(): number {
  return Buffer.from(CLASSIC).indexOf('SNOD') + 8;
}

/** The file with another root: a header of version 1 that continues `times` times in the same block. */
function rootWithBlocks(times: number, block: Uint8Array): Uint8Array {
  const at = CLASSIC.length;
  const messages = 24 * times;
  const header = concat([1, 0, 1, 0, 1, 0, 0, 0], little(messages, 4), [0, 0, 0, 0]);
  const blockAt = at + header.length + messages;
  const message = [0x10, 0, 16, 0, 0, 0, 0, 0, ...little(blockAt, 8), ...little(block.length, 8)];
  const all = concat(CLASSIC, header, ...Array.from({ length: times }, () => message), block);
  const bytes = changed(all, '\x89HDF', 64, little(at, 8));
  bytes.set(little(bytes.length, 8), 40);
  return bytes;
}

test('a small file cannot be read again and again', async () => {
  // A block of empty messages is many structures, one of large messages many bytes.
  await rejects(
    () => walk(rootWithBlocks(8, new Uint8Array(2 ** 20))),
    /more structures than its size allows/,
  );
  const large = new Uint8Array(2 ** 20);
  for (let at = 0; at + 65_528 <= large.length; at += 65_528) large.set([0, 0, 0xf0, 0xff], at);
  await rejects(() => walk(rootWithBlocks(64, large)), /structures of the file overlap/);
});

test('an array may be opened again, but not without end', async () => {
  const root = await openHdf5(memorySource(CLASSIC));
  const kernel = (await root.find('stem/stem/kernel:0')) as Hdf5Object;
  const first = await (await kernel.array()).readBytes();
  assert.equal(await (await kernel.array()).readBytes(), first);
  await rejects(async () => {
    for (let i = 0; i < 1_000; i++) await kernel.array();
  }, /arrays of the file overlap/);
});

const signature = (letters: string) => new TextEncoder().encode(letters);

/** A root whose members have names that begin at `offsets` of a heap of one long word. */
function rootOfLongNames(letters: number, offsets: readonly number[]): Uint8Array {
  const at = CLASSIC.length;
  const [tree, heap, table] = [at + 40, at + 104, at + 136];
  const names = table + 8 + 40 * offsets.length;
  const message = concat([0x11, 0, 16, 0, 0, 0, 0, 0], little(tree, 8), little(heap, 8));
  const bytes = concat(
    ...[CLASSIC, [1, 0, 1, 0, 1, 0, 0, 0], little(24, 4), [0, 0, 0, 0], message],
    ...[signature('TREE'), [0, 0, 1, 0], new Uint8Array(24), little(table, 8), new Uint8Array(24)],
    ...[signature('HEAP'), [0, 0, 0, 0], little(letters + 1, 8), new Uint8Array(8), little(names, 8)],
    ...[signature('SNOD'), [1, 0], little(offsets.length, 2)],
    ...offsets.map((offset) => concat(little(offset, 8), little(at, 8), new Uint8Array(24))),
    ...[new Uint8Array(letters).fill(0x61), [0]],
  );
  bytes.set(little(at, 8), 64);
  bytes.set(little(bytes.length, 8), 40);
  return bytes;
}

test('names that are parts of each other do not make much of a small file', async () => {
  const opened = await openHdf5(memorySource(rootOfLongNames(3, [0, 1, 2])));
  assert.equal(opened.names, ['aaa', 'aa', 'a']);
  await rejects(() => openHdf5(memorySource(rootOfLongNames(65_537, [0]))), /longer than 65536 bytes/);
  const many = Array.from({ length: 1_000 }, (_, i) => i);
  await rejects(
    () => openHdf5(memorySource(rootOfLongNames(60_000, many))),
    /structures of the file overlap/,
  );
});

test('a file with holes has no structures of any length', async () => {
  const size = 2 ** 40;
  const bytes = changed(CLASSIC, 'HEAP', 8, little(2 ** 39, 8));
  bytes.set(little(size, 8), 40);
  const holes: ByteSource = {
    ...memorySource(bytes, 'holes.h5'),
    size,
    async read(offset, length) {
      const piece = new Uint8Array(length);
      piece.set(bytes.subarray(offset, offset + length));
      return piece;
    },
  };
  await rejects(() => openHdf5(holes), /549755813888 bytes are more than a structure has/);
});

test('structures in a circle end', async () => {
  // A header that continues at its own beginning, message by message.
  const at = CLASSIC.length;
  const self = concat([0x10, 0, 16, 0, 0, 0, 0, 0], little(at + 16, 8), little(24, 8));
  const header = concat([1, 0, 1, 0, 1, 0, 0, 0], little(24, 4), [0, 0, 0, 0], self);
  const bytes = changed(concat(CLASSIC, header), '\x89HDF', 64, little(at, 8));
  bytes.set(little(bytes.length, 8), 40);
  await rejects(() => walk(bytes), /more than 1000 blocks/);
});

test('pages give the same bytes as the file', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251);
  let reads = 0;
  const counted: ByteSource = {
    ...memorySource(bytes),
    read: (offset, length) => {
      reads++;
      return memorySource(bytes).read(offset, length);
    },
  };
  const paged = pagedSource(counted);
  for (const [offset, length] of [
    [0, 10],
    [16_380, 10],
    [16_384, 16_384],
    [99_999, 1],
    [100_000, 0],
    [5, 90_000],
  ]) {
    assert.equal(await paged.read(offset, length), bytes.slice(offset, offset + length));
  }
  const before = reads;
  for (let i = 0; i < 1_000; i++) await paged.read(i, 4);
  assert.is(reads, before, 'a page is read once');
  await rejects(() => paged.read(99_999, 2), /outside/);
});

test.run();
