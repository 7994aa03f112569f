/** The feature cache: exact values back, one folder per trunk, nothing that is not whole. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openFeatureCache } from '#src/inputs/feature-cache';
import { imageKey } from '#src/inputs/image/prepared-cache';
import { imagenetPreprocessing } from '#src/inputs/image/preprocess';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, inScratch, sha256 } from './support.js';

const key = { weightsHash: 'abc', input: imageKey(imagenetPreprocessing()), length: 6, mixed: false };
const hashOf = (i: number) => sha256(Uint8Array.of(i));
const featuresOf = (i: number) => Float32Array.of(i, -i, 1 / 3, 1e-42, 3.4e38, -0);

test('features come back to the bit, also in the next process', () =>
  inScratch(async (folder) => {
    const cache = await openFeatureCache(key, folder);
    for (let i = 0; i < 10; i++) await cache.put(hashOf(i), featuresOf(i));
    assert.equal(await cache.get(hashOf(3)), featuresOf(3));
    await cache.close();
    const again = await openFeatureCache(key, folder);
    for (let i = 0; i < 10; i++) {
      const features = await again.get(hashOf(i));
      assert.ok(
        features?.every((value, j) => Object.is(value, featuresOf(i)[j])),
        `record ${i}`,
      );
    }
    assert.equal([again.has(hashOf(10)), await again.get(hashOf(10))], [false, null]);
  }));

test('whatever the features depend on has a folder of its own', () =>
  inScratch(async (folder) => {
    const variants = [
      {},
      { weightsHash: 'abd' },
      { length: 7 },
      { mixed: true },
      { input: imageKey(imagenetPreprocessing(192)) },
      { input: imageKey({ ...imagenetPreprocessing(), resize: 232 }) },
      { input: imageKey({ ...imagenetPreprocessing(), std: [1, 1, 1] as const }) },
    ];
    const opened = await Promise.all(
      variants.map((change) => openFeatureCache({ ...key, ...change }, folder)),
    );
    assert.is(new Set(opened.map((cache) => cache.folder)).size, variants.length);
  }));

test('a damaged record is absent, the others stay', () =>
  inScratch(async (folder) => {
    const cache = await openFeatureCache(key, folder);
    for (let i = 0; i < 3; i++) await cache.put(hashOf(i), featuresOf(i));
    await cache.close();
    const shard = join(cache.folder, readdirSync(cache.folder)[0]);
    const bytes = readFileSync(shard);
    bytes[bytes.length - 30] ^= 1; // in record 1
    writeFileSync(shard, bytes.subarray(0, bytes.length - 1)); // and record 2 is cut
    const again = await openFeatureCache(key, folder);
    const found = [await again.get(hashOf(0)), await again.get(hashOf(1)), await again.get(hashOf(2))];
    assert.equal(found, [featuresOf(0), null, null]);
  }));

test('features of the wrong number or not finite are not stored', () =>
  inScratch(async (folder) => {
    const cache = await openFeatureCache(key, folder);
    await fails(cache.put(hashOf(0), new Float32Array(5)), 'shape', /5 features given where a sample has 6/);
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await fails(cache.put(hashOf(0), new Float32Array(6).fill(bad)), 'numeric', /not finite/);
    }
    assert.is(cache.has(hashOf(0)), false);
  }));

test.run();
