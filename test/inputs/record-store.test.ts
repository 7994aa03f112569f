/** Durability of the caches: what was put comes back, or is absent; never something else. */
import { readdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diskError, formatBytes, requireDiskSpace } from '#src/inputs/disk';
import { blockCopies, openRecordStore } from '#src/inputs/record-store';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch, sha256 } from './support.js';

const keyOf = (name: string | number) => sha256(Buffer.from(String(name)));
const payloadOf = (seed: number, length = 100) =>
  Uint8Array.from({ length }, (_, i) => (seed * 31 + i * 7) & 255);
const shards = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.shard'))
    .sort();

/** A store of `count` records in one shard; returns the shard's path. */
async function fill(folder: string, count: number): Promise<string> {
  const store = await openRecordStore(folder);
  for (let i = 0; i < count; i++) await store.put(keyOf(i), payloadOf(i));
  await store.close();
  assert.is(shards(folder).length, 1);
  return join(folder, shards(folder)[0]);
}

async function readable(folder: string, count: number): Promise<number[]> {
  const store = await openRecordStore(folder);
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const payload = await store.get(keyOf(i));
    if (payload === null) continue;
    assert.equal(payload, payloadOf(i), 'a record is whole or absent');
    found.push(i);
  }
  return found;
}

test('records come back before and after they are written, and in the next process', () =>
  inScratch(async (folder) => {
    const store = await openRecordStore(join(folder, 'new'), { shardBytes: 250 });
    const source = payloadOf(1);
    await store.put(keyOf(1), source);
    source.fill(0); // the store keeps its own copy
    for (const i of [2, 3, 4]) await store.put(keyOf(i), payloadOf(i));
    assert.is(shards(join(folder, 'new')).length, 1, 'three records fill a shard');
    for (const i of [1, 2, 3, 4]) assert.equal(await store.get(keyOf(i)), payloadOf(i));
    assert.equal([store.size, store.has(keyOf(4)), store.has(keyOf(5))], [4, true, false]);
    assert.is(await store.get(keyOf(5)), null);
    await store.close();
    await fails(store.put(keyOf(6), source), 'program', /the cache is closed/);
    const again = await openRecordStore(join(folder, 'new'));
    assert.is(again.size, 4);
    for (const i of [1, 2, 3, 4]) assert.equal(await again.get(keyOf(i)), payloadOf(i));
    assert.equal(readdirSync(join(folder, 'new')).length, 2, 'two shards and nothing else');
  }));

test('an empty payload is a record; what changes a returned one does not reach the store', () =>
  inScratch(async (folder) => {
    const store = await openRecordStore(folder);
    await store.put(keyOf('empty'), new Uint8Array(0));
    await store.put(keyOf(1), payloadOf(1));
    (await store.get(keyOf(1)))?.fill(9);
    assert.equal(await store.get(keyOf(1)), payloadOf(1));
    await store.flush();
    assert.equal(await store.get(keyOf('empty')), new Uint8Array(0));
  }));

test('what is gathered lies in few large buffers, each record a copy of its own', () => {
  const copyInBlocks = blockCopies();
  const payloads = Array.from({ length: 3000 }, (_, i) => payloadOf(i, 1000));
  const copies = payloads.map(copyInBlocks);
  assert.is(new Set(copies.map(({ buffer }) => buffer)).size, 3, '3 MB in blocks of 1 MiB');
  for (const payload of payloads) payload.fill(0);
  for (const [i, copy] of copies.entries()) assert.equal(copy, payloadOf(i, 1000));
  const large = copyInBlocks(new Uint8Array(3 * 2 ** 20).fill(7));
  assert.equal([large.length, large.byteOffset, large.at(-1)], [3 * 2 ** 20, 0, 7]);
  assert.is(copyInBlocks(payloadOf(1)).buffer, copies.at(-1)?.buffer, 'the block goes on behind it');
});

test('many writers at once: every record is written once', () =>
  inScratch(async (folder) => {
    const store = await openRecordStore(folder, { shardBytes: 1000 });
    await Promise.all(Array.from({ length: 100 }, (_, i) => store.put(keyOf(i), payloadOf(i))));
    await store.close();
    assert.is((await readable(folder, 100)).length, 100);
    const bytes = shards(folder).reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
    assert.is(bytes, 100 * (100 + 68) + shards(folder).length * 52);
  }));

test('two stores on one folder do not disturb each other', () =>
  inScratch(async (folder) => {
    const [first, second] = [await openRecordStore(folder), await openRecordStore(folder)];
    await first.put(keyOf(0), payloadOf(0));
    await second.put(keyOf(1), payloadOf(1));
    await Promise.all([first.close(), second.close()]);
    assert.equal(await readable(folder, 2), [0, 1]);
  }));

