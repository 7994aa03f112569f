/** Each regularisation by itself: stopped inside an epoch and resumed, the run has the bytes of one that never stopped. */
import { type FinetuneOptions, finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  assertSameRuns,
  fullRun,
  interrupted,
  largestDifference,
  readTensors,
  smallData,
} from '../finetune/full-support.js';
import { listener } from '../finetune/support.js';

const data = smallData();

const TECHNIQUES: Readonly<Record<string, Partial<FinetuneOptions>>> = {
  mixup: { mixup: 0.4 },
  CutMix: { cutmix: 1 },
  'mixup or CutMix': { mixup: 0.4, cutmix: 1, classWeights: 'balanced', labelSmoothing: 0.1 },
  'random erasing': { randomErasing: 0.5 },
  'stochastic depth': { stochasticDepth: 0.5 },
  SAM: { sam: 0.1, optimizer: 'adamw', ema: 0.9 },
  'all at once': { mixup: 0.4, cutmix: 1, randomErasing: 0.5, stochasticDepth: 0.3, sam: 0.1, ema: 0.9 },
};

for (const [name, options] of Object.entries(TECHNIQUES)) {
  // Batches of 6, 6 and 4 images, in parts of 4.
  const shape = { batchSize: 6, microBatch: 4, batchNorm: 'train', threads: 1 };
  test(name, async () => {
    const expected = await finetune(fullRun(data, { ...shape, ...options }));
    const { run } = await interrupted(4, fullRun(data, { ...shape, ...options }));
    await resume({ resume: run, threads: 1 });
    await assertSameRuns(run, expected.run);
  });
}

test('each of them changes what is trained, and is told as given', async () => {
  const run = async (more: Partial<FinetuneOptions>) => {
    const context = listener();
    const options = { epochs: 1, batchSize: 16, batchNorm: 'train', threads: 1, ...more };
    const { checkpoints } = await finetune(fullRun(data, options), context);
    const texts = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    return { weights: (await readTensors(checkpoints.last)).get('conv1.weight'), texts };
  };
  const plain = await run({});
  assert.not.ok(plain.texts.some((text) => /mixup|cutmix|erasing|stochastic|sam /.test(text)));
  for (const [more, told] of [
    [{ mixup: 0.4 }, 'mixup 0.4'],
    [{ cutmix: 1 }, 'cutmix 1'],
    [{ randomErasing: 0.9 }, 'random-erasing 0.9'],
    [{ stochasticDepth: 0.9 }, 'stochastic-depth 0.9'],
    [{ sam: 0.2 }, 'sam 0.2'],
  ] as const) {
    const { weights, texts } = await run(more);
    assert.not.equal(weights, plain.weights, told);
    assert.ok(weights?.every(Number.isFinite));
    assert.ok(
      texts.some((text) => text.startsWith('Given: ') && text.includes(told)),
      told,
    );
  }
});

test('all of them at once, accumulated 3 times 3 images with a rest: as in whole batches, to 1e-5', async () => {
  const options = {
    ...{ epochs: 1, batchSize: 7, batchNorm: 'frozen', threads: 1 },
    ...{ mixup: 0.4, cutmix: 1, randomErasing: 0.5, sam: 0.1, labelSmoothing: 0.1 },
    ...{ maxGradientNorm: 1, ema: 0.5, seed: 8 },
  };
  const whole = await finetune(fullRun(data, options));
  const parts = await finetune(fullRun(data, { ...options, microBatch: 3 }));
  const difference = await largestDifference(parts.checkpoints.last, whole.checkpoints.last);
  console.log(`# accumulated and whole batches differ by ${difference}`);
  assert.ok(difference <= 1e-5, `${difference}`);
  assert.is(parts.epochs[0]?.train_accuracy, whole.epochs[0]?.train_accuracy);
});

test.run();
