/** The preview of augmentation shows what training sees. */
import { join } from 'node:path';
import {
  applySteps,
  augmentationOf,
  imagenetPreprocessing,
  openPreparedCache,
  prepareImages,
  trainingBatches,
} from '#src/inputs/index';
import { previewAugment } from '#src/finetune/index';
import { defaultCropScale } from '#src/recipe/recipe';
import { findImages } from '#src/runs/data/training-data';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice } from '../ops/support.js';
import { fails, imageFolderOf, newPath, pictures, writeFiles } from './support.js';

const side = 32;
const data = imageFolderOf([], 0);
writeFiles(join(data, 'train'), pictures(['ant', 'bee'], 3));
writeFiles(join(data, 'val'), pictures(['ant', 'bee'], 1, 100));

test('its views are the bytes that training gives the network in those epochs', async () => {
  const augment = 'standard,color-jitter,trivial-augment';
  const options = { data, augment, imageSize: side, seed: 9, views: 2, device: 'cpu', threads: 1 } as const;
  const { images, crop_scale } = await previewAugment({ ...options, count: 6 });
  assert.equal(
    images.map(({ label, views }) => [label, views.length]),
    [...new Array(3).fill(['ant', 2]), ...new Array(3).fill(['bee', 2])],
  );

  const { train } = await findImages(data, { val: null, valSplit: 0, seed: 9 });
  const scale = defaultCropScale({ images: 6, smallestClass: 3 });
  assert.is(crop_scale, scale);
  const cache = await openPreparedCache({ ...imagenetPreprocessing(side), crop: null }, newPath());
  try {
    const { prepared } = await prepareImages(train, cache.preprocessing, { cache });
    const device = await cpuDevice('float32');
    for (const epoch of [0, 1]) {
      const batches = trainingBatches(
        { images: prepared, cache },
        { batchSize: 4, seed: 9, epoch, augmentation: augmentationOf(augment, scale), side },
      );
      for await (const { images: bytes, indices, steps } of batches) {
        const shape = [indices.length, side, side, 3];
        const seen = await device.run(() => applySteps(tensor(bytes, shape), steps));
        indices.forEach((index, i) => {
          const { path, views } = images[index];
          assert.is(path, prepared[index].path);
          const expected = seen.slice(i * side * side * 3, (i + 1) * side * side * 3);
          assert.equal(views[epoch].pixels, expected, `${path}, epoch ${epoch}`);
          assert.not.equal(expected, bytes.slice(i * side * side * 3, (i + 1) * side * side * 3));
        });
      }
    }
  } finally {
    await cache.close();
  }
});

test('what makes no sense is refused', async () => {
  await fails(previewAugment({ data, count: 0 }), 'usage', /--count/);
  await fails(previewAugment({ data, augment: 'rotat' }), 'usage', /did you mean rotate\?/);
});

test.run();
