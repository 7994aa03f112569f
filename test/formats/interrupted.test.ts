/**
 * A signal ends the reading of every format: files that take some tenths of a second to read, in memory, so that nothing
 * but the parser's own pauses lets the signal be seen.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { hdf5Pieces } from '#src/formats/hdf5/write';
import { type Encoded, message, messageField, stringField } from '#src/formats/protobuf-write';
import { readSafetensors } from '#src/formats/safetensors';
import { gather } from '#src/formats/strided';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { Pauses } from '#src/pauses';
import {
  concat,
  fileOf,
  kerasLayer,
  MARK,
  memorySiblings,
  rejects,
  safetensorsOf,
  torchLegacy,
  torchZip,
  zip,
} from './support.js';

const encode = (text: string) => new TextEncoder().encode(text);

/** `count` times the bytes that `make` gives. */
function repeated(count: number, make: (i: number) => Uint8Array | readonly number[]): Uint8Array {
  return Buffer.concat(Array.from({ length: count }, (_, i) => Uint8Array.from(make(i))));
}

const name = (i: number) => String(i).padStart(6, '0');

/** A dictionary of `count` names, all set at once. */
function names(count: number): Uint8Array {
  const items = repeated(count, (i) => [0x55, 6, ...encode(name(i)), 0x4e]);
  return concat([0x80, 2, 0x7d, MARK], items, [0x75, 0x2e]);
}

/** An ONNX file of one node after another, each of which has an input. */
function nodes(count: number): Uint8Array {
  const node = Buffer.concat(messageField(1, message(stringField(1, 'a'))).pieces);
  const graph: Encoded = { length: count * node.length, pieces: Array<Uint8Array>(count).fill(node) };
  return concat([8, 8, 0x12, 1, 0x61], ...messageField(7, graph).pieces);
}

const layers = `{"class_name":"Model","config":{"layers":[${Array<string>(120_000).fill('{"class_name":"A"}').join()}]}}`;
const empty = { name: 'a', dtype: 'F32', shape: [0], data: new Uint8Array(0) } as const;

const SLOW: Readonly<Record<string, () => Uint8Array | Promise<Uint8Array>>> = {
  'PyTorch, zip: the items of a dictionary': () => torchZip(names(250_000)),
  'PyTorch, before 1.6: opcodes': () =>
    torchLegacy(
      concat(
        [0x80, 2, 0x5d],
        repeated(240_000, () => [0x4e, 0x85, 0x71, 0, 0x61]),
        [0x2e],
      ),
    ),
  'safetensors: tensors': () => {
    const tensor = '{"dtype":"F32","shape":[0],"data_offsets":[0,0]}';
    return safetensorsOf(`{${Array.from({ length: 60_000 }, (_, i) => `"${i}":${tensor}`).join()}}`);
  },
  'safetensors: a long text': () => safetensorsOf(`{"__metadata__":{"a":"${'\\n'.repeat(10_000_000)}"}}`),
  'TensorFlow.js: a topology': () =>
    encode(`{"weightsManifest":[],"modelTopology":{"a":[${'[1],'.repeat(800_000)}1]}}`),
  'Keras, .keras: layers': () =>
    zip([
      { name: 'metadata.json', data: encode('{}') },
      { name: 'config.json', data: encode(layers) },
      { name: 'model.weights.h5', data: new Uint8Array(0) },
    ]),
  'Keras, .h5: members of a group': () => {
    const members = Object.fromEntries(Array.from({ length: 3_000 }, (_, i) => [name(i), empty]));
    return fileOf(hdf5Pieces(kerasLayer(members)));
  },
  'ONNX: nodes': () => nodes(100_000),
  'NumPy: arrays': () => {
    const header = encode("{'descr': '<f4', 'fortran_order': False, 'shape': (0,), }\n");
    const data = concat([0x93], encode('NUMPY'), [1, 0, header.length, 0], header);
    return zip(Array.from({ length: 10_000 }, (_, i) => ({ name: `${i}.npy`, data })));
  },
};

for (const [what, make] of Object.entries(SLOW)) {
  test(`a signal ends the reading of ${what}`, async () => {
    const bytes = await make();
    const controller = new AbortController();
    const source = memorySource(bytes, 'slow', new Pauses(controller.signal));
    // Later than the parser begins: it is heard at one of its pauses or not at all.
    setTimeout(() => controller.abort(), 1);
    await rejects(() => readTensorFile(source, memorySiblings({})), /reading was interrupted/, 'interrupted');
  });
}

test('a signal ends the putting of a large tensor in order', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  const side = 4_000;
  const turned = gather(
    new Uint8Array(side * side),
    [side, side],
    [1, side],
    1,
    new Pauses(controller.signal),
  );
  await rejects(() => turned, /reading was interrupted/, 'interrupted');
});

/** A pause is due at every question, however fast the machine is. */
class AlwaysDue extends Pauses {
  override get due(): boolean {
    return true;
  }
}

test('a signal ends the decoding of a header, which is not said to be no text', async () => {
  const source = memorySource(safetensorsOf('{}'), 'header');
  const aborted = { ...source, pauses: new AlwaysDue(AbortSignal.abort()) };
  await rejects(() => readSafetensors(aborted), /reading was interrupted/, 'interrupted');
});

test('without a signal, timers have their turn while a file is read', async () => {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const { skipped } = await readTensorFile(memorySource(nodes(60_000)), memorySiblings({}));
  clearInterval(timer);
  assert.equal(skipped, []);
  assert.ok(turns > 0);
});

test.run();
