/** HDF5 files as they are written: read back here, and by h5py in convert-h5py.slow. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { lookup3 } from '#src/formats/hdf5/checksum';
import { type GroupToWrite, hdf5Pieces } from '#src/formats/hdf5/write';
import { kerasPieces } from '#src/formats/keras/write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import type { TensorToWrite } from '#src/formats/to-write';
import { rejects, tensorOf } from '../support.js';

async function joined(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece.slice());
  return new Uint8Array(Buffer.concat(parts));
}

const float32 = (name: string, shape: readonly number[], first = 0): TensorToWrite => ({
  ...{ name, dtype: 'F32', shape },
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => first + i),
});

test("the checksum is Bob Jenkins's, by the results that he published", () => {
  const of = (text: string) => lookup3(new TextEncoder().encode(text)).toString(16);
  assert.is(of(''), 'deadbeef');
  assert.is(of('Four score and seven years ago'), '17770551');
});

test('what is written is read back: arrays of any rank, empty ones, long names', async () => {
  const layers = [
    { layer: 'images', variables: [] },
    { layer: 'conv', variables: [float32('kernel', [2, 3, 1, 4]), float32('bias', [4], 0.5)] },
    { layer: `größe-${'x'.repeat(300)}`, variables: [float32('kernel', [5], 7)] },
    { layer: 'empty', variables: [float32('kernel', [0, 3])] },
    { layer: 'scalar', variables: [float32('kernel', [], 9)] },
  ];
  const model = {
    config: { class_name: 'Functional', config: { layers: [] } },
    layers,
    metadata: { note: 'ä' },
  };
  const bytes = await joined(kerasPieces(model));
  const file = await readTensorFile(memorySource(bytes, 'test.h5'));
  assert.equal(
    file.tensors.map(({ name, shape }) => [name, shape]),
    layers.flatMap(({ layer, variables }) =>
      variables.map(({ name, shape }) => [`${layer}/${name}`, shape as number[]]),
    ),
  );
  for (const { layer, variables } of layers) {
    for (const { name, data } of variables) {
      assert.equal(await tensorOf(file, `${layer}/${name}`).read(), data as Float32Array);
    }
  }
  // The end of the file is the end of what its superblock counts.
  assert.is(new DataView(bytes.buffer).getBigUint64(28, true), BigInt(bytes.length));
});

test('a text of any length is an attribute', async () => {
  const text = 'é'.repeat(200_000);
  const bytes = Buffer.from(await joined(hdf5Pieces({ attributes: { text }, members: new Map() })));
  assert.ok(bytes.includes(text));
  assert.is(bytes.length % 8, 0);
});

test('what HDF5 files cannot hold is refused', async () => {
  const write = (root: GroupToWrite) => joined(hdf5Pieces(root));
  const names = Array.from({ length: 2_000 }, (_, i) => `layer${i}-${'x'.repeat(40)}`);
  await rejects(
    () => write({ attributes: { names }, members: new Map() }),
    /2000 names of up to 50 bytes do not fit into an attribute/,
  );
  const tensor: TensorToWrite = { name: 'w', dtype: 'I64', shape: [1], data: new BigInt64Array(1) };
  await rejects(
    () => write({ attributes: {}, members: new Map([['w', tensor]]) }),
    /the type I64 is not written to HDF5/,
  );
  const wrong = { ...float32('w', [2]), shape: [3] };
  await rejects(() => write({ attributes: {}, members: new Map([['w', wrong]]) }), /takes 12 bytes, not 8/);
});

test.run();
