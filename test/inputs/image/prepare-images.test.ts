/** Preparing a data set: what is decoded, what is reused, what is bad, and what is refused. */
import { copyFileSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '#src/inputs/image/decode';
import { openImagePool } from '#src/inputs/image/pool';
import { type PrepareProgress, prepareImages } from '#src/inputs/image/prepare-images';
import { openPreparedCache } from '#src/inputs/image/prepared-cache';
import { preparedDataset } from '#src/inputs/image/prepared-dataset';
import { imagenetPreprocessing, preprocessImage } from '#src/inputs/image/preprocess';
import { type TrainingBatch, trainingBatches } from '#src/inputs/image/training-loader';
import { sharp } from './sharp.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, fixture, fixtureBytes, generated, inScratch, makeFiles } from '../support.js';

const preprocessing = imagenetPreprocessing(24);
const pool = openImagePool({ workers: 2 });
test.after(() => pool.close());

/** `count` different small pictures in `folder`. */
async function makePictures(folder: string, count: number) {
  const images: { path: string; name: string; label: number }[] = [];
  for (let i = 0; i < count; i++) {
    const { pixels } = generated(30, 26, i);
    const name = `${i}.png`;
    await sharp(pixels, { raw: { width: 30, height: 26, channels: 3 } }).toFile(join(folder, name));
    images.push({ path: join(folder, name), name, label: i % 2 });
  }
  return images;
}

const inCache = (body: (folder: string, cacheParent: string) => Promise<void>) => () =>
  inScratch((folder) => inScratch((cache) => body(folder, cache)));

test(
  'every image is decoded once; the second time none is; labels stay with their images',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 12);
    const cache = await openPreparedCache(preprocessing, parent);
    const progress: PrepareProgress[] = [];
    let space = 0;
    const first = await prepareImages(images, preprocessing, {
      cache,
      pool,
      onProgress: (step) => progress.push(step),
      onDiskSpace: ({ neededBytes }) => {
        space = neededBytes;
      },
    });
    assert.equal([first.decoded, first.skipped, space], [12, [], 12 * (24 * 24 * 3 + 8)]);
    assert.equal(
      first.prepared.map(({ path, label }) => [path, label]),
      images.map(({ path, label }) => [path, label]),
    );
    assert.is(progress.filter(({ stage }) => stage === 'hash').length, 12);
    assert.equal(progress.at(-1), { stage: 'decode', done: 12, total: 12 });
    for (const { path, fileHash } of first.prepared) {
      assert.equal(await cache.get(fileHash), preprocessImage(await decodeImage(path), preprocessing));
    }
    await cache.close();

    const again = await openPreparedCache(preprocessing, parent);
    const second = await prepareImages(images, preprocessing, { cache: again, pool });
    assert.equal([second.decoded, second.prepared], [0, first.prepared]);
  }),
);

test(
  'one changed pixel prepares that image only; a copy is not decoded again',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 6);
    const cache = await openPreparedCache(preprocessing, parent);
    const before = await prepareImages(images, preprocessing, { cache, pool });
    const { pixels } = generated(30, 26, 3);
    pixels[1000] ^= 1;
    await sharp(pixels, { raw: { width: 30, height: 26, channels: 3 } }).toFile(images[3].path);
    copyFileSync(images[0].path, join(folder, 'copy.png'));
    const copy = { path: join(folder, 'copy.png'), name: 'copy.png', label: 1 };
    const after = await prepareImages([...images, copy], preprocessing, { cache, pool });
    assert.is(after.decoded, 1);
    const changed = images.filter((_, i) => before.prepared[i].fileHash !== after.prepared[i].fileHash);
    assert.equal(changed, [images[3]]);
    assert.is(after.prepared[6].fileHash, before.prepared[0].fileHash);
  }),
);

