/** Running a network over images: order, batches, failures. */
import { imageInput, imagenetPreprocessing, type SampleSource } from '#src/inputs/index';
import { open } from '#src/engine/open';
import { Estimator } from '#src/recipe/events';
import { AttuneError } from '#src/errors';
import { forEachImage } from '#src/training/inference/inference';
import { oneTensor } from '#src/nn/index';
import { divide } from '#src/ops/pointwise/divide';
import { mean } from '#src/ops/reduce/mean';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, listener } from '../../finetune/support.js';

const SIDE = 4;
/** mean 0 and deviation 1: the network sees bytes / 255. */
const input = imageInput({ ...imagenetPreprocessing(SIDE), mean: [0, 0, 0], std: [1, 1, 1] });

/** Images filled with their index; reading them is recorded. */
function indexed(count: number): SampleSource & { readonly reads: number[] } {
  const reads: number[] = [];
  const read = async (index: number) => {
    reads.push(index);
    return { images: new Uint8Array(SIDE * SIDE * 3).fill(index) };
  };
  return { count, reads, read };
}

async function run(
  source: SampleSource,
  batch: number | null,
  options: { signal?: AbortSignal; scale?: number; most?: number } = {},
) {
  const { scale = 1 / 255, most = Infinity, ...context } = options;
  const device = await open('cpu');
  const rows: [number, number][] = [];
  const { events, onEvent } = listener();
  try {
    await forEachImage(
      source,
      (x) => {
        const images = oneTensor(x, 'test');
        if (images.shape[0]! > most) throw new AttuneError({ code: 'device', what: 'it does not fit' });
        return divide(mean(images, [1, 2]), scale);
      },
      (index, row) => void rows.push([index, Math.round(row[0]!)]),
      { device, input, batch, activity: 'testing', onEvent: onEvent!, ...context },
    );
  } finally {
    await device.close();
  }
  return { rows, events };
}

test('every image arrives once and in order, whatever the batch', async () => {
  for (const [count, batch] of [
    [7, 3],
    [6, 3],
    [1, 8],
    [0, 4],
  ] as const) {
    const source = indexed(count);
    const { rows, events } = await run(source, batch);
    const indices = Array.from({ length: count }, (_, i) => i);
    assert.equal(
      rows,
      indices.map((i) => [i, i]),
      `${count} images in batches of ${batch}`,
    );
    assert.equal(source.reads, indices);
    const done = events.flatMap((event) => (event.type === 'progress' ? [event.done] : []));
    assert.is(done[0], 0);
    assert.is(done.at(-1), count);
  }
});

test('where nobody says how many images are computed at once, as many are as fit', async () => {
  for (const most of [8, 3, 1]) {
    const { rows } = await run(indexed(7), null, { most });
    assert.equal(
      rows.map(([index]) => index),
      [0, 1, 2, 3, 4, 5, 6],
      `at most ${most}`,
    );
  }
  await fails(run(indexed(7), null, { most: 0 }), 'device', /does not fit/);
  assert.equal((await run(indexed(0), null)).rows, []);
});

test('a value that is not finite names its image', async () => {
  await fails(run(indexed(3), 2, { scale: 0 }), 'numeric', /sample 0 is not finite/);
});

test('a read that fails is reported in its turn, also when the run ends before', async () => {
  const failing: SampleSource = {
    count: 5,
    read: async (index) => {
      if (index < 4) return { images: new Uint8Array(SIDE * SIDE * 3).fill(index) };
      throw new RangeError('no such image');
    },
  };
  const outcome = await run(failing, 2).catch((error: unknown) => error);
  assert.instance(outcome, RangeError);
  // Nobody waits for the first batch of an aborted run; an unhandled rejection would end this process.
  const broken: SampleSource = { count: 1, read: () => Promise.reject(new RangeError('gone')) };
  await fails(run(broken, 2, { signal: AbortSignal.abort() }), 'interrupted', /interrupted/);
  await new Promise((resolve) => setTimeout(resolve, 10));
});

test('the time left follows from the rate after the first items', () => {
  const estimator = new Estimator(100, 10);
  assert.is(estimator.secondsLeft(0, 0), null);
  assert.is(estimator.secondsLeft(10, 60_000), null, 'compiling does not count');
  // 20 items in 4 seconds: 70 more take 14.
  assert.is(estimator.secondsLeft(30, 64_000), 14);
  assert.is(estimator.secondsLeft(100, 90_000), 0);
});

test.run();
