/** Mixup and CutMix: loss and gradient as PyTorch has them, whatever the micro-batch; shares, boxes and odd batches. */
import {
  drawSteps,
  imageInput,
  imagenetPreprocessing,
  parseAugment,
  type TrainingBatch,
} from '#src/inputs/index';
import { microBatchesOf } from '#src/training/step/micro-batches';
import { classification } from '#src/tasks/classification';
import { cutBox, dominantTargets, mixOfStep } from '#src/methods/mixing';
import { RANDOM_ERASING } from '#src/methods/random-erasing';
import type { Recipe } from '#src/recipe/recipe-schema';
import type { BatchMix } from '#src/methods/index';
import { recordMicroBatch } from '#src/training/step/training-step';
import type { Network } from '#src/models/index';
import { linear, Module } from '#src/nn/index';
import { flatten } from '#src/ops/shape/reshape';
import { generator } from '#src/tensor/philox';
import type { Tensor, TensorLike } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { golden } from '../ops/golden-suite.js';
import { assertClose, cpuDevice, formulaValues } from '../ops/support.js';

interface MixCase {
  readonly name: string;
  readonly mix: BatchMix;
  readonly smoothing: number;
  readonly weights: readonly number[];
  readonly loss: number;
  readonly dw: readonly number[];
  readonly db: readonly number[];
}

const [SIDE, IMAGES, CLASSES] = [6, 5, 4];
const PREPROCESSING = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const NOTHING = { random_erasing: 0, seed: 1 } as Recipe;

/** The classifier of make-regularization.py: a linear one on all pixels. */
class Pixels extends Module {
  readonly head = linear(SIDE * SIDE * 3, CLASSES);

  constructor() {
    super();
    this.head.weight.set(formulaValues(this.head.weight.shape, 6, 0.1));
    this.head.bias?.set(formulaValues([CLASSES], 7));
  }

  override forward(x: TensorLike): Tensor {
    return this.head.forward(flatten(x));
  }
}

const images = Uint8Array.from({ length: IMAGES * SIDE * SIDE * 3 }, (_, i) => (7 * i * i + 3 * i) % 256);
const batch = {
  size: IMAGES,
  arrays: { images },
  images,
  labels: Int32Array.from({ length: IMAGES }, (_, i) => (3 * i + 1) % CLASSES),
  indices: Uint32Array.from({ length: IMAGES }, (_, i) => i),
  samples: Array.from({ length: IMAGES }, (_, index) => ({ seed: 4, epoch: 0, index })),
  steps: new Array(IMAGES).fill([]),
  batch: 0,
};
const task = classification(['a', 'b', 'c', 'd']);

function stepOptions(model: Pixels, smoothing: number, classWeights: readonly number[] | null) {
  return {
    ...{
      model: model as unknown as Network,
      task,
      loss: { labelSmoothing: smoothing },
      classWeights,
    },
    ...{ input: imageInput({ ...imagenetPreprocessing(SIDE), ...PREPROCESSING }), random: generator(1) },
  };
}

/** Loss and gradients of the batch in these parts. */
async function gradientsOf(
  ranges: readonly (readonly [number, number])[],
  { mix, smoothing, weights }: Pick<MixCase, 'mix' | 'smoothing' | 'weights'>,
  recipe = NOTHING,
  of: TrainingBatch = batch,
) {
  const device = await cpuDevice('float64');
  const model = new Pixels();
  await model.to(device);
  const imageWeights = Array.from(of.labels, (label) => weights[label]!);
  const options = stepOptions(model, smoothing, weights);
  const microBatches = microBatchesOf(of, {
    ...{ targets: of.labels, imageWeights, ranges },
    changes: {
      ...RANDOM_ERASING.batch?.(recipe, { step: 1, shape: [SIDE, SIDE, 3], samples: of.samples }),
      mix,
    },
  });
  let loss = 0;
  const predicted: number[] = [];
  for (const micro of microBatches) {
    const result = await device.run(() => recordMicroBatch(micro, options));
    loss += result.loss as number;
    predicted.push(...(result.predicted as Int32Array));
  }
  const [dw, db] = await Promise.all(
    [model.head.weight, model.head.bias].map(async (parameter) => device.read(parameter!.gradient!)),
  );
  model.close();
  return { loss, dw: dw!, db: db!, predicted };
}

for (const example of golden<{ mixing: MixCase[] }>('regularization.json').mixing) {
  test(`${example.name}: loss and gradient as PyTorch has them, in one part or in three`, async () => {
    // Shares of the loss travel as float32.
    const tolerance = { absolute: 1e-7, relative: 1e-6 };
    const splits = [
      [[0, 5]],
      [
        [0, 2],
        [2, 4],
        [4, 5],
      ],
    ] as const;
    for (const ranges of splits) {
      const { loss, dw, db } = await gradientsOf(ranges, example);
      assertClose(loss, [example.loss], tolerance, 'loss');
      assertClose(dw, example.dw, tolerance, 'weights');
      assertClose(db, example.db, tolerance, 'bias');
    }
  });
}

