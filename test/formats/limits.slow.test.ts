/** The most tensors and fields of a file, and the longest header: files of up to 100 MB, made in memory. */

import { test } from 'uvu';
import { memorySource } from '#src/formats/bytes';
import { hdf5Pieces } from '#src/formats/hdf5/write';
import { messageField, stringField } from '#src/formats/protobuf-write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { safetensorsPieces } from '#src/formats/safetensors-write';
import { MAX_TENSORS } from '#src/formats/tensors';
import type { TensorToWrite } from '#src/formats/to-write';
import { crc32 } from '#src/formats/crc32';
import {
  concat,
  fileOf,
  little,
  memorySiblings,
  MARK,
  rejects,
  STOP,
  tensor,
  text,
  torchLegacy,
} from './support.js';

const read = (bytes: Uint8Array) => readTensorFile(memorySource(bytes), memorySiblings({}));
const NUMBERS = Array.from({ length: MAX_TENSORS + 1 }, (_, i) => i);
const TOO_MANY = /more than 200000 (?:tensors|arrays|weights)/;

test('PyTorch: one tensor under too many names', async () => {
  const entries = NUMBERS.flatMap((i) => [...text(String(i)), 0x68, 0]);
  const object = Uint8Array.from(
    [0x80, 2, 0x7d, MARK, ...text('a'), ...tensor(), 0x71, 0].concat(entries, [0x75, STOP]),
  );
  await rejects(() => read(torchLegacy(object)), TOO_MANY);
});

test('sharded safetensors: too many names in the index', async () => {
  const weight_map = Object.fromEntries(NUMBERS.map((i) => [i, '1.safetensors']));
  await rejects(() => read(new TextEncoder().encode(JSON.stringify({ weight_map }))), TOO_MANY);
});

test('NumPy: too many arrays', async () => {
  await rejects(() => read(emptyRecords(NUMBERS.map((i) => `${i}.npy`))), TOO_MANY);
});

/** A zip archive with these names and nothing in the records, in the form of ZIP64, which counts beyond 65,535. */
function emptyRecords(names: readonly string[]): Uint8Array {
  const directory = Buffer.concat(
    names.map((name) => {
      const lengths = [...little(name.length, 2), ...Array<number>(16).fill(0)];
      const head = [
        0x50,
        0x4b,
        1,
        2,
        45,
        0,
        45,
        0,
        ...Array<number>(8).fill(0),
        ...little(crc32(new Uint8Array(0)), 4),
      ];
      return Buffer.from([
        ...head,
        ...Array<number>(8).fill(0),
        ...lengths,
        ...new TextEncoder().encode(name),
      ]);
    }),
  );
  const [count, size] = [little(names.length, 8), little(directory.length, 8)];
  const end64 = [
    0x50,
    0x4b,
    6,
    6,
    ...little(44, 8),
    45,
    0,
    45,
    0,
    ...Array<number>(8).fill(0),
    ...count,
    ...count,
    ...size,
    ...little(0, 8),
  ];
  const locator = [0x50, 0x4b, 6, 7, 0, 0, 0, 0, ...size, 1, 0, 0, 0];
  const end = [0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...Array<number>(12).fill(255), 0, 0];
  return concat(directory, end64, locator, end);
}

test('ONNX: too many tensors, and too many fields', async () => {
  const float = (name: string) => concat([0x08, 0, 0x10, 1], ...stringField(8, name).pieces);
  const fieldOf = (number: number, bytes: Uint8Array) =>
    Buffer.concat(messageField(number, { length: bytes.length, pieces: [bytes] }).pieces);
  const model = (graph: Uint8Array) => concat([8, 8, 0x12, 1, 0x61], fieldOf(7, graph));
  const tensors = Buffer.concat(NUMBERS.map((i) => fieldOf(5, float(String(i)))));
  await rejects(() => read(model(tensors)), TOO_MANY);
  // Two million of an unknown field, of two bytes each.
  const fields = new Uint8Array(2 * 2_000_000).fill(0x10);
  await rejects(() => read(model(fields)), /more than 2000000 fields/);
});

test('Keras: too many variables', async () => {
  const array = (name: string): TensorToWrite => ({
    name,
    dtype: 'F32',
    shape: [0],
    data: new Uint8Array(0),
  });
  const layers = [0, 1, 2].map((layer) => {
    const names = NUMBERS.slice(0, 70_000).map((i) => `v${i}`);
    // As many lists as their 64 KiB make of the names.
    const lists = Array.from({ length: 10 }, (_, part) => names.slice(7_000 * part, 7_000 * (part + 1)));
    const attributes = Object.fromEntries(lists.map((list, part) => [`weight_names${part}`, list]));
    return [`l${layer}`, { attributes, members: new Map(names.map((name) => [name, array(name)])) }] as const;
  });
  const file = { attributes: { layer_names: layers.map(([name]) => name) }, members: new Map(layers) };
  await rejects(async () => read(await fileOf(hdf5Pieces(file))), TOO_MANY);
});

test('Keras: too many members of a group', async () => {
  const array: TensorToWrite = { name: 'a', dtype: 'F32', shape: [0], data: new Uint8Array(0) };
  const members = new Map(NUMBERS.map((i) => [`v${i}`, array]));
  const root = { attributes: { layer_names: ['a'] }, members };
  await rejects(async () => read(await fileOf(hdf5Pieces(root))), /a group has more than 200000 members/);
});

test('safetensors: a header that its readers would refuse is not written', async () => {
  const metadata = { text: 'x'.repeat(100_000_000) };
  await rejects(() => safetensorsPieces([], metadata).next(), /more than the limit of 100000000/);
});

test.run();
