/** Small samples in memory: a file is read once, has a reason where it is none, and gives batches of all its arrays. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { type HostArray, type HostSample, stack } from '#src/inputs/host-batch';
import { inMemory, type SmallSamples } from '#src/inputs/memory-store';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const folder = mkdtempSync(join(tmpdir(), 'attune-memory-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const blank = (size: number) =>
  stack(Array.from({ length: size }, () => ({ ids: new Int32Array(2), mask: new Uint8Array(2) })));

/** Words of two letters: their codes, and which of them are capitals. */
const words: SmallSamples<{ readonly most: number }> = {
  files: { one: 'word', withArticle: 'a word', many: 'words', formats: 'text files', extensions: new Set() },
  create: () => ({
    key: {},
    shape: [2],
    blank,
    batch: stack,
    record: () => ({}),
    picture: () => ({ width: 0, height: 0, pixels: new Uint8Array() }),
    seen: null,
  }),
  parse(bytes, { most }, where) {
    if (bytes.length < most) throw new AttuneError({ code: 'input', what: 'too short', where });
    const sample = {
      ids: Int32Array.from(bytes.slice(0, most)),
      mask: bytes.slice(0, most).map((b) => +(b < 97)),
    };
    return { sample, isCut: bytes.length > most };
  },
  cutNote: (count, { most }) => `${count} cut after ${most}`,
};
const { open, openFiles } = inMemory(words);

const paths = ['ab', 'Cd', 'eFg', 'ab', 'Hi'].map((text, i) => written(`${i}.txt`, text));
const options = { variation: null };
const settings = { most: 2 };

test('what is the same has one hash, what is cut is told, and batches have every array', async () => {
  const store = await open(settings, options);
  const { prepared, skipped, note } = await store.prepare(
    paths.map((path, label) => ({ path, label, name: path })),
    {},
  );
  assert.equal(skipped, []);
  assert.is(note, '1 cut after 2');
  assert.is(prepared[0]!.fileHash, prepared[3]!.fileHash);
  assert.is(new Set(prepared.map(({ fileHash }) => fileHash)).size, 4);
  const source = store.source(prepared);
  const all = await Promise.all(prepared.map((_, i) => source.read(i)));
  const { batches } = store.training(prepared);
  const spare: HostArray[] = [new Uint8Array(6), new Int32Array(6), new Uint8Array(5)];
  const [mask, ids] = spare;
  const seen: number[] = [];
  for await (const batch of batches({ batchSize: 3, seed: 1, epoch: 0, spare })) {
    const expected = stack(Array.from(batch.indices, (index) => all[index] as HostSample));
    assert.equal(batch.arrays, expected.arrays);
    assert.is(batch.samples.length, batch.size);
    if (batch.size === 3) assert.ok(batch.arrays.mask === mask && batch.arrays.ids === ids);
    seen.push(...batch.indices);
  }
  assert.equal([spare.length, seen.toSorted()], [1, [0, 1, 2, 3, 4]]);
  const later: number[] = [];
  for await (const { indices } of batches({ batchSize: 3, seed: 1, epoch: 0, startBatch: 1 }))
    later.push(...indices);
  assert.equal(later, seen.slice(3));
  await store.close();
});

test('too many files that are none are named, and in place of one stands a blank sample', async () => {
  const bad = written('bad.txt', 'x');
  const store = await open(settings, options);
  const samples = [...paths, bad].map((path) => ({ path, label: 0 }));
  try {
    await store.prepare(samples, {});
    assert.unreachable();
  } catch (error) {
    assert.match(
      (error as Error).message,
      /1 of 6 words cannot be read, more than 5 % \(.*bad\.txt: too short\)/,
    );
  }
  const files = openFiles([bad, join(folder, 'none.txt'), paths[2]!], settings, undefined);
  assert.is(files.note(), null);
  assert.equal(await files.read(0), blank(1).arrays);
  await files.read(1);
  assert.equal([...files.errors.values()], ['too short', 'there is no such word']);
  assert.equal(await files.read(2), { ids: Int32Array.of(101, 70), mask: Uint8Array.of(0, 1) });
  assert.is(files.note(), '1 cut after 2');
});

test('samples that are more than memory holds end with the file that was too much', async () => {
  // A sample has 2 x 4 and 2 bytes; what is the same counts once.
  const samples = paths.map((path, label) => ({ path, label, name: path }));
  await (await inMemory(words, 40).open(settings, options)).prepare(samples, {});
  const store = await inMemory(words, 39).open(settings, options);
  const error = await store.prepare(samples, {}).catch((thrown: unknown) => thrown);
  assert.instance(error, AttuneError);
  assert.match(
    (error as AttuneError).message,
    /the words up to this one take more than 39 (?:B|bytes) of memory, .*4\.txt.*train on fewer or smaller words$/,
  );
});

test.run();
