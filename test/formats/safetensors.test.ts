import * as fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { readSafetensors } from '#src/formats/safetensors';
import { safetensorsPieces } from '#src/formats/safetensors-write';
import type { TensorToWrite } from '#src/formats/to-write';
import { byteLength, DTYPE_BITS, type Dtype } from '#src/formats/tensors';
import { concat, expected, fixtureBytes, hex, little, rejects, safetensorsOf, tensorOf } from './support.js';

const read = (bytes: Uint8Array) => readSafetensors(memorySource(bytes, 'test.safetensors'));

async function write(
  tensors: readonly TensorToWrite[],
  metadata?: Record<string, string>,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of safetensorsPieces(tensors, metadata)) pieces.push(piece);
  return concat(...pieces);
}

const one = (fields: string) => `{"a":{${fields}}}`;
const VALID = '"dtype":"F32","shape":[2],"data_offsets":[0,8]';

// ---- against the reference ----

test('a file of the reference is read value by value', async () => {
  const file = await read(fixtureBytes('reference.safetensors'));
  assert.is(file.format, 'safetensors');
  assert.equal(file.metadata, { format: 'pt' });
  const wanted = expected('tensors.json');
  assert.is(file.tensors.length, wanted.length);
  for (const { name, dtype, shape, raw, float32 } of wanted) {
    const tensor = tensorOf(file, name);
    assert.equal([tensor.dtype, tensor.shape], [dtype, shape], name);
    assert.is(hex(await tensor.readRaw()), raw, name);
    if (float32 !== null) assert.is(hex(await tensor.read()), float32, name);
    else await rejects(() => tensor.read(), new RegExp(`holds ${dtype}`));
  }
});

test('the writer makes the same bytes as the reference', async () => {
  const reference = fixtureBytes('reference.safetensors');
  const file = await read(reference);
  const tensors = await Promise.all(
    file.tensors.map(async ({ name, dtype, shape, readRaw }) => ({
      name,
      dtype,
      shape,
      data: await readRaw(),
    })),
  );
  assert.is(hex(await write(tensors.reverse(), { format: 'pt' })), hex(reference));
});

// ---- the header ----

test('too short for a length', async () => {
  for (let size = 0; size < 8; size++)
    await rejects(() => read(new Uint8Array(size)), /fewer than the 8 of a header/);
});

test('a header length beyond the limit or the file', async () => {
  await rejects(() => read(concat([0x3c, 0, 0, 0, 0, 0xff, 0xff, 0xff])), /more than the limit of 100000000/);
  await rejects(() => read(concat(little(100_000_001, 8), [0x7b, 0x7d])), /more than the limit/);
  await rejects(() => read(concat(little(1000, 8), [0x7b, 0x7d])), /claims 1000 bytes but the file has 2/);
  await rejects(() => read(safetensorsOf('')), /"\{" is expected/);
});

test('a header that is not UTF-8 or not JSON', async () => {
  await rejects(() => read(safetensorsOf(Uint8Array.of(0x7b, 0xff, 0x7d))), /not UTF-8/);
  await rejects(() => read(safetensorsOf('\ufeff{}')), /expected/);
  for (const text of ['{', '[]', '{"a":1}', '{"a":null}', '{} {}', 'null', '{"a":{}}x']) {
    await rejects(() => read(safetensorsOf(text)), /test\.safetensors, header/);
  }
});

test('white space around the header is allowed', async () => {
  const file = await read(safetensorsOf(`  ${one(VALID)}   `, 8));
  assert.is(file.tensors.length, 1);
  assert.equal((await read(safetensorsOf('{}      '))).tensors, []);
});

test('metadata is text by text, even with hostile keys', async () => {
  const file = await read(safetensorsOf('{"__metadata__":{"__proto__":"x","b":"\\u00e9"}}'));
  assert.equal(Object.entries(file.metadata), [
    ['__proto__', 'x'],
    ['b', 'é'],
  ]);
  await rejects(() => read(safetensorsOf('{"__metadata__":{"a":1}}')), /expected/);
  await rejects(() => read(safetensorsOf('{"__metadata__":null}')), /expected/);
});

test('equal keys anywhere', async () => {
  await rejects(() => read(safetensorsOf(`{"a":{${VALID}},"a":{${VALID}}}`, 8)), /"a" appears twice/);
  await rejects(() => read(safetensorsOf(one(`${VALID},"dtype":"F32"`), 8)), /"dtype" appears twice/);
  await rejects(() => read(safetensorsOf('{"__metadata__":{"a":"1","a":"2"}}')), /"a" appears twice/);
  await rejects(() => read(safetensorsOf('{"__metadata__":{},"__metadata__":{}}')), /appears twice/);
});

