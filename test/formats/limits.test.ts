/**
 * Errors that the tests of the formats do not meet: limits of sizes, failing disks, and structures of HDF5 changed by a
 * few bytes. With limits.slow.test.ts and the other tests they are all there are (error-branches.slow.test.ts).
 */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { AttuneError } from '#src/errors';
import { type ByteSource, memorySource } from '#src/formats/bytes';
import { type GroupToWrite, hdf5Pieces } from '#src/formats/hdf5/write';
import { onnxPieces } from '#src/formats/onnx/write';
import { integerField, message, messageField, stringField } from '#src/formats/protobuf-write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { MAX_TENSOR_BYTES } from '#src/formats/tensors';
import { tfjsJson } from '#src/formats/tfjs/write';
import {
  concat,
  dict,
  fixtureBytes,
  fileOf,
  kerasLayer,
  little,
  memorySiblings,
  pickle,
  rejects,
  safetensorsOf,
  tensor,
  text,
  torchLegacy,
  zip,
} from './support.js';

/** A file of `size` bytes that begins with these and goes on with zeros, as files with holes do. */
function withHole(bytes: Uint8Array, size: number): ByteSource {
  return {
    ...memorySource(bytes, 'test'),
    size,
    async read(offset, length) {
      const piece = new Uint8Array(length);
      piece.set(bytes.subarray(offset, offset + length));
      return piece;
    },
  };
}

/** Reads every tensor of a file. */
async function readAll(source: ByteSource): Promise<void> {
  for (const entry of (await readTensorFile(source)).tensors) await entry.readRaw();
}

/** Elements of float32 that take a little more than is read at once. */
const COUNT = MAX_TENSOR_BYTES / 4 + 2;
const TOO_LARGE = /takes \d+ bytes, more than 2147483648.*split it/;

test('a tensor of more than 2 GiB is listed, and not read', async () => {
  const size = 4 * COUNT;
  const header = JSON.stringify({ a: { dtype: 'F32', shape: [COUNT], data_offsets: [0, size] } });
  const safetensors = safetensorsOf(header);
  await rejects(() => readAll(withHole(safetensors, safetensors.length + size)), TOO_LARGE);

  // Two numbers, and all that lies between them.
  const ends = tensor({ length: COUNT, shape: [2], strides: [COUNT - 1] });
  const torch = concat(torchLegacy(pickle(dict([[text('a'), ends]])), ['0'], []), little(COUNT, 8));
  await rejects(() => readAll(withHole(torch, torch.length + size)), TOO_LARGE);

  const array = { name: 'a', dtype: 'F32', shape: [COUNT], data: new Uint8Array(0) } as const;
  const headers = await headersOf(kerasLayer({ 'a:0': array }));
  await rejects(() => readAll(withHole(headers, headers.length + size)), TOO_LARGE);
});

/** The file up to the numbers of its array, which has none. */
async function headersOf(group: GroupToWrite): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  await rejects(async () => {
    for await (const piece of hdf5Pieces(group)) pieces.push(piece);
  }, /takes \d+ bytes, not 0/);
  return concat(...pieces);
}

test('a chunk of more than 2 GiB is not decompressed', async () => {
  const bytes = fixtureBytes('keras/attack-chunk.h5');
  // The chunk's length along the array, and its bytes in the file: honest enough for the ratio between the two.
  patch(bytes, [3, 2, 2], 11, little(COUNT, 4));
  patch(bytes, [...new TextEncoder().encode('TREE'), 1, 0], 24, little(2 ** 25, 4));
  const size = 2 ** 26;
  bytes.set(little(size, 8), 40);
  await rejects(() => readAll(withHole(bytes, size)), /a chunk has \d+ bytes, more than 2147483648/);
});

test('a shape whose bytes cannot be counted', async () => {
  const shape = [2 ** 50];
  const object = pickle(dict([[text('a'), tensor({ shape, strides: [0] })]]));
  await rejects(
    () => readAll(memorySource(torchLegacy(object))),
    /the shape \[1125899906842624\] is too large/,
  );
});

