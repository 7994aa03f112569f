/** Writing PyTorch files: what the reader gets back, and where the bytes lie. PyTorch itself: convert-torch.slow. */
import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { byteLength, type Dtype } from '#src/formats/tensors';
import type { TensorToWrite } from '#src/formats/to-write';
import { STORAGE_TYPES } from '#src/formats/torch-objects';
import { torchPieces } from '#src/formats/torch-write';
import { readTorchZip } from '#src/formats/torch-zip';
import { readZipDirectory } from '#src/formats/zip';
import { hex, rejects, tensorOf } from './support.js';

async function write(tensors: readonly TensorToWrite[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of torchPieces(tensors)) pieces.push(piece.slice());
  return new Uint8Array(Buffer.concat(pieces));
}

const read = (bytes: Uint8Array) => readTorchZip(memorySource(bytes, 'test.pth'));

function neverAsked(): never {
  throw new Error('the values were asked for');
}

test('what is written is read back, in its order', async () => {
  const anyTensors = fc.uniqueArray(
    fc.record({
      name: fc.string({ unit: 'grapheme', maxLength: 12 }),
      dtype: fc.constantFrom(...(Object.values(STORAGE_TYPES) as Dtype[])),
      shape: fc.array(fc.nat(4), { maxLength: 8 }),
      seed: fc.nat(255),
    }),
    { minLength: 1, maxLength: 8, selector: ({ name }) => name },
  );
  const property = fc.asyncProperty(anyTensors, async (candidates) => {
    const written = candidates.map(({ seed, ...info }) => {
      const data = new Uint8Array(byteLength(info.dtype, info.shape)!).map((_, i) => i * 31 + seed);
      return { ...info, data };
    });
    const file = await read(await write(written));
    assert.equal(
      file.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      candidates.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    );
    for (const { name, data } of written) {
      assert.is(hex(await tensorOf(file, name).readRaw()), hex(data), name);
    }
  });
  await fc.assert(property, { numRuns: 200 });
});

test('every record begins at a multiple of 64 bytes, and equal tensors give equal bytes', async () => {
  const tensors: TensorToWrite[] = [1, 17, 64, 0].map((length, i) => ({
    name: 'x'.repeat(50 * i + 1),
    dtype: 'F32',
    shape: [length],
    data: new Float32Array(length).fill(i),
  }));
  const bytes = await write(tensors);
  const directory = await readZipDirectory(memorySource(bytes));
  assert.equal(
    [...directory.names],
    ['data.pkl', 'byteorder', ...tensors.map((_, i) => `data/${i}`), 'version'].map(
      (name) => `archive/${name}`,
    ),
  );
  for (const name of directory.names) assert.is((await directory.locate(name)).offset % 64, 0, name);
  assert.is(hex(await write(tensors)), hex(bytes));
});

test('sizes that take more than 31 bits', async () => {
  // Only the pickle is made before the values are asked for.
  const pieces = torchPieces([{ name: 'w', dtype: 'U8', shape: [3, 2 ** 30], data: neverAsked }]);
  await pieces.next();
  const pickle = hex((await pieces.next()).value as Uint8Array);
  // LONG1, 8 bytes, 3 * 2^30: the number of elements. BININT, 2^30: the first stride.
  assert.match(pickle, '8a08000000c000000000');
  assert.match(pickle, '284a000000404a0100000074');
});

test('what PyTorch could not read is refused', async () => {
  const valid: TensorToWrite = { name: 'a', dtype: 'F32', shape: [2], data: new Float32Array(2) };
  await rejects(() => write([valid, valid]), /the name is taken \(tensor "a"\)/);
  await rejects(() => write([{ ...valid, name: '\ud800' }]), /surrogate/);
  await rejects(() => write([{ ...valid, shape: [3] }]), /takes 12 bytes, not 8/);
  await rejects(() => write([{ ...valid, dtype: 'U32' }]), /cannot hold the type U32/);
  await rejects(() => write([{ ...valid, shape: [-1] }]), /no size/);
});

test('an archive of 4 GiB is refused before its values are asked for', async () => {
  const tensors = ['a', 'b'].map(
    (name): TensorToWrite => ({ name, dtype: 'U8', shape: [2 ** 31 - 500], data: neverAsked }),
  );
  await rejects(() => write(tensors), /5 records of 4294\d{6} bytes need ZIP64/);
});

test.run();
