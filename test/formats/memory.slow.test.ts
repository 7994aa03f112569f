/**
 * Reading weights of the size of a ResNet50 (100 MB) takes the memory of the values and little more, because tensors
 * are read from the file one at a time. Measured in a process of its own, as the growth of its resident memory, looked
 * at after each tensor (the peak that the system keeps begins with that of the parent process).
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { writeSafetensors } from '#src/formats/save';
import { dict, pickle, storage, tensor, text, torchLegacy, torchZip } from './support.js';

/** The largest tensors of a ResNet50 have about this many values; 43 of them make 100 MB. */
const LENGTH = 600_000;
const KEYS = Array.from({ length: 43 }, (_, i) => String(i));
const OBJECT = pickle(
  dict(KEYS.map((key) => [text(key), tensor({ key, length: LENGTH, shape: [LENGTH] })] as const)),
);
const valuesOf = (key: string) => new Float32Array(LENGTH).fill(Number(key) + 0.5);

const READER = `
  const { openTensorFile } = await import(${JSON.stringify(import.meta.resolve('#src/formats/open'))});
  const before = process.memoryUsage.rss();
  const file = await openTensorFile(process.argv[1]);
  const values = [];
  let peak = 0;
  for (const tensor of file.tensors) {
    values.push(await tensor.read());
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  await file.close();
  if (values.some((array, i) => array[array.length - 1] !== Number(file.tensors[i].name) + 0.5)) throw new Error('wrong');
  console.log(peak - before);`;

const test = suite<{ path: string }>('memory');
test.before((context) => {
  context.path = join(mkdtempSync(join(tmpdir(), 'attune-memory-')), 'weights');
});
test.after(({ path }) => rmSync(join(path, '..'), { recursive: true }));

function assertFrugal(path: string): void {
  const size = statSync(path).size;
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

test.run();