test(
  'images of two caches: each is decoded for its own; the middle of a whole picture is the cropped one',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 6);
    copyFileSync(images[0].path, join(folder, 'copy.png'));
    images.push({ path: join(folder, 'copy.png'), name: 'copy.png', label: 0 });
    const cropped = await openPreparedCache(preprocessing, parent);
    const whole = await openPreparedCache({ ...preprocessing, crop: null }, parent);
    const kept = new Set(images.slice(0, 4).map(({ path }) => path));
    const cacheOf = (path: string) => (kept.has(path) ? whole : cropped);
    let space = 0;
    const { prepared, decoded } = await prepareImages(images, preprocessing, {
      cache: cropped,
      cacheOf,
      pool,
      onDiskSpace: ({ neededBytes }) => {
        space = neededBytes;
      },
    });
    assert.is(decoded, 7, 'the copy is in the other cache');
    assert.is(space, 4 * (27 * 27 * 1.5 * 3 + 8) + 3 * (24 * 24 * 3 + 8));
    for (const [i, { path, fileHash }] of prepared.entries()) {
      const expected = preprocessImage(await decodeImage(path), preprocessing);
      const dataset = preparedDataset(prepared, cacheOf(path), 24);
      assert.equal(await dataset.read(i), expected.pixels);
      const other = cacheOf(path) === whole ? cropped : whole;
      const isCopied = fileHash === prepared[0].fileHash;
      assert.is(other.has(fileHash), isCopied, 'kept in one cache only');
    }
    assert.throws(() => preparedDataset(prepared, whole), /make no batches/);
    assert.throws(() => preparedDataset(prepared, cropped, 25), /cropped to 24 x 24 give none of 25 x 25/);
  }),
);

test(
  'a cache of crops has what one of whole pictures had when it was opened; a damaged one is prepared again',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 4);
    const whole = await openPreparedCache({ ...preprocessing, crop: null }, parent);
    const { prepared } = await prepareImages(images, whole.preprocessing, { cache: whole, pool });
    await whole.close();
    const shard = join(whole.folder, readdirSync(whole.folder)[0]);
    const bytes = readFileSync(shard);
    bytes[bytes.length - 1] ^= 4; // in the last record
    writeFileSync(shard, bytes);

    const cropped = await openPreparedCache(preprocessing, parent);
    const { decoded } = await prepareImages(images, preprocessing, { cache: cropped, pool });
    assert.is(decoded, 0);
    const dataset = preparedDataset(prepared, cropped);
    const training = { images: prepared, cache: cropped };
    const batches = trainingBatches(training, {
      ...{ batchSize: 4, seed: 1, epoch: 0, side: 24, pool },
      augmentation: { kind: 'none' },
    });
    const batch = (await batches.next()).value as TrainingBatch;
    await batches.return();
    for (const [place, i] of batch.indices.entries()) {
      const { pixels } = preprocessImage(await decodeImage(images[i].path), preprocessing);
      assert.equal(await dataset.read(i), pixels, `image ${i}`);
      assert.equal(batch.images.slice(place * pixels.length, (place + 1) * pixels.length), pixels);
    }
    await cropped.close();
    const other = await openPreparedCache({ ...preprocessing, resize: 40 }, parent);
    assert.is(other.has(prepared[0].fileHash), false, 'another size');
    assert.is(readdirSync(cropped.folder).length, 1, 'the repaired record only');
  }),
);

test(
  'another size or filter has a cache of its own; another mean has not',
  inCache(async (_, parent) => {
    const folderOf = async (changes: object) =>
      (await openPreparedCache({ ...preprocessing, ...changes }, parent)).folder;
    const variants = [{}, { crop: 25 }, { crop: null }, { resize: 40 }, { interpolation: 'bicubic' }];
    const folders = await Promise.all(variants.map(folderOf));
    assert.is(new Set(folders).size, variants.length);
    assert.is(await folderOf({ mean: [0, 0, 0] }), folders[0]);
  }),
);

test(
  'up to 5 % bad images are named and left out',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 38);
    const cache = await openPreparedCache(preprocessing, parent);
    makeFiles(folder, {
      'zero.jpg': new Uint8Array(0),
      'cut.jpg': fixtureBytes('jpeg-444.jpg').subarray(0, 900),
    });
    const bad = ['zero.jpg', 'cut.jpg'].map((name) => ({ path: join(folder, name), name, label: 0 }));
    const { prepared, skipped } = await prepareImages([bad[0], ...images, bad[1]], preprocessing, {
      cache,
      pool,
    });
    assert.equal(
      prepared.map(({ path }) => path),
      images.map(({ path }) => path),
    );
    assert.equal(
      skipped.map(({ path }) => path),
      bad.map(({ path }) => path),
    );
    assert.is(skipped[0].reason, 'the image file is empty');
    assert.match(skipped[1].reason, /cannot be decoded, .*premature end/);
  }),
);

