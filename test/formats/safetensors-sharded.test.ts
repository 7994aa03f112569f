/** An index and the safetensors files that it names. */

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { memorySource } from '#src/formats/bytes';
import { openTensorFile } from '#src/formats/any-format/open';
import { readTensorFile } from '#src/formats/any-format/recognise';
import { memorySiblings, rejects, safetensorsOf } from './support.js';

const header = (...names: string[]) =>
  JSON.stringify(
    Object.fromEntries(
      names.map((name, i) => [name, { dtype: 'F32', shape: [1], data_offsets: [4 * i, 4 * i + 4] }]),
    ),
  );
const SHARDS: Readonly<Record<string, Uint8Array>> = {
  'model-00001-of-00002.safetensors': safetensorsOf(
    header('a', 'c'),
    new Uint8Array(new Float32Array([1, 3]).buffer),
  ),
  'model-00002-of-00002.safetensors': safetensorsOf(
    header('b'),
    new Uint8Array(new Float32Array([2]).buffer),
  ),
};
const [FIRST, SECOND] = Object.keys(SHARDS);
const index = (map: Record<string, string>) =>
  JSON.stringify({ metadata: { total_size: 12 }, weight_map: map });
const HONEST = { a: FIRST, b: SECOND, c: FIRST };

const read = (text: string, files: Record<string, Uint8Array> = SHARDS) =>
  readTensorFile(memorySource(new TextEncoder().encode(text), 'model.index.json'), memorySiblings(files));

test('tensors of all files, in the order of the index', async () => {
  const file = await read(index(HONEST));
  assert.is(file.format, 'safetensors-sharded');
  assert.is(file.layout, 'pytorch');
  const values = [];
  for (const tensor of file.tensors) values.push([tensor.name, (await tensor.read())[0]]);
  assert.equal(values, [
    ['a', 1],
    ['b', 2],
    ['c', 3],
  ]);
});

test('an index that is not true', async () => {
  await rejects(() => read(index({ ...HONEST, d: SECOND })), /does not have the tensor "d"/);
  await rejects(() => read(index({ a: FIRST, c: FIRST, b: FIRST })), /does not have the tensor "b"/);
  await rejects(
    () => read(index({ a: FIRST, b: SECOND })),
    /has the tensor "c", which the index has elsewhere/,
  );
  await rejects(() => read(index({ ...HONEST, b: '../b' })), /not a path within its folder/);
  await rejects(() => read(index({ ...HONEST, b: 'b.safetensors' })), /there is no file/);
  await rejects(() => read(index(HONEST), { ...SHARDS, [SECOND]: SHARDS[FIRST] }), /the index has elsewhere/);
  await rejects(() => read(index(HONEST), { ...SHARDS, [SECOND]: new Uint8Array(3) }), /fewer than the 8/);
  await rejects(() => read(index({ a: 'pytorch_model-1.bin' })), /a file of PyTorch.*safetensors files/);
  await rejects(() => read('{"weight_map": {"a": 1}}'), /is expected/);
  await rejects(() => read('{"weight_map": {"a": "x", "a": "x"}}'), /twice/);
  const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`t${i}`, `f${i}`]));
  await rejects(() => read(index(many)), /more than 500 files/);
});

test('the cache of Hugging Face, where all files are links', async () => {
  if (process.platform === 'win32') return;
  const folder = mkdtempSync(join(tmpdir(), 'attune-sharded-'));
  try {
    mkdirSync(join(folder, 'blobs'));
    mkdirSync(join(folder, 'snapshots'));
    const files = { ...SHARDS, 'model.safetensors.index.json': new TextEncoder().encode(index(HONEST)) };
    for (const [i, [name, bytes]] of Object.entries(files).entries()) {
      writeFileSync(join(folder, 'blobs', String(i)), bytes);
      symlinkSync(`../blobs/${i}`, join(folder, 'snapshots', name));
    }
    const file = await openTensorFile(join(folder, 'snapshots', 'model.safetensors.index.json'));
    assert.equal([...(await file.tensors[2].read())], [3]);
    await file.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
