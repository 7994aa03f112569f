/** The bytes of an ONNX file, read field by field. That onnxruntime reads them is shown in models/export. */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type OnnxModel, onnxPieces } from '#src/formats/onnx/write';
import { rejects } from '../support.js';

type Field = readonly [field: number, value: number | Uint8Array];

/** The fields of a message; numbers of fixed width as their bytes. */
function fields(bytes: Uint8Array): Field[] {
  const found: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) found.push([field, varint()]);
    else {
      const length = type === 5 ? 4 : varint();
      found.push([field, bytes.slice(at, at + length)]);
      at += length;
    }
  }
  assert.is(at, bytes.length);
  return found;
}

const all = (message: Uint8Array, field: number) =>
  fields(message).flatMap(([number, value]) => (number === field ? [value] : []));
const one = (message: Uint8Array, ...path: number[]): number | Uint8Array =>
  path.reduce<number | Uint8Array>((at, field) => all(at as Uint8Array, field)[0], message);
const text = (value: number | Uint8Array) => new TextDecoder().decode(value as Uint8Array);

async function write(model: OnnxModel): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of onnxPieces(model)) pieces.push(piece);
  return new Uint8Array(Buffer.concat(pieces));
}

const weight = { name: 'w', dtype: 'F32' as const, shape: [300, 1], data: new Float32Array(300).fill(1.5) };
const model: OnnxModel = {
  name: 'tiny',
  operatorSet: 17,
  nodes: [
    {
      type: 'Gemm',
      name: 'fc',
      inputs: ['x', 'w'],
      outputs: ['y'],
      attributes: { transB: 1, alpha: { float: 0.5 }, axes: [0, 300] },
    },
  ],
  inputs: [{ name: 'x', shape: ['batch', 1], description: 'numbers' }],
  outputs: [{ name: 'y', shape: ['batch', 300] }],
  weights: [weight],
  metadata: { classes: '["ä"]' },
};

test('a model, field by field', async () => {
  const bytes = await write(model);
  assert.is(one(bytes, 1), 8);
  assert.is(one(bytes, 8, 2), 17);
  assert.equal(
    [1, 2].map((field) => text(one(bytes, 14, field))),
    ['classes', '["ä"]'],
  );

  const graph = one(bytes, 7) as Uint8Array;
  assert.is(text(one(graph, 2)), 'tiny');
  const node = one(graph, 1) as Uint8Array;
  assert.equal(all(node, 1).map(text), ['x', 'w']);
  assert.equal(
    [2, 3, 4].map((field) => text(one(node, field))),
    ['y', 'fc', 'Gemm'],
  );
  const [transB, alpha, axes] = all(node, 5) as Uint8Array[];
  assert.equal([text(one(transB, 1)), one(transB, 3), one(transB, 20)], ['transB', 1, 2]);
  assert.equal([one(alpha, 2), one(alpha, 20)], [new Uint8Array([0, 0, 0, 0x3f]), 1]);
  assert.equal([all(axes, 8), one(axes, 20)], [[0, 300], 7]);

  const initializer = one(graph, 5) as Uint8Array;
  assert.equal(all(initializer, 1), [300, 1]);
  assert.equal([one(initializer, 2), text(one(initializer, 8))], [1, 'w']);
  assert.equal(one(initializer, 9), new Uint8Array(weight.data.buffer));

  const input = one(graph, 11) as Uint8Array;
  assert.equal([text(one(input, 1)), text(one(input, 3)), one(input, 2, 1, 1)], ['x', 'numbers', 1]);
  const dimensions = all(one(input, 2, 1, 2) as Uint8Array, 1) as Uint8Array[];
  assert.equal([text(one(dimensions[0], 2)), one(dimensions[1], 1)], ['batch', 1]);
  assert.is(text(one(graph, 12, 1)), 'y');
});

test('what ONNX files cannot hold is refused', async () => {
  await rejects(() => write({ ...model, weights: [weight, weight] }), /the name is taken/);
  await rejects(
    () => write({ ...model, weights: [{ ...weight, dtype: 'C64' }] }),
    /the type C64 is not written/,
  );
  await rejects(() => write({ ...model, weights: [{ ...weight, shape: [2] }] }), /takes 8 bytes, not 1200/);
  const data = () => {
    throw new Error('the values were asked for');
  };
  const large = { ...weight, shape: [2 ** 29], data };
  await rejects(() => write({ ...model, weights: [large] }), /ends at 2147483647 bytes/);
});

test.run();