test(
  'more than 5 % bad fails, with the count and the first names',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 37);
    const cache = await openPreparedCache(preprocessing, parent);
    const missing = [1, 2].map((i) => ({ path: join(folder, `missing-${i}.png`), name: '', label: 0 }));
    const run = prepareImages([...images, ...missing], preprocessing, { cache, pool });
    await fails(
      run,
      'data',
      /2 of 39 images cannot be read, more than 5 % .*missing-1.png: there is no such image/,
    );
    assert.ok(cache.has((await prepareImages(images, preprocessing, { cache, pool })).prepared[0].fileHash));
  }),
);

test(
  'a disk that is too small is noticed before anything is decoded',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 1);
    const vast = imagenetPreprocessing(100_000_000);
    const cache = await openPreparedCache(vast, parent);
    await fails(
      prepareImages(images, vast, { cache, pool }),
      'disk',
      /the cache needs .* PB, and .* are free/,
    );
    assert.equal(readdirSync(cache.folder), []);
  }),
);

test(
  'an interruption keeps what was decoded',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 30);
    const cache = await openPreparedCache(preprocessing, parent);
    const abort = new AbortController();
    const run = prepareImages(images, preprocessing, {
      cache,
      pool,
      signal: abort.signal,
      onProgress: ({ stage, done }) => {
        if (stage === 'decode' && done === 10) abort.abort();
      },
    });
    await fails(run, 'interrupted', /after 1\d of 30/);
    await cache.close();
    const again = await openPreparedCache(preprocessing, parent);
    const { decoded } = await prepareImages(images, preprocessing, { cache: again, pool });
    assert.ok(decoded >= 15 && decoded <= 20, `${decoded} were left`);
  }),
);

test(
  'the data set reads the cache; a damaged record is prepared again',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 4);
    const filled = await openPreparedCache(preprocessing, parent);
    const { prepared } = await prepareImages(images, preprocessing, { cache: filled, pool });
    await filled.close();

    const shard = join(filled.folder, readdirSync(filled.folder)[0]);
    const bytes = readFileSync(shard);
    bytes[bytes.length - 24 * 24 * 3 - 50] ^= 4; // in the last record but one
    writeFileSync(shard, bytes);
    const cache = await openPreparedCache(preprocessing, parent);
    const dataset = preparedDataset(prepared, cache);
    assert.equal([dataset.width, dataset.height, [...dataset.labels]], [24, 24, [0, 1, 0, 1]]);
    for (const [i, { path }] of images.entries()) {
      const { pixels } = preprocessImage(await decodeImage(path), preprocessing);
      assert.equal(await dataset.read(i), pixels, `image ${i}`);
    }
    await cache.close();
    assert.is(readdirSync(cache.folder).length, 2, 'the repaired record was written');
  }),
);

test(
  'without its record, an image that changed or is gone is an error',
  inCache(async (folder, parent) => {
    const images = await makePictures(folder, 2);
    const prepared = images.map((image) => ({ ...image, fileHash: '0'.repeat(64) }));
    const dataset = preparedDataset(prepared, await openPreparedCache(preprocessing, parent));
    await fails(dataset.read(0), 'data', /has changed since the run began \(.*0\.png\)/);
    unlinkSync(images[1].path);
    await fails(dataset.read(1), 'input', /there is no such image/);
    const whole = await openPreparedCache({ ...preprocessing, crop: null }, parent);
    assert.throws(() => preparedDataset(prepared, whole), /make no batches/);
  }),
);

test(
  'on its own it uses ATTUNE_CACHE, and leaves nothing open',
  inCache(async (_, parent) => {
    const outer = process.env.ATTUNE_CACHE;
    process.env.ATTUNE_CACHE = parent;
    try {
      const run = () => prepareImages([{ path: fixture('png-rgb.png') }], preprocessing, { workers: 1 });
      assert.is((await run()).decoded, 1);
      assert.is((await run()).decoded, 0);
      assert.equal(readdirSync(parent), ['prepared']);
    } finally {
      if (outer === undefined) delete process.env.ATTUNE_CACHE;
      else process.env.ATTUNE_CACHE = outer;
    }
  }),
);

test.run();
