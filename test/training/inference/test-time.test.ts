/** Test-time augmentation: what is averaged, and that evaluate and predict do it. */
import { oneTensor } from '#src/nn/index';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { imageInput, imagenetPreprocessing, testViews } from '#src/inputs/index';
import { classification } from '#src/tasks/classification';
import { evaluate, predict } from '#src/finetune/index';
import { predictEach, viewedSamples } from '#src/training/inference/test-time';
import { reshape, slice } from '#src/ops/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fixture } from '../../inputs/support.js';
import { assertClose, cpuDevice } from '../../ops/support.js';
import { fails, imageFolderOf, pictures, writeFiles } from '../../finetune/support.js';
import { smallWeights } from '../../finetune/full-support.js';

const task = classification(['a', 'b', 'c', 'd']);

function softmax(row: ArrayLike<number>): number[] {
  const powers = Array.from(row, Math.exp);
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

test('the mean of views has the mean of their probabilities, as PyTorch gives it', () => {
  const { softmax: golden } = JSON.parse(readFileSync(fixture('views.json'), 'utf8'));
  assertClose(
    softmax(task.meanOfViews(golden.logits, null)),
    golden.mean,
    { absolute: 1e-7, relative: 1e-6 },
    'mean',
  );
  const far = task.meanOfViews(
    [
      [900, 0, 0, 0],
      [800, 0, 0, 0],
    ],
    null,
  );
  assert.ok(far.every(Number.isFinite), `${far}`);
  // What all logits of a view have in common says nothing, however much it is.
  const views = [
    [1, 0, -2, 0.5],
    [-1, 0, 2, 0],
  ];
  const moved = task.meanOfViews([views[0].map((logit) => logit + 2 ** 44), views[1]], null);
  const mean = softmax(views[0]).map((share, c) => (share + softmax(views[1])[c]) / 2);
  assertClose(softmax(moved), mean, { absolute: 1e-7, relative: 1e-6 }, 'far from zero');
});

test('at a temperature, the mean is that of the probabilities that are told at it', () => {
  const rows = [
    [4, 1, -2, 0],
    [-1, 3, 0.5, 0],
    [2, 2.5, 1, -3],
  ];
  for (const temperature of [0.5, 2.5]) {
    const at = (row: ArrayLike<number>) => softmax(Array.from(row, (logit) => logit / temperature));
    const mean = rows[0].map((_, c) => rows.reduce((sum, row) => sum + at(row)[c] / rows.length, 0));
    const row = task.meanOfViews(rows, temperature);
    assertClose(at(row), mean, { absolute: 1e-6, relative: 1e-5 }, `at ${temperature}`);
    const answer = task.answer(row, { top: 1, temperature });
    const told = 'predictions' in answer ? answer.predictions[0]!.probability : 0;
    assert.ok(Math.abs(told - Math.max(...mean)) < 1e-6, `${told} of ${mean}`);
  }
});

test('each image is predicted in all of its views, whatever the batch', async () => {
  const device = await cpuDevice('float32');
  const side = 8;
  const images = [0, 1, 2].map((seed) => {
    const [width, height] = [side + 3 + seed, side + 2];
    return {
      width,
      height,
      pixels: Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * (7 + seed)) % 256),
    };
  });
  const input = imageInput({ ...imagenetPreprocessing(side), mean: [0, 0, 0], std: [1, 1, 1] });
  for (const batch of [1, 4, 64]) {
    let reads = 0;
    const read = async (index: number) => {
      reads++;
      return images[index];
    };
    const rows: Float32Array[] = [];
    await predictEach(
      viewedSamples({ count: images.length, read }, side, 'ten-crop'),
      // The first four values of the crop are its logits.
      (input) => {
        const x = oneTensor(input, 'test');
        return slice(reshape(x, [x.shape[0], -1]), [0, 0], [x.shape[0], 4]);
      },
      (index, row) => {
        assert.is(index, rows.length);
        rows.push(row);
      },
      {
        views: 'ten-crop',
        task,
        temperature: null,
        inference: { device, input, batch, activity: 'testing' },
      },
    );
    assert.is(rows.length, images.length);
    assert.is(reads, images.length, 'each image is read once');
    rows.forEach((row, i) => {
      const views = testViews(images[i], side, 'ten-crop').map(({ pixels }) =>
        softmax(Array.from(pixels.subarray(0, 4), (byte) => byte / 255)),
      );
      const mean = views[0].map((_, c) => views.reduce((sum, view) => sum + view[c], 0) / views.length);
      assertClose(softmax(row), mean, { absolute: 1e-6, relative: 1e-6 }, `image ${i}, batches of ${batch}`);
    });
  }
});

test('evaluate and predict say the same, and something else than without', async () => {
  const data = imageFolderOf([], 0);
  writeFiles(data, pictures(['class 0', 'class 1'], 1, 30));
  const options = {
    model: 'resnet-small',
    weights: await smallWeights(),
    device: 'cpu',
    threads: 1,
  } as const;
  const { images } = await predict({ ...options, tta: 'ten-crop', images: [data], top: 5 });
  const logs = images.map((image) => {
    if ('error' in image) throw new Error(image.error);
    const label = basename(dirname(image.path));
    return -Math.log(image.predictions.find((prediction) => prediction.label === label)!.probability);
  });
  const mean = logs.reduce((sum, log) => sum + log, 0) / logs.length;
  const { loss } = await evaluate({ ...options, tta: 'ten-crop', data });
  assertClose(mean, [loss as number], { absolute: 0, relative: 1e-5 }, 'ten crops');
  const plain = await evaluate({ ...options, data });
  assert.ok(Math.abs((plain.loss as number) - mean) > 1e-4, `${plain.loss} and ${mean}`);
});

test('an unknown kind of views is refused before anything is opened', async () => {
  const sentence = /^"ten-crops" is no kind of test-time augmentation \(--tta\): did you mean ten-crop\?$/;
  await fails(evaluate({ data: 'nowhere', tta: 'ten-crops' }), 'usage', sentence);
  await fails(predict({ images: ['nowhere'], tta: 'ten-crops' }), 'usage', sentence);
});

test.run();
