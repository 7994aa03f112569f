/** ONNX models that PyTorch exported (make-onnx-fixtures.py), and hand-made ones that lie. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import {
  bytesField,
  type Encoded,
  integerField,
  message,
  messageField,
  stringField,
} from '#src/formats/protobuf-write';
import { readTensorFile } from '#src/formats/any-format/recognise';
import {
  assertHolds,
  concat,
  expected,
  fixture,
  fixtureBytes,
  memorySiblings,
  rejects,
  tensorOf,
} from '../support.js';
import { readFileSync } from 'node:fs';

const BESIDE = { 'weights.bin': new Uint8Array(new Float32Array([1, 2, 3, 4]).buffer) };

const read = (bytes: Uint8Array) => readTensorFile(memorySource(bytes, 'test.onnx'), memorySiblings(BESIDE));

test('a graph with its names', async () => {
  const file = await read(fixtureBytes('onnx/named.onnx'));
  assert.is(file.format, 'onnx');
  assert.is(file.metadata['producer'], 'pytorch');
  await assertHolds(file, expected('onnx/named.json'));
  assert.equal(
    file.layers?.map(({ kind, tensors }) => [kind, tensors[0]]),
    [
      ['conv', 'conv1.weight'],
      ['batch-norm', 'bn1.weight'],
      ['conv', 'conv2.weight'],
      ['linear', 'fc.weight'],
    ],
  );
});

test('what a program leaves in a model', async () => {
  const graph = messageField(7, message());
  const entry = (key: string, value: string) =>
    messageField(14, message(stringField(1, key), stringField(2, value)));
  const model = (...entries: Encoded[]) =>
    concat(...message(integerField(1, 8), stringField(2, 'attune'), graph, ...entries).pieces);
  const { metadata } = await read(
    model(entry('classes', '["ä"]'), entry('__proto__', 'text'), entry('', '')),
  );
  assert.equal(Object.entries(metadata), [
    ['classes', '["ä"]'],
    ['__proto__', 'text'],
    ['', ''],
    ['producer', 'attune'],
  ]);
  await rejects(() => read(model(entry('a', '1'), entry('a', '2'))), /the metadata have "a" twice/);
  const half = 'x'.repeat(2 ** 23);
  await rejects(
    () => read(model(entry('a', half), entry('b', half))),
    /metadata take more than 16777216 bytes/,
  );
});

test('a graph whose exporter folded a batch norm and numbered the result', async () => {
  const file = await read(fixtureBytes('onnx/folded.onnx'));
  const [conv, depthwise, head] = file.layers!;
  assert.equal(conv.strides, [2, 2]);
  assert.equal(conv.pads, [1, 1, 1, 1]);
  assert.is(head.transposed, false);
  assert.equal(depthwise.tensors, ['conv2.weight', 'conv2.bias']);
  const wanted = JSON.parse(readFileSync(fixture('onnx/folded.json'), 'utf8')) as number[][];
  for (const [i, name] of conv.tensors.entries()) {
    assert.match(name, /^onnx::Conv_\d+$/);
    const values = await tensorOf(file, name).read();
    assert.ok(wanted[i].every((value, j) => Math.abs(value - values[j]) < 1e-6));
  }
});

// ---- hand-made: fields by their numbers in onnx.proto ----

const model = (...graph: Encoded[]) =>
  bytesOf(message(integerField(1, 8), messageField(7, message(...graph))));
const bytesOf = ({ pieces }: Encoded) => concat(...pieces);
const initializer = (...fields: Encoded[]) => messageField(5, message(...fields));
const node = (type: string, inputs: string[], ...more: Encoded[]) =>
  messageField(1, message(...inputs.map((input) => stringField(1, input)), stringField(4, type), ...more));

const NAME = stringField(8, 'w');
const FLOAT = integerField(2, 1);
const DIMS = integerField(1, 2);
const RAW = bytesField(9, new Uint8Array(new Float32Array([1, 2]).buffer));

async function values(dtype: number, field: Encoded, dims = 2): Promise<string> {
  const file = await read(model(initializer(integerField(1, dims), integerField(2, dtype), NAME, field)));
  const [tensor] = file.tensors;
  return [...(await tensor.read())].join(' ');
}

test('the places in which numbers can be', async () => {
  assert.is(await values(1, RAW), '1 2');
  assert.is(await values(1, bytesField(4, new Uint8Array(new Float32Array([3, 4]).buffer))), '3 4');
  assert.is(await values(11, bytesField(10, new Uint8Array(new Float64Array([0.5, 7]).buffer))), '0.5 7');
  // Half precision: the bits as varints.
  assert.is(await values(10, bytesField(5, Uint8Array.of(0x80, 0x78, 0x80, 0x80, 1))), '1 2');
  assert.is(await values(16, bytesField(9, Uint8Array.of(0x80, 0x3f, 0, 0x40))), '1 2');
});

test('dimensions in one field or in several', async () => {
  for (const dims of [[integerField(1, 1), integerField(1, 2)], [bytesField(1, Uint8Array.of(1, 2))]]) {
    const file = await read(model(initializer(...dims, FLOAT, NAME, RAW)));
    assert.equal(file.tensors[0].shape, [1, 2]);
  }
});

test('constants of nodes, copies, and what is no weight', async () => {
  const constant = messageField(
    5,
    message(stringField(1, 'value'), messageField(5, message(DIMS, FLOAT, RAW))),
  );
  const file = await read(
    model(
      node('Constant', [], stringField(2, 'c'), constant),
      node('Identity', ['w'], stringField(2, 'copy')),
      node('Add', ['x', 'copy'], stringField(2, 'y')),
      initializer(DIMS, FLOAT, NAME, RAW),
      initializer(DIMS, integerField(2, 7), stringField(8, 'shape'), bytesField(7, Uint8Array.of(1, 2))),
      initializer(FLOAT, stringField(8, 'limit'), bytesField(9, new Uint8Array(4))),
      initializer(integerField(2, 8), stringField(8, 'text')),
    ),
  );
  assert.equal(
    file.tensors.map(({ name }) => name),
    ['w', 'copy', 'c'],
  );
  assert.equal(file.skipped, [
    { name: 'shape', kind: 'constant' },
    { name: 'limit', kind: 'constant' },
    { name: 'text', kind: "tensor of ONNX's type 8" },
  ]);
  assert.equal([...(await tensorOf(file, 'copy').read())], [1, 2]);
});

const place = (key: string, value: string) =>
  messageField(13, message(stringField(1, key), stringField(2, value)));
const external = (...places: Encoded[]) =>
  model(initializer(DIMS, FLOAT, NAME, ...places, integerField(14, 1)));

test('numbers in a file beside the model', async () => {
  const bytes = external(place('location', 'weights.bin'), place('offset', '4'), place('length', '8'));
  const file = await read(bytes);
  assert.equal([...(await file.tensors[0].read())], [2, 3]);
  await file.close();
  await rejects(() => readTensorFile(memorySource(bytes)), /weights are in other files/);
});

const tensor = (...fields: Encoded[]) => model(initializer(...fields));
const BIG = bytesField(1, Uint8Array.of(...Array(9).fill(0xff), 1));

const hostile: [what: string, bytes: Uint8Array, sentence: RegExp][] = [
  ['no graph', bytesOf(message(integerField(1, 8), stringField(2, 'x'))), /no graph/],
  ['cut off', fixtureBytes('onnx/named.onnx').slice(0, 900), /beyond its message/],
  ['field 0', concat([8, 8, 0x12, 0], [0]), /number 0/],
  ['wire kind', concat([8, 8, 0x12, 0], [0x1b]), /kind 3/],
  ['endless number', concat([8, 8, 0x12, 0], [0x18, ...Array(11).fill(0xff)]), /more than 10 bytes/],
  ['cut number', concat([8, 8, 0x12, 0], [0x18, 0xff]), /cut off/],
  ['huge length', concat([8, 8, 0x12, ...Array(9).fill(0xff), 1]), /no readable length/],
  ['negative dimensions', tensor(BIG, FLOAT, NAME, RAW), /negative or huge/],
  [
    'many dimensions',
    tensor(bytesField(1, new Uint8Array(65).fill(1)), FLOAT, NAME, RAW),
    /more than 64 numbers/,
  ],
  [
    'dimensions of text',
    tensor(bytesField(1, new Uint8Array(700)), FLOAT, NAME, RAW),
    /no list of at most 64/,
  ],
  [
    'a shape too large',
    tensor(integerField(1, 2 ** 40), integerField(1, 2 ** 40), FLOAT, NAME, RAW),
    /no size in bytes/,
  ],
  ['fewer numbers', tensor(integerField(1, 3), FLOAT, NAME, RAW), /takes 12 bytes but 8 are there/],
  ['no numbers', tensor(DIMS, FLOAT, NAME), /has no numbers/],
  ['numbers twice', tensor(DIMS, FLOAT, NAME, RAW, RAW), /in several places/],
  ['numbers one by one', tensor(DIMS, FLOAT, NAME, integerField(5, 1)), /one by one/],
  [
    'the list of another type',
    tensor(DIMS, FLOAT, NAME, bytesField(10, new Uint8Array(16))),
    /list of another type/,
  ],
  ['no name', tensor(DIMS, FLOAT, RAW), /has no name/],
  [
    'a name twice',
    model(initializer(DIMS, FLOAT, NAME, RAW), initializer(DIMS, FLOAT, NAME, RAW)),
    /two tensors of the name/,
  ],
  ['a name of bytes', tensor(DIMS, FLOAT, bytesField(8, Uint8Array.of(0xff)), RAW), /not UTF-8/],
  ['a long name', tensor(DIMS, FLOAT, stringField(8, 'x'.repeat(70_000)), RAW), /longer than 65536/],
  ['sparse weights', model(messageField(15, message())), /sparse/],
  ['many inputs', model(node('Add', Array(1001).fill('x'))), /more than 1000 inputs/],
  ['outside the folder', external(place('location', '../weights.bin')), /not a path within its folder/],
  ['absolute', external(place('location', '/etc/passwd')), /not a path within its folder/],
  ['no location', external(), /not a path within its folder/],
  ['missing', external(place('location', 'other.bin')), /there is no file/],
  [
    'beyond the file',
    external(place('location', 'weights.bin'), place('offset', '12'), place('length', '8')),
    /8 bytes at 12/,
  ],
  ['another length', external(place('location', 'weights.bin'), place('length', '4')), /of 8 bytes has 4/],
  ['no number', external(place('location', 'weights.bin'), place('offset', '-4')), /no whole number/],
  ['two locations', external(place('location', 'a'), place('location', 'b')), /two of "location"/],
];

for (const [what, bytes, sentence] of hostile) {
  test(`refused: ${what}`, () => rejects(() => read(bytes), sentence));
}

test('external bytes are not shared without end', async () => {
  const shared = (count: number) =>
    model(
      ...Array.from({ length: count }, (_, i) => {
        const places = [place('location', 'weights.bin'), place('length', '8')];
        return initializer(DIMS, FLOAT, stringField(8, `w${i}`), ...places, integerField(14, 1));
      }),
    );
  assert.is((await read(shared(16))).tensors.length, 16);
  await rejects(() => read(shared(17)), /share their bytes too often/);
});

test('names that copy a tensor count as its bytes do: what is written of them is not endless', async () => {
  // 1 MiB in the file; each Identity would be 1 MiB more in whatever it is converted to.
  const bytes = new Uint8Array(2 ** 20);
  const large = initializer(integerField(1, 2 ** 18), FLOAT, NAME, bytesField(9, bytes));
  const copies = (count: number) =>
    Array.from({ length: count }, (_, i) => node('Identity', ['w'], stringField(2, `copy${i}`)));
  assert.is((await read(model(large, ...copies(60)))).tensors.length, 61);
  await rejects(() => read(model(large, ...copies(80))), /copy "w" and others too often/);
  // A copy of a copy is one as well.
  const chain = Array.from({ length: 80 }, (_, i) =>
    node('Identity', [i === 0 ? 'w' : `copy${i - 1}`], stringField(2, `copy${i}`)),
  );
  await rejects(() => read(model(large, ...chain)), /too often/);
});

test('more than any model has', async () => {
  // An empty node is its key and the length 0.
  const nodes = Uint8Array.from({ length: 400_002 }, (_, i) => (i % 2 === 0 ? 0x0a : 0));
  const graph = { length: nodes.length, pieces: [nodes] };
  await rejects(() => read(model(graph)), /more than 200000 nodes/);
});

test('varints that are too few, too many or too long', async () => {
  await rejects(() => values(10, bytesField(5, Uint8Array.of(1))), /hold no 2 numbers/);
  await rejects(() => values(10, bytesField(5, Uint8Array.of(1, 2, 3))), /more than 2 numbers/);
  await rejects(() => values(10, bytesField(5, Uint8Array.of(1, 0x80))), /cut off or too long/);
  await rejects(
    () => values(10, bytesField(5, Uint8Array.of(1, ...Array(11).fill(0xff)))),
    /cut off or too long/,
  );
});

test.run();