test('a damaged record is absent, the others stay; computed again, it comes back', () =>
  inScratch(async (folder) => {
    const shard = await fill(folder, 5);
    const bytes = readFileSync(shard);
    bytes[bytes.length - 150] ^= 1; // in the middle of record 3
    writeFileSync(shard, bytes);
    assert.equal(await readable(folder, 5), [0, 1, 2, 4]);
    const store = await openRecordStore(folder);
    assert.is(await store.get(keyOf(3)), null);
    assert.is(store.has(keyOf(3)), false);
    await store.put(keyOf(3), payloadOf(3));
    await store.close();
    assert.equal(await readable(folder, 5), [0, 1, 2, 3, 4]);
  }));

test('a flipped bit anywhere loses records but never changes one', () =>
  inScratch(async (folder) => {
    const shard = await fill(folder, 3);
    const whole = readFileSync(shard);
    for (let at = 0; at < whole.length; at += 5) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 1 << (at % 8);
      writeFileSync(shard, bytes);
      const found = await readable(folder, 3); // asserts that each is whole
      const header = 20 + 3 * 68 + 32;
      assert.is(found.length, at < header ? 0 : 2, `bit in byte ${at}`);
    }
  }));

test('a shard cut off anywhere keeps the records before the cut', () =>
  inScratch(async (folder) => {
    const shard = await fill(folder, 4);
    const whole = readFileSync(shard);
    const header = 20 + 4 * 68 + 32;
    for (let length = whole.length; length >= 0; length -= 37) {
      writeFileSync(shard, whole);
      truncateSync(shard, length);
      const kept = Math.max(0, Math.floor((length - header) / 100));
      assert.is((await readable(folder, 4)).length, kept, `${length} bytes`);
    }
  }));

test('a header that claims four thousand million records costs nothing', () =>
  inScratch(async (folder) => {
    const shard = await fill(folder, 2);
    const bytes = readFileSync(shard);
    bytes.writeUInt32LE(0xffffffff, 16);
    writeFileSync(shard, bytes);
    assert.equal(await readable(folder, 2), []);
  }));

test('what a dead process left half-written is removed after a day, not before', () =>
  inScratch(async (folder) => {
    writeFileSync(join(folder, 'old.shard.1-0-0.tmp'), 'x');
    writeFileSync(join(folder, 'new.shard.2-0-0.tmp'), 'x');
    const twoDaysAgo = Date.now() / 1000 - 2 * 24 * 3600;
    utimesSync(join(folder, 'old.shard.1-0-0.tmp'), twoDaysAgo, twoDaysAgo);
    await openRecordStore(folder);
    assert.equal(readdirSync(folder), ['new.shard.2-0-0.tmp']);
  }));

test('a folder that cannot be made or written is a disk error, and records wait for a retry', () =>
  inScratch(async (folder) => {
    const at = join(folder, 'store');
    const store = await openRecordStore(at);
    await store.put(keyOf(0), payloadOf(0));
    rmSync(at, { recursive: true });
    writeFileSync(at, 'a file in its place');
    await fails(openRecordStore(join(at, 'x')), 'disk', /cannot be used, E(NOTDIR|EXIST)/);
    await fails(store.flush(), 'disk', /cannot be used/);
    assert.equal(await store.get(keyOf(0)), payloadOf(0));
    rmSync(at);
    await store.close();
    assert.equal(await readable(at, 1), [0]);
  }));

test('a full disk and a lack of space have their sentences', async () => {
  const full = diskError(Object.assign(new Error('no'), { code: 'ENOSPC' }), '/cache');
  assert.is(full.code, 'disk');
  assert.is(
    full.message,
    'the disk is full (/cache): free some space, or set ATTUNE_CACHE to a folder on another disk',
  );
  await inScratch(async (folder) => {
    const missing = join(folder, 'not', 'there');
    const space = await requireDiskSpace(missing, 1000);
    assert.equal([space.folder, space.neededBytes, space.freeBytes > 1000], [missing, 1000, true]);
    await fails(requireDiskSpace(missing, 2 ** 60), 'disk', /needs 1153 PB, and .* are free/);
  });
});

test('sizes for people', () => {
  const sizes = [0, 999, 1000, 1_500_000, 999_600, 150_528_000, 3e9].map(formatBytes);
  assert.equal(sizes, ['0 bytes', '999 bytes', '1.0 kB', '1.5 MB', '1.0 MB', '151 MB', '3.0 GB']);
});

test.run();