test('a tensor that lacks or adds something', async () => {
  for (const fields of ['', '"dtype":"F32","shape":[2]', '"dtype":"F32","data_offsets":[0,8]']) {
    await rejects(
      () => read(safetensorsOf(one(fields), 8)),
      /dtype, shape and two data_offsets are expected/,
    );
  }
  await rejects(
    () => read(safetensorsOf(one('"dtype":"F32","shape":[2],"data_offsets":[0]'), 8)),
    /two data_offsets/,
  );
  await rejects(
    () => read(safetensorsOf(one('"dtype":"F32","shape":[2],"data_offsets":[0,8,8]'), 8)),
    /more than 2/,
  );
  await rejects(
    () => read(safetensorsOf(one(`${VALID},"strides":[1]`), 8)),
    /"strides" is not part of the format/,
  );
  await rejects(() => read(safetensorsOf(one(VALID.replace('F32', 'F31')), 8)), /"F31" is unknown/);
  await rejects(() => read(safetensorsOf(one(VALID.replace('F32', 'toString')), 8)), /"toString" is unknown/);
  const deep = Array(65).fill(1).join(',');
  await rejects(() => read(safetensorsOf(one(`"shape":[${deep}]`))), /more than 64 numbers/);
});

// ---- sizes and ranges ----

test('sizes must follow from type and shape', async () => {
  await rejects(
    () => read(safetensorsOf(one(VALID.replace('[2]', '[3]')), 8)),
    /takes 12 bytes but the offsets are 0 and 8/,
  );
  await rejects(
    () => read(safetensorsOf(one('"dtype":"U8","shape":[2],"data_offsets":[4,2]'), 4)),
    /takes 2 bytes/,
  );
});

test('overflow in shape or offsets', async () => {
  const shapes = ['9007199254740991,2', '4294967296,4294967296', '9007199254740991'];
  for (const shape of shapes) {
    await rejects(
      () => read(safetensorsOf(one(`"dtype":"F32","shape":[${shape}],"data_offsets":[0,8]`), 8)),
      /no size/,
    );
  }
  for (const number of ['18446744073709551614', '9223372036854775807']) {
    const shape = one(`"dtype":"F32","shape":[2,${number}],"data_offsets":[0,8]`);
    await rejects(() => read(safetensorsOf(shape, 8)), /whole number/);
    const offsets = one(`"dtype":"F32","shape":[2],"data_offsets":[${number},${number}]`);
    await rejects(() => read(safetensorsOf(offsets, 8)), /whole number/);
  }
});

test('types narrower than a byte must end at a byte', async () => {
  const file = await read(safetensorsOf(one('"dtype":"F4","shape":[2,3],"data_offsets":[0,3]'), 3));
  assert.is((await file.tensors[0].readRaw()).length, 3);
  await rejects(
    () => read(safetensorsOf(one('"dtype":"F4","shape":[3],"data_offsets":[0,2]'), 2)),
    /no size/,
  );
  await rejects(
    () => read(safetensorsOf(one('"dtype":"F6_E2M3","shape":[3],"data_offsets":[0,2]'), 2)),
    /no size/,
  );
});

test('empty tensors and scalars', async () => {
  const header =
    '{"s":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"F32","shape":[0,3],"data_offsets":[4,4]}}';
  const file = await read(safetensorsOf(header, 4));
  assert.equal(await tensorOf(file, 's').read(), new Float32Array(1));
  assert.equal(await tensorOf(file, 'e').read(), new Float32Array(0));
});

test('ranges must cover the file: holes, overlaps, tails and cuts', async () => {
  const two = (first: string, second: string) =>
    `{"a":{"dtype":"U8","shape":[4],"data_offsets":[${first}]},"b":{"dtype":"U8","shape":[4],"data_offsets":[${second}]}}`;
  assert.is(
    (await read(safetensorsOf(two('4,8', '0,4'), 8))).tensors[0].name,
    'b',
    'in the order of the bytes',
  );
  await rejects(() => read(safetensorsOf(two('0,4', '5,9'), 9)), /"b" begins at 5 instead of 4: a hole/);
  await rejects(() => read(safetensorsOf(two('0,4', '3,7'), 7)), /"b" begins at 3 instead of 4: an overlap/);
  await rejects(() => read(safetensorsOf(two('0,4', '0,4'), 4)), /an overlap/);
  await rejects(() => read(safetensorsOf(two('1,5', '5,9'), 9)), /instead of 0: a hole/);
  await rejects(() => read(safetensorsOf(two('0,4', '4,8'), 8 + 34)), /take 8 bytes but 42 follow/);
  await rejects(() => read(safetensorsOf(two('0,4', '4,8'), 8 - 2)), /take 8 bytes but 6 follow/);
  await rejects(() => read(safetensorsOf('{}', 1)), /take 0 bytes but 1 follow/);
});

test('ten tensors on one range', async () => {
  const tensor = '{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}';
  const header = `{${Array.from({ length: 10 }, (_, i) => `"weight_${i}":${tensor}`).join(',')}}`;
  await rejects(() => read(safetensorsOf(header, 16)), /an overlap/);
});