test('varied and erased before they are mixed, images and partners alike, whatever the micro-batch', async () => {
  const recipe = { random_erasing: 1, seed: 4 } as Recipe;
  const mix = { share: 0.25, box: [1, 1, 3, 4], lossShare: 0.25 } as const;
  const example = { mix, smoothing: 0, weights: [1, 1, 1, 1] };
  const { parts: kinds } = parseAugment('flip,color-jitter,rotate');
  const steps = Array.from(batch.indices, (index) => drawSteps(kinds, SIDE, { seed: 2, epoch: 0, index }));
  const varied = { ...batch, steps };
  const whole = await gradientsOf([[0, 5]], example, recipe, varied);
  const parts = await gradientsOf(
    [
      [0, 1],
      [1, 3],
      [3, 5],
    ],
    example,
    recipe,
    varied,
  );
  const plain = await gradientsOf([[0, 5]], example, NOTHING, varied);
  const tolerance = { absolute: 1e-14, relative: 1e-12 };
  assertClose(parts.dw, whole.dw, tolerance, 'gradient');
  assert.equal(parts.predicted, whole.predicted);
  assert.ok(Math.abs(whole.loss - plain.loss) > 1e-3, 'something was erased');
});

test('a batch of one image is its own partner: to the bit as it was', async () => {
  const alone = {
    ...batch,
    size: 1,
    arrays: { images: images.subarray(0, SIDE * SIDE * 3) },
    indices: batch.indices.subarray(0, 1),
    samples: batch.samples.slice(0, 1),
    steps: batch.steps.slice(0, 1),
  };
  const device = await cpuDevice('float32');
  const model = new Pixels();
  await model.to(device);
  const run = async (mix: BatchMix | null) => {
    const [micro] = microBatchesOf(alone, {
      ...{ imageWeights: [1], ranges: [[0, 1]], changes: mix === null ? {} : { mix } },
      targets: batch.labels.subarray(0, 1),
    });
    const { loss } = await device.run(() => recordMicroBatch(micro!, stepOptions(model, 0, null)));
    return loss as number;
  };
  const plain = await run(null);
  // 1/4 and 3/4 of a loss are exact.
  assert.is(await run({ share: 0.25, box: [0, 0, 0, 0], lossShare: 0.25 }), plain);
  assert.is(await run({ share: 0, box: [0, 0, 3, 6], lossShare: 0.5 }), plain);
  model.close();
});

const both = { mixup: 0.2, cutmix: 1, seed: 5 };
const steps = Array.from({ length: 20_000 }, (_, i) => i + 1);

test('half of the batches are mixed as a whole, half by rectangles: shares as Beta has them', () => {
  const mixes = steps.map((step) => mixOfStep(both, step, 224) as BatchMix);
  const whole = mixes.filter(({ box }) => box.every((edge) => edge === 0));
  assert.ok(Math.abs(whole.length / steps.length - 0.5) < 0.02, `${whole.length}`);
  const mean = (values: number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const shares = whole.map(({ lossShare }) => lossShare);
  const variance = mean(shares.map((x) => (x - 0.5) ** 2));
  // 1 / (4 (2 alpha + 1)) for alpha = 0.2
  assert.ok(Math.abs(variance - 1 / 5.6) < 0.01, `${variance}`);
  assert.ok(whole.every(({ share, lossShare }) => share === lossShare));
  const cut = mixes.filter((mix) => !whole.includes(mix));
  for (const { share, box, lossShare } of cut) {
    const [top, left, bottom, right] = box;
    assert.is(share, 0);
    assert.is(lossShare, ((bottom - top) * (right - left)) / 224 ** 2);
  }
});

test("CutMix's rectangle covers 32 % of the image on average, where lambda is uniform", () => {
  const mixes = steps.map((step) => mixOfStep({ mixup: 0, cutmix: 1, seed: 6 }, step, 224) as BatchMix);
  // A square of side r around a uniform point keeps r - r^2 / 4 of each side inside; the mean of its square over
  // r^2 = 1 - lambda uniform is 1/2 - 1/5 + 1/48.
  const mean = mixes.reduce((sum, { lossShare }) => sum + lossShare, 0) / mixes.length;
  const expected = 1 / 2 - 1 / 5 + 1 / 48;
  console.log(`# mean share of the rectangle: ${mean.toFixed(4)}, expected ${expected.toFixed(4)}`);
  assert.ok(Math.abs(mean - expected) < 0.01, `${mean}`);
  assert.equal(
    cutBox(0.75, 100, () => 0.5),
    [25, 25, 75, 75],
  );
  assert.equal(
    cutBox(0, 10, () => 0.95),
    [4, 4, 10, 10],
    'cut off at the edge',
  );
  assert.equal(
    cutBox(1, 10, () => 0.5),
    [5, 5, 5, 5],
    'nothing',
  );
});

test('a mix is a function of seed and step, and none is drawn where none is asked for', () => {
  const text = (seed: number, step: number) => JSON.stringify(mixOfStep({ ...both, seed }, step, 32));
  assert.is(text(1, 2), text(1, 2));
  assert.is(new Set([text(1, 2), text(2, 2), text(1, 3)]).size, 3);
  assert.is(mixOfStep({ mixup: 0, cutmix: 0, seed: 1 }, 1, 32), null);
});

test('the answer with the larger share counts as right', () => {
  const labels = Int32Array.of(4, 5, 6);
  const counted = (lossShare: number) => [
    ...dominantTargets(labels, 3, { share: 0, box: [0, 0, 0, 0], lossShare }),
  ];
  assert.equal(counted(0.5), [4, 5, 6]);
  assert.equal(counted(0.51), [6, 4, 5]);
  assert.is(dominantTargets(labels, 3, undefined), labels);
  const rows = dominantTargets(Float32Array.of(1, 2, 3, 4), 2, {
    share: 0,
    box: [0, 0, 0, 0],
    lossShare: 0.6,
  });
  assert.equal([...rows], [3, 4, 1, 2], 'of two numbers each');
});

test.run();
