/**
 * Reading weights of the size of a ResNet50 (100 MB) takes the memory of the values and little more, because tensors
 * are read from the file one at a time. Measured in a process of its own, as the growth of its resident memory, looked
 * at after each tensor (the peak that the system keeps begins with that of the parent process).
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeOnnx, writeSafetensors } from '#src/formats/any-format/save';
import {
  concat,
  dict,
  fixtureBytes,
  little,
  pickle,
  storage,
  tensor,
  text,
  torchLegacy,
  torchZip,
  zip,
} from './support.js';

/** The largest tensors of a ResNet50 have about this many values; 43 of them make 100 MB. */
const LENGTH = 600_000;
const KEYS = Array.from({ length: 43 }, (_, i) => String(i));
const OBJECT = pickle(
  dict(KEYS.map((key) => [text(key), tensor({ key, length: LENGTH, shape: [LENGTH] })] as const)),
);
const valuesOf = (key: string) => new Float32Array(LENGTH).fill(Number(key) + 0.5);

const READER = `
  const { openTensorFile } = await import(${JSON.stringify(import.meta.resolve('#src/formats/any-format/open'))});
  const before = process.memoryUsage.rss();
  const file = await openTensorFile(process.argv[1]);
  const values = [];
  let peak = 0;
  for (const tensor of file.tensors) {
    values.push(await tensor.read());
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  await file.close();
  const number = ({ name }) => Number(/\\d+/.exec(name)[0]);
  const isWrong = (array, i) => array.length > 2 && array[array.length - 1] !== number(file.tensors[i]) + 0.5;
  if (values.some(isWrong)) throw new Error('wrong');
  console.log(peak - before);`;

const test = suite<{ path: string }>('memory');
test.before((context) => {
  context.path = join(mkdtempSync(join(tmpdir(), 'attune-memory-')), 'weights');
});
test.after(({ path }) => rmSync(join(path, '..'), { recursive: true }));

function assertFrugal(path: string, size = statSync(path).size): void {
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', READER, path], {
    encoding: 'utf8',
  });
  const ratio = Number(output) / size;
  console.log(`\n${(size / 1e6).toFixed(0)} MB: ${ratio.toFixed(2)} times the file in peak memory`);
  assert.ok(ratio > 0.9, 'the values themselves were measured');
  assert.ok(ratio < 1.5, `${ratio} times the file`);
}

test('safetensors', async ({ path }) => {
  const info = { dtype: 'F32', shape: [LENGTH] } as const;
  await writeSafetensors(
    path,
    KEYS.map((name) => ({ name, ...info, data: () => valuesOf(name) })),
  );
  assertFrugal(path);
});

test('PyTorch, zip', ({ path }) => {
  writeFileSync(
    path,
    torchZip(
      OBJECT,
      KEYS.map((key) => storage(key, valuesOf(key))),
    ),
  );
  assertFrugal(path);
});

test('PyTorch, legacy', ({ path }) => {
  writeFileSync(path, torchLegacy(OBJECT, KEYS, KEYS.map(valuesOf)));
  assertFrugal(path);
});

test('NumPy', ({ path }) => {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${LENGTH},), }\n`;
  const text = new TextEncoder().encode(header);
  const magic = concat([0x93], new TextEncoder().encode('NUMPY'), [1, 0], little(text.length, 2), text);
  writeFileSync(
    path,
    zip(
      KEYS.map((key) => ({
        name: `${key}.npy`,
        data: concat(magic, new Uint8Array(valuesOf(key).buffer)),
      })),
    ),
  );
  assertFrugal(path);
});

test('ONNX', async ({ path }) => {
  const weights = KEYS.map((name) => {
    const info = { name, dtype: 'F32', shape: [LENGTH] } as const;
    return { ...info, data: () => valuesOf(name) };
  });
  const graph = { name: 'g', operatorSet: 17, nodes: [], inputs: [], outputs: [], metadata: {} };
  await writeOnnx(path, { ...graph, weights });
  assertFrugal(path);
});

test('TensorFlow.js', ({ path }) => {
  const folder = dirname(path);
  const weights = KEYS.map((name) => ({ name, shape: [LENGTH], dtype: 'float32' }));
  for (const key of KEYS) writeFileSync(join(folder, `${key}.bin`), valuesOf(key));
  const json = JSON.stringify({ weightsManifest: [{ paths: KEYS.map((key) => `${key}.bin`), weights }] });
  writeFileSync(path, json);
  assertFrugal(path, KEYS.length * 4 * LENGTH);
});

test('Keras', ({ path }) => {
  writeFileSync(path, hdf5With(LENGTH, KEYS.length));
  assertFrugal(path);
});

test.run();

/**
 * The fixture of sixty layers with two numbers each, with `length` numbers for the first `layers` of them: shapes and
 * places are changed, and the numbers follow behind what was the end of the file.
 */
function hdf5With(length: number, layers: number): Uint8Array {
  const small = fixtureBytes('keras/version-1.8.h5');
  const shape = Buffer.from([...little(1, 8), ...little(2, 8)]);
  // The layout's message: kind and length, flags, version, and the kind of layout.
  const layout = Buffer.from([8, 18, 0, 0, 3, 1]);
  const bytes = Buffer.alloc(small.length + 4 * length * layers);
  bytes.set(small);
  let end = small.length;
  let place = 0;
  for (let at = bytes.indexOf(shape); at >= 0 && at < small.length; at = bytes.indexOf(shape, place)) {
    place = bytes.indexOf(layout, at) + layout.length;
    const address = Number(bytes.readBigUInt64LE(place));
    assert.is(Number(bytes.readBigUInt64LE(place + 8)), 8);
    const number = bytes.readFloatLE(address);
    if (number >= layers) continue;
    bytes.set(little(length, 8), at + 8);
    bytes.set(little(end, 8), place);
    bytes.set(little(4 * length, 8), place + 8);
    bytes.set(new Uint8Array(new Float32Array(length).fill(number + 0.5).buffer), end);
    end += 4 * length;
  }
  assert.is(end, bytes.length);
  return bytes;
}
