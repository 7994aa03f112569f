/** Batches: order, sizes, values, and reading one batch ahead. */
import { batchIndices, dataLoader, type ImageDataset } from '#src/inputs/image/loader';
import { normalize } from '#src/inputs/image/preprocess';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const tick = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Pictures of 2 x 1 pixels, all bytes the index; `reads` lists what was read. */
function countingDataset(length: number, broken = -1): ImageDataset & { reads: number[] } {
  const reads: number[] = [];
  return {
    height: 1,
    width: 2,
    labels: Int32Array.from({ length }, (_, i) => i % 3),
    reads,
    async read(index) {
      reads.push(index);
      if (index === broken) throw new Error(`image ${index} is broken`);
      return new Uint8Array(6).fill(index);
    },
  };
}

test('without shuffling: in order, the last batch smaller', async () => {
  const sizes: number[] = [];
  const seen: number[] = [];
  for await (const { images, labels, indices, size } of dataLoader(countingDataset(10), { batchSize: 4 })) {
    assert.instance(images, Uint8Array);
    assert.is(images.length, size * 6);
    indices.forEach((index, i) => {
      assert.equal([...images.subarray(i * 6, (i + 1) * 6)], new Array(6).fill(index));
      assert.is(labels[i], index % 3);
    });
    sizes.push(size);
    seen.push(...indices);
  }
  assert.equal(
    [sizes, seen],
    [
      [4, 4, 2],
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
    ],
  );
});

test('the last batch can be left out', () => {
  const sizes = (length: number) =>
    batchIndices(length, { batchSize: 4, dropLast: true }).map((b) => b.length);
  assert.equal([sizes(10), sizes(8), sizes(3), sizes(0)], [[4, 4], [4, 4], [], []]);
});

test('the order depends on seed and epoch, and on nothing else', () => {
  const order = (seed: number, epoch: number, batchSize = 7) =>
    batchIndices(100, { batchSize, shuffle: { seed, epoch } }).flatMap((batch) => [...batch]);
  assert.equal(
    [...order(1, 1)].sort((a, b) => a - b),
    [...order(1, 1).keys()],
  );
  assert.equal(order(1, 1), order(1, 1, 32));
  const orders = [order(1, 1), order(1, 2), order(2, 1), order(2, 2)].map(String);
  assert.is(new Set(orders).size, 4);
});

test('normalised batches have the values of normalize', async () => {
  const settings = { mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7] } as const;
  for await (const { images, indices } of dataLoader(countingDataset(5), {
    batchSize: 2,
    normalize: settings,
  })) {
    assert.instance(images, Float32Array);
    const bytes = Uint8Array.from({ length: images.length }, (_, i) => indices[Math.floor(i / 6)]);
    assert.equal(images, normalize(bytes, settings));
  }
});

test('one batch is read ahead, not more', async () => {
  const dataset = countingDataset(10);
  const batches = dataLoader(dataset, { batchSize: 2 });
  await tick();
  assert.equal(dataset.reads, [], 'nothing before it is asked for');
  await batches.next();
  await tick();
  assert.equal(dataset.reads, [0, 1, 2, 3]);
  await batches.next();
  await tick();
  assert.equal(dataset.reads, [0, 1, 2, 3, 4, 5]);
  await batches.return();
  await tick();
  assert.is(dataset.reads.length, 6);
});

test('a picture that fails fails its batch; leaving early swallows what was read ahead', async () => {
  const batches = dataLoader(countingDataset(6, 3), { batchSize: 2 });
  await batches.next();
  try {
    await batches.next();
    assert.unreachable('image 3 is broken');
  } catch (error) {
    assert.match(String(error), /image 3 is broken/);
  }
  for await (const _ of dataLoader(countingDataset(6, 3), { batchSize: 2 })) break;
  await tick(); // an unhandled rejection would end the process here
});

test('a batch size that makes no sense is wrong usage', () => {
  for (const batchSize of [0, -2, 1.5]) {
    assert.throws(
      () => dataLoader(countingDataset(3), { batchSize }),
      /batch size must be a positive integer/,
    );
  }
});

test.run();
