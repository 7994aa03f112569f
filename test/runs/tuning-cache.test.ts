/** What was measured of an adapter: stored whole, merged, and never believed. */
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceInfo } from '#src/device/backend';
import { kernels } from '#src/ops/kernels';
import { attributesOf, PLAIN } from '#src/ops/product/matmul-layout';
import { shareOf } from '#src/finetune/tune';
import { readTuning, storeTuning, tuningPath } from '#src/runs/tuning-cache';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newPath } from '../finetune/support.js';

const INFO: DeviceInfo = {
  kind: 'webgpu',
  adapter: 'Some GPU',
  driver: 'driver 1.2',
  software: false,
  features: [],
  limits: {},
};
const KEY = 'matmul 1x64x64x64 Vec4';
const ENTRY = { variant: 'tile64Vec4', milliseconds: { tile64Vec4: 1.5, tile32Vec4: null } };

function newFile(): string {
  const folder = newPath();
  mkdirSync(folder);
  return tuningPath(INFO, folder);
}

test('what is stored is read again, and more is added to it', async () => {
  const path = newFile();
  assert.equal(await readTuning(INFO, path), { entries: {}, problem: null });
  await storeTuning(INFO, { [KEY]: ENTRY }, path);
  await storeTuning(INFO, { 'matmul 1x1x1x1 Strided': { variant: 'tile32Strided', milliseconds: {} } }, path);
  await storeTuning(INFO, { [KEY]: { ...ENTRY, variant: 'tile32Vec4' } }, path);
  const { entries, problem } = await readTuning(INFO, path);
  assert.is(problem, null);
  assert.equal(Object.keys(entries), ['matmul 1x1x1x1 Strided', KEY]);
  assert.is(entries[KEY].variant, 'tile32Vec4');
  assert.is(readdirSync(join(path, '..')).length, 1, 'nothing is left beside the file');
});

test('what was measured with float16 stands beside what was measured without', async () => {
  const path = newFile();
  const [single, half] = ['conv2d 1x1/1x1 8>8 at 64', 'conv2d 1x1/1x1 8>8 at 64 float16'];
  const entry = (variant: string) => ({ variant, milliseconds: { [variant]: 1 } });
  await storeTuning(INFO, { [single]: entry('tile32Vec4') }, path);
  await storeTuning(INFO, { [half]: entry('tile64Vec4') }, path);
  const { entries } = await readTuning(INFO, path);
  assert.equal([entries[single].variant, entries[half].variant], ['tile32Vec4', 'tile64Vec4']);
});

test('another driver, or another adapter, has a file of its own', () => {
  const paths = [INFO, { ...INFO, driver: 'driver 1.3' }, { ...INFO, adapter: 'Other' }].map((info) =>
    tuningPath(info, 'x'),
  );
  assert.is(new Set(paths).size, 3);
});

const valid = { format: 1, adapter: 'Some GPU', driver: 'driver 1.2', entries: { [KEY]: ENTRY } };
const hostile: [name: string, change: (document: Record<string, unknown>) => unknown, sentence: RegExp][] = [
  ['no object', () => [], /wrong at format/],
  ['of another version', (document) => ({ ...document, attune: '99.0.0' }), /wrong at attune/],
  ['of another adapter', (document) => ({ ...document, adapter: 'Other' }), /another adapter/],
  ['an unknown field', (document) => ({ ...document, more: 1 }), /wrong at more/],
  [
    'a variant that is none',
    (document) => changed(document, KEY, { ...ENTRY, variant: 'tile9' }),
    /no variant tile9/,
  ],
  [
    'a method',
    (document) => changed(document, KEY, { ...ENTRY, variant: 'toString' }),
    /no variant toString/,
  ],
  ['a kernel that is none', (document) => changed(document, 'constructor x', ENTRY), /no variant/],
  [
    'a time that is none',
    (document) => changed(document, KEY, { ...ENTRY, milliseconds: { a: -1 } }),
    /wrong at entries/,
  ],
];

function changed(document: Record<string, unknown>, key: string, entry: unknown): unknown {
  return { ...document, entries: { [key]: entry } };
}

for (const [name, change, sentence] of hostile) {
  test(`a file that is ${name} is not used, which is said, and is replaced`, async () => {
    const path = newFile();
    await storeTuning(INFO, { [KEY]: ENTRY }, path);
    const document = JSON.parse(readFileSync(path, 'utf8'));
    assert.equal({ ...document, attune: undefined }, { ...valid, attune: undefined });
    writeFileSync(path, JSON.stringify(change(document)));
    const { entries, problem } = await readTuning(INFO, path);
    assert.equal(entries, {});
    assert.match(problem!, sentence);
    await storeTuning(INFO, { [KEY]: ENTRY }, path);
    assert.equal((await readTuning(INFO, path)).entries, { [KEY]: ENTRY });
  });
}

test('what is cut off, too large, or a folder is not used', async () => {
  const path = newFile();
  await storeTuning(INFO, { [KEY]: ENTRY }, path);
  truncateSync(path, 40);
  assert.match((await readTuning(INFO, path)).problem!, /not JSON/);
  writeFileSync(path, Buffer.alloc(5_000_000, ' '));
  assert.match((await readTuning(INFO, path)).problem!, /5000000 bytes/);
  assert.match((await readTuning(INFO, join(path, '..'))).problem!, /cannot be read, EISDIR/);
});

test('every class name begins with a kernel, and every candidate is a variant', () => {
  const traits = {
    maxBindingBytes: 2 ** 30,
    minSubgroupLanes: 8,
    maxInvocationsPerWorkgroup: 1024,
    maxWorkgroupStorageBytes: 32768,
  };
  const geometry = {
    ...{ batch: 2, height: 9, width: 9, channels: 8, filters: 8, kernelHeight: 3, kernelWidth: 3 },
    ...{ outHeight: 9, outWidth: 9, strideHeight: 1, strideWidth: 1, padTop: 1, padLeft: 1 },
    ...{ dilationHeight: 1, dilationWidth: 1, groups: 1, splits: 1, positionsPerSplit: 162 },
    ...attributesOf(PLAIN, [8, 8], [8, 8]),
    ...{ reduction: 'sum', outer: 8, length: 8, inner: 8 },
  };
  let tuned = 0;
  for (const [name, { shader }] of Object.entries(kernels)) {
    const { tuning, variants } = shader;
    if (tuning === undefined) continue;
    tuned++;
    assert.ok(!name.includes(' '), name);
    for (const software of [true, false]) {
      for (const changes of [{}, { channels: 6, n: 6 }, { groups: 8 }]) {
        const attributes = { ...geometry, ...changes } as never;
        const names = [tuning.plain(attributes), ...tuning.candidates(attributes, { software, ...traits })];
        assert.equal(
          names.filter((variant) => !Object.hasOwn(variants, variant)),
          [],
          name,
        );
        assert.ok(tuning.shapeClass(attributes).length < 150);
      }
    }
  }
  assert.ok(tuned >= 4, `${tuned} kernels are tuned`);
});

test('the time to measure is shared by the classes that are left, and none takes more than there is', () => {
  const [now, deadline] = [1000, 1000 + 60_000];
  assert.equal(
    [10, 3, 2, 1].map((left) => shareOf(left, deadline, now) - now),
    [12_000, 40_000, 60_000, 60_000],
  );
  assert.is(shareOf(5, deadline, deadline + 7), deadline, 'time is over');
});

test.run();
