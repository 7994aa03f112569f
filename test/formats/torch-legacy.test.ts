import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { readTorchLegacy } from '#src/formats/torch-legacy';
import {
  concat,
  dict,
  fixtureBytes,
  int,
  legacyHeader,
  list,
  little,
  named,
  pickle,
  rejects,
  tensor,
  tensorOf,
  text,
  torchLegacy,
} from './support.js';

const read = (bytes: Uint8Array) => readTorchLegacy(memorySource(bytes, 'test.pth'));
const OBJECT = pickle(dict([[text('weight'), tensor()]]));
const VALUES = [new Float32Array([1, 2])];

test('the smallest file', async () => {
  const file = await read(torchLegacy());
  assert.equal(await tensorOf(file, 'weight').read(), new Float32Array([1, 2]));
});

test('the three pickles of the header', async () => {
  for (const magic of [
    int(5),
    text('magic'),
    [0x8a, 10, 0x6d, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
  ]) {
    await rejects(() => read(pickle(magic)), /a Python pickle, but not one that torch\.save wrote/);
  }
  await rejects(() => read(pickle(named('os', 'system'))), /os\.system, which attune never loads.*header/);
  await rejects(() => read(legacyHeader(undefined, 1000)), /the protocol of the file is 1000/);
  await rejects(() => read(legacyHeader([0x89])), /little-endian/);
  await rejects(() => read(legacyHeader()), /ends early.*object/);
  // Names of weights mean nothing outside the object.
  await rejects(
    () => read(pickle(named('torch', 'FloatStorage'))),
    /torch\.FloatStorage, which attune never loads/,
  );
});

test('the list of storages must be that of the object', async () => {
  const expectedOne = /a list of 1 storage keys is expected/;
  await rejects(() => read(torchLegacy(OBJECT, [], [])), expectedOne);
  await rejects(() => read(torchLegacy(OBJECT, ['0', '0'], [])), expectedOne);
  await rejects(() => read(torchLegacy(OBJECT, ['1'])), /the storage key "1" is unknown/);
  await rejects(() => read(concat(legacyHeader(), OBJECT, pickle(list(int(0))))), /key "0" is unknown/);
  await rejects(() => read(concat(legacyHeader(), OBJECT, pickle(text('0')))), expectedOne);
  const two = pickle(
    dict([
      [text('a'), tensor()],
      [text('b'), tensor({ key: '1' })],
    ]),
  );
  await rejects(
    () => read(torchLegacy(two, ['0', '0'], [...VALUES, ...VALUES])),
    /"0" is unknown or repeated/,
  );
});

test('storages that lie about their size', async () => {
  const storages =
    (...rest: readonly (readonly number[])[]) =>
    () =>
      read(concat(legacyHeader(), OBJECT, pickle(list(text('0'))), ...rest));
  await rejects(storages(little(3, 8), Array(12).fill(0)), /has 3 elements, not 2/);
  await rejects(storages(little(-1, 8), Array(8).fill(0)), /has -1 elements/);
  await rejects(storages(little(2n ** 62n, 8)), /has 4611686018427387904 elements/);
  await rejects(storages(little(2, 8), Array(7).fill(0)), /end at byte \d+ of a file of \d+ bytes/);
  await rejects(storages(little(2, 8), Array(9).fill(0)), /end at byte/);
  await rejects(storages([2, 0, 0]), /outside the file/);
});

test('every truncation and every extra byte is refused', async () => {
  const bytes = fixtureBytes('module-legacy.pth');
  for (let length = 0; length < bytes.length; length++)
    await rejects(() => read(bytes.slice(0, length)), /test\.pth/);
  await rejects(() => read(concat(bytes, [0])), /end at byte/);
});

test.run();