test('a hundred thousand and more tensors on one range', async () => {
  const tensor = '{"dtype":"F32","shape":[200,200],"data_offsets":[0,160000]}';
  const header = (count: number) =>
    `{${Array.from({ length: count }, (_, i) => `"${i}":${tensor}`).join(',')}}`;
  await rejects(() => read(safetensorsOf(header(100_000), 160_000)), /an overlap/);
  await rejects(() => read(safetensorsOf(header(200_001), 160_000)), /more than 200000 tensors/);
  const entries = Array.from({ length: 100_001 }, (_, i) => `"${i}":""`);
  const many = `{"__metadata__":{${entries.join(',')}}}`;
  await rejects(() => read(safetensorsOf(many)), /more than 100000 entries of metadata/);
  // Ten million do not fit into a header.
  const tenMillion = 10_000_000 * (tensor.length + '"0":,'.length);
  await rejects(
    () => read(concat(little(tenMillion, 8))),
    /claims \d+ bytes, more than the limit of 100000000/,
  );
});

test('nesting of a million levels', async () => {
  for (const text of ['{"a":'.repeat(1e6), '['.repeat(1e6), `{"a":{"shape":${'['.repeat(1e6)}`]) {
    await rejects(() => read(safetensorsOf(text)), /expected|not part/);
  }
});

test('every truncation and every extra byte is refused', async () => {
  const bytes = fixtureBytes('reference.safetensors');
  for (let length = 0; length < bytes.length; length++)
    await rejects(() => read(bytes.slice(0, length)), /header/);
  await rejects(() => read(concat(bytes, [0])), /follow the header/);
});

// ---- the writer ----

test('the writer refuses what a reader would refuse', async () => {
  const data = new Float32Array(2);
  const valid: TensorToWrite = { name: 'a', dtype: 'F32', shape: [2], data };
  await rejects(() => write([valid, valid]), /the name is taken \(tensor "a"\)/);
  await rejects(() => write([{ ...valid, name: '__metadata__' }]), /the name is taken/);
  await rejects(() => write([{ ...valid, name: '\ud800' }]), /surrogate/);
  await rejects(() => write([valid], { key: '\udc00' }), /surrogate/);
  await rejects(() => write([{ ...valid, shape: [3] }]), /takes 12 bytes, not 8/);
  await rejects(() => write([{ ...valid, shape: [-2] }]), /no size/);
  await rejects(() => write([{ ...valid, shape: [0.5] }]), /no size/);
  await rejects(() => write([{ ...valid, dtype: 'F4', shape: [3] }]), /no size/);
});

test('names are sorted by code point', async () => {
  const names = ['\u{10000}', '\uffff', 'b', 'a', 'ab', ''];
  const tensors = names.map(
    (name): TensorToWrite => ({ name, dtype: 'U8', shape: [1], data: new Uint8Array(1) }),
  );
  const file = await read(await write(tensors));
  assert.equal(
    file.tensors.map((tensor) => tensor.name),
    ['', 'a', 'ab', 'b', '\uffff', '\u{10000}'],
  );
});

/** Up to eight tensors of any type with up to eight dimensions of up to 8, and metadata. */
const anyTensors = fc.uniqueArray(
  fc.record({
    name: fc.string({ unit: 'grapheme', maxLength: 12 }),
    dtype: fc.constantFrom(...(Object.keys(DTYPE_BITS) as Dtype[])),
    // Up to 16,384 elements: eight dimensions of 8 would be 16 million.
    shape: fc
      .array(fc.nat(8), { maxLength: 8 })
      .filter((sizes) => sizes.reduce((a, b) => a * b, 1) <= 2 ** 14),
    seed: fc.nat(255),
  }),
  { maxLength: 8, selector: ({ name }) => name },
);

test('what is written is read back', async () => {
  let total = 0;
  const property = fc.asyncProperty(
    anyTensors,
    fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
      noNullPrototype: true,
    }),
    async (candidates, metadata) => {
      const written = candidates
        .filter(({ name, dtype, shape }) => name !== '__metadata__' && byteLength(dtype, shape) !== undefined)
        .map(({ seed, ...info }) => {
          const data = new Uint8Array(byteLength(info.dtype, info.shape)!).map((_, i) => i * 31 + seed);
          return { ...info, data };
        });
      const bytes = await write(written, metadata);
      const file = await read(bytes);
      assert.equal(file.metadata, metadata);
      assert.is(file.tensors.length, written.length);
      total += written.length;
      for (const { name, dtype, shape, data } of written) {
        const tensor = tensorOf(file, name);
        assert.equal([tensor.dtype, tensor.shape], [dtype, shape]);
        assert.is(hex(await tensor.readRaw()), hex(data));
      }
      assert.is(hex(await write(written.reverse(), metadata)), hex(bytes), 'the order given does not matter');
    },
  );
  await fc.assert(property, { numRuns: 300 });
  assert.ok(total > 300, 'the property saw tensors');
});

test.run();