test('HDF5: what only a writer of its own would make', async () => {
  const read = async (group: GroupToWrite) => readAll(memorySource(await fileOf(hdf5Pieces(group))));
  const empty = { attributes: {}, members: new Map() };
  await rejects(() => read(kerasLayer({ 'a:0': empty })), /a group stands where an array is expected/);
  const parts = Array.from({ length: 10_001 }, (_, i) => [`layer_names${i}`, ['a']] as const);
  const split = { attributes: Object.fromEntries(parts), members: new Map() };
  await rejects(() => read(split), /layer_names has more than 10000 parts/);
  const gone = { attributes: { layer_names: ['gone'] }, members: new Map() };
  await rejects(() => read(gone), /the listed member "gone" is missing/);
  const array = { name: 'a', dtype: 'F32', shape: [0], data: new Uint8Array(0) } as const;
  const layers = { attributes: {}, members: new Map([['conv2d', array]]) };
  const keras3 = { attributes: {}, members: new Map([['layers', layers]]) };
  await rejects(() => read(keras3), /an array stands where a group is expected/);
  const long = { attributes: { list: ['x'.repeat(65_535)] }, members: new Map() };
  await rejects(() => fileOf(hdf5Pieces(long)), /longer than HDF5's 65535/);
});

const letters = (word: string) => [...new TextEncoder().encode(word)];

const CLASSIC = fixtureBytes('keras/weights.h5');

/** The file with `values` at an offset behind the first place of `mark`. */
function patch(
  bytes: Uint8Array,
  mark: readonly number[],
  offset: number,
  values: readonly number[],
): Uint8Array {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(Uint8Array.from(mark));
  assert.ok(at >= 0);
  bytes.set(values, at + offset);
  return bytes;
}

/** Behind the first place of these bytes, in a file of the older form. */
const classic = (mark: readonly number[], offset: number, values: readonly number[]) =>
  patch(CLASSIC.slice(), mark, offset, values);

/** The layout of an array in one piece: version and kind; behind them its address and length. */
const LAYOUT = [3, 1];
/** The node that lists the chunks of an array of eight; behind it length, filters and place of the first. */
const CHUNKS = [...letters('TREE'), 1, 0, 8];
const kinds = (offset: number, values: readonly number[]) =>
  patch(fixtureBytes('keras/kinds.h5'), CHUNKS, offset, values);
const NOWHERE = Array<number>(8).fill(255);

for (const [what, bytes, sentence] of [
  [
    'more texts than there are',
    classic(letters('layer_names\0'), 32, little(50_000, 8)),
    /50000 values, which are not there/,
  ],
  [
    'a type of no bytes',
    classic([0x11, 0x20, 0x1f, 0, 4, 0, 0, 0], 4, [0]),
    /of 0 bytes each has no readable size/,
  ],
  ['an array without layout', classic(LAYOUT, -8, [0]), /without type, shape or layout/],
  ['an array of another length', classic(LAYOUT, 10, little(5, 8)), /the array has 5 bytes, not/],
  ['an array outside of the file', classic(LAYOUT, 2, little(2 ** 40, 8)), /are outside the file of/],
  ['a chunk that leaves out a filter', kinds(28, [1]), /leaves out one of the filters/],
  ['a chunk between the others', kinds(32, [1]), /is outside the array or appears twice/],
  ['a name that is no text', classic(letters('a_head\0'), 0, [255]), /not UTF-8/],
  ['a text that its heap lacks', classic(letters('GCOL'), 16, [9]), /of a heap that does not have it/],
  ['a group without a table', classic([0x11, 0, 16, 0, 0, 0, 0, 0], 8, NOWHERE), /no table of its members/],
  ['a shared message', classic(LAYOUT, -4, [2]), /a message is shared between objects/],
  [
    'names that are no texts',
    // The class of the attribute's type, behind its name and the zeros that fill it to a multiple of 8.
    classic(letters('layer_names\0'), 16, [0x14]),
    /layer_names does not hold texts/,
  ],
  ['a compact array of another length', classic(LAYOUT, 1, [0, 5, 0]), /5 bytes in its header/],
  ['a chunk of another length', kinds(24, little(31, 4)), /a chunk has 31 bytes, not 32/],
  [
    'an object outside of its heap',
    // Behind the hash of a link's name stands its identifier, whose first byte says where the link is.
    patch(fixtureBytes('keras/version-1.8.h5'), letters('BTLF'), 6 + 4, [0x10]),
    /too large for its heap/,
  ],
  ['more dimensions than arrays have', classic([1, 1, 1, 0, 0, 0, 0, 0], 1, [65]), /65 dimensions/],
  [
    'more elements than can be counted',
    classic([1, 2, 1, 0, 0, 0, 0, 0], 8, [...little(2 ** 40, 8), ...little(2 ** 40, 8)]),
    /the shape \[1099511627776,1099511627776\] is too large/,
  ],
] as const) {
  test(`HDF5: ${what}`, async () => {
    await rejects(() => readAll(memorySource(bytes)), sentence);
  });
}

test('a .keras archive whose weights have no layers', async () => {
  const bytes = zip([
    { name: 'metadata.json', data: new TextEncoder().encode('{}') },
    { name: 'config.json', data: new TextEncoder().encode('{}') },
    { name: 'model.weights.h5', data: fixtureBytes('keras/not-keras.h5') },
  ]);
  await rejects(() => readAll(memorySource(bytes)), /the file of weights has no layers/);
});

test('JSON: what is no value, no truth and no text', async () => {
  const read = (bytes: Uint8Array) => readTensorFile(memorySource(bytes), memorySiblings({}));
  await rejects(() => read(new TextEncoder().encode('{"a": }')), /a value is expected/);
  await rejects(() => read(Uint8Array.from([...letters('{"a": "'), 255, ...letters('"}')])), /not UTF-8/);
  const config = '{"config": {"scale": falsch}}';
  const archive = zip([
    { name: 'metadata.json', data: new TextEncoder().encode('{}') },
    { name: 'config.json', data: new TextEncoder().encode(config) },
  ]);
  await rejects(() => read(archive), /true or false is expected/);
});

test('ONNX: a number of another kind', async () => {
  const epsilon = message(stringField(1, 'epsilon'), integerField(2, 5));
  const node = message(stringField(4, 'BatchNormalization'), messageField(5, epsilon));
  const model = message(integerField(1, 8), stringField(2, 'a'), messageField(7, messageField(1, node)));
  await rejects(() => readTensorFile(memorySource(concat(...model.pieces))), /field 2 is no float32/);
});

test('what a disk says is passed on', async () => {
  const fault = new AttuneError({ code: 'disk', what: 'the file cannot be read', where: 'test' });
  /** Fails where more is read than what a file is recognised by. */
  const failing = (bytes: Uint8Array): ByteSource => {
    const source = memorySource(bytes);
    const read = async (offset: number, length: number) => {
      if (length > 16_384) throw fault;
      return source.read(offset, length);
    };
    return { ...source, read };
  };
  const json = new TextEncoder().encode(`{"a": "${'x'.repeat(20_000)}"}`);
  await rejects(() => readTensorFile(failing(json), memorySiblings({})), /cannot be read/, 'disk');
  const producer = concat([8, 8, 0x12, 0xa0, 0x9c, 1], new Uint8Array(20_000).fill(0x78));
  await rejects(() => readTensorFile(failing(producer)), /cannot be read/, 'disk');
});

test('what writers refuse', async () => {
  const half = { name: 'a', dtype: 'F16', shape: [1], data: new Uint8Array(2) } as const;
  assert.throws(
    () => tfjsJson({ config: {}, weights: [half], metadata: {} }),
    /F16 is not written to TensorFlow/,
  );

  // Just below 2 GiB of weights, of memory that nobody touches; the words around them pass it.
  const data = new Float32Array(2 ** 27);
  const weights = [2 ** 27, 2 ** 27, 2 ** 27, 2 ** 27 - 1].map((count, i) => {
    return { name: `w${i}`, dtype: 'F32', shape: [count], data: data.subarray(0, count) } as const;
  });
  const graph = { name: 'g', operatorSet: 17, nodes: [], inputs: [], outputs: [], metadata: {} };
  await rejects(() => onnxPieces({ ...graph, weights }).next(), /ends at 2147483647 bytes/);
});

test.run();
