/** What the full stage begins with: measured before its first step, told, and what batch norm does about it. */
import { finetune, type FinetuneOptions, type RunEvent } from '#src/finetune/index';
import { openRunState } from '#src/runs/run-state';
import { firstLoss } from '#src/runs/beginning';
import { agrees, beginningText } from '#src/training/beginning';
import { comparedOn } from '#src/training/compared-images';
import type { Run } from '#src/runs/run';
import { FOLLOWED, statisticsShare } from '#src/training/statistics-share';
import { BatchNorm2d, Sequential } from '#src/nn/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, readTensors, smallData, smallWeights } from '../finetune/full-support.js';
import { listener } from '../finetune/support.js';

const data = smallData();
const weights = await smallWeights();
/** The same with a stored mean so far off that hardly anything gets through the first ReLU. */
const blind = await smallWeights(1.5);

test('batch statistics agree with stored ones up to a quarter more loss', () => {
  const agree = (stored_loss: number | null, batch_loss: number | null) =>
    agrees({ stored_loss, batch_loss, head_norm: 1 });
  assert.is(agree(1, 1.25), true);
  assert.is(agree(1, 1.26), false);
  assert.is(agree(null, 2), true);
  assert.is(agree(1, null), false);
  assert.is(agrees({ stored_loss: 1, head_norm: 1 }), true, 'none are used');
});

test('training begins with the loss of the statistics that it uses', () => {
  const beginning = { stored_loss: 1, batch_loss: 2, head_norm: 1 };
  assert.is(firstLoss(beginning, 'frozen'), 1);
  assert.is(firstLoss(beginning, 'train'), 2);
  assert.is(firstLoss({ ...beginning, batch_loss: null }, 'train'), null, 'no number');
  assert.is(firstLoss({ stored_loss: 1, head_norm: 1 }, 'train'), 1, 'none are used');
});

test('what is said: both losses and what follows; a beginning far above guessing, and nothing of a usual one', () => {
  const text = (stored: number | null, batch: number | undefined, batch_norm: 'auto' | 'train' | 'frozen') =>
    beginningText({
      beginning: { stored_loss: stored, ...(batch !== undefined && { batch_loss: batch }), head_norm: 1 },
      batchNorm: batch_norm === 'auto' ? 'train' : batch_norm,
      recipe: { batch_norm, weights: 'some.pth', epochs: 30 },
      guessed: 0.7,
      refitted: null,
    });
  assert.match(
    text(0.5, 0.55, 'auto') ?? '',
    /^Before the first step the loss is 0\.500 with the stored statistics of batch norm and 0\.550 with those of batches: those of batches are used\.$/,
  );
  assert.match(
    text(0.5, 30, 'train') ?? '',
    /^Note: .* 30\.0 with those of batches; --batch-norm auto would keep/,
  );
  assert.match(
    text(25, undefined, 'frozen') ?? '',
    /^Note: training begins with a loss of 25\.0, where guessing has 0\.700/,
  );
  assert.is(text(0.5, 0.6, 'train'), null);
  assert.is(text(0.5, undefined, 'frozen'), null);
});

/** The notes of a run on a probe of weights whose stored statistics are those of nothing, and its state. */
async function run(more: Partial<FinetuneOptions>) {
  const context = listener();
  const options = {
    weights,
    strategy: 'probe-then-full',
    batchNorm: 'auto',
    batchSize: 16,
    epochs: 1,
    lr: 1e-4,
    headLr: 1e-4,
  } as const;
  let threads = 0;
  const count = () => threads++;
  process.on('worker', count);
  const result = await finetune(fullRun(data, { ...options, ...more }), context);
  process.off('worker', count);
  const stored = await openRunState(result.run);
  await stored.file.close();
  return { result, state: stored.state, notes: notesOf(context.events), threads };
}

function notesOf(events: readonly RunEvent[]): string[] {
  return events.flatMap((event) =>
    event.type === 'note' && /first step|begins with|to compare them/.test(event.text) ? [event.text] : [],
  );
}

const isStatistic = (name: string) => /running_(mean|var)$/.test(name);

test('statistics that disagree are taken anew, the head is fitted to them, and training begins where that ended', async () => {
  const { result, state, notes, threads } = await run({ weights: blind });
  // For all of the run: its images, its beginning and its stage.
  assert.is(threads, 2, 'one that decodes, one that computes');
  assert.is(notes.length, 1, notes.join('\n'));
  assert.match(
    notes[0],
    /the statistics were taken anew from the training data and the head was fitted to them/,
  );
  const began = firstLoss(state.beginning!, state.frozen.batch_norm);
  assert.ok(began !== null && began < 2, `${began}`);
  const [first] = result.epochs.filter(({ stage }) => stage === 'full');
  assert.ok(first!.train_loss! < 1.5 * Math.max(began, 0.7), `${first!.train_loss} after ${began}`);
  const [before, after] = [await readTensors(blind), await readTensors(result.checkpoints.best)];
  for (const [name, values] of before) {
    if (isStatistic(name))
      assert.is(
        values.some((value, i) => value !== after.get(name)![i]),
        true,
        name,
      );
  }
});

let frozen: Awaited<ReturnType<typeof run>>;

test('statistics that make no better head are put back: the run is that of frozen ones, byte for byte', async () => {
  const open = await run({ epochs: 2 });
  assert.match(open.notes[0] ?? '', /no better .* so the stored ones are kept\.$/);
  assert.is(open.state.frozen.batch_norm, 'frozen');
  frozen = await run({ epochs: 2, batchNorm: 'frozen' });
  assert.equal(
    await readTensors(open.result.checkpoints.last),
    await readTensors(frozen.result.checkpoints.last),
  );
});

test('asked to be frozen they stay to the bit, and nothing is said', async () => {
  const { result, notes, state } = frozen;
  assert.equal(notes, []);
  assert.is('batch_loss' in state.beginning!, false);
  const [before, after] = [await readTensors(weights), await readTensors(result.checkpoints.last)];
  for (const [name, values] of before) if (isStatistic(name)) assert.equal(after.get(name), values, name);
});

test('asked to train they train, and a loss far above that of the stored ones is told', async () => {
  const { state, notes } = await run({ batchNorm: 'train' });
  assert.is(state.frozen.batch_norm, 'train');
  const { stored_loss, batch_loss } = state.beginning!;
  assert.is(notes.length, batch_loss! > 2.1 && batch_loss! > 1.25 * stored_loss! ? 1 : 0, notes.join('\n'));
});

test('eight images are too few for statistics: those that there are stay', async () => {
  const { state, result } = await run({ batchSize: 8 });
  assert.is(state.frozen.batch_norm, 'frozen');
  assert.is(state.recipe.batch_norm, 'auto');
  assert.is(result.resolved_defaults.batch_norm, 'frozen');
});

test('where no batch norm is trained there is nothing to choose', async () => {
  const head = await run({ trainFrom: 'fc' });
  assert.is('batch_loss' in head.state.beginning!, false);
});

test('a share of the stored statistics is left that the momentum and the passes say', () => {
  const model = (momentum: number) => {
    const norms = new Sequential(new BatchNorm2d(1, { momentum }), new BatchNorm2d(1, { momentum: 0.5 }));
    const frozen = new BatchNorm2d(1, { momentum: 0 });
    frozen.mode = 'frozen';
    return new Sequential(norms, frozen);
  };
  const share = (momentum: number) => statisticsShare(model(momentum), 126, { micro_batch: 32, epochs: 30 });
  assert.is(share(0.001), 0.999 ** 120, 'four passes an epoch');
  assert.ok(share(0.001) > FOLLOWED && share(0.01) > FOLLOWED && share(0.1) < FOLLOWED);
  assert.is(statisticsShare(new Sequential(), 126, { micro_batch: 32, epochs: 30 }), 0);
});

test('a head that only compares is fitted to at most 2,048 training images, and says nothing of itself', async () => {
  const partOf = (count: number) => ({
    images: Array.from({ length: count }, (_, i) => ({ name: `${i}`, label: i % 3 })),
    source: { count, read: async (i: number) => ({ images: Uint8Array.of(i % 256) }) },
  });
  const events: string[] = [];
  const of = (train: number) =>
    comparedOn({
      recipe: { seed: 1, head: 'prototypes' },
      data: { train: partOf(train), val: partOf(4), test: partOf(4) },
      context: { onEvent: ({ type }: RunEvent) => events.push(type) },
    } as unknown as Run);
  const { recipe, data, context } = of(5000);
  assert.is(recipe.head, 'logistic');
  const { images, source } = data.train;
  assert.equal(
    [images.length, source.count, data.val.images.length, data.test.images.length],
    [2048, 2048, 0, 0],
  );
  assert.is(new Set(images).size, 2048);
  const at = images.findIndex(({ name }) => Number(name) > 2048);
  assert.equal(await source.read(at), { images: Uint8Array.of(Number(images[at]!.name) % 256) });
  assert.is(of(2048).data.train.images[7]!.name, '7', 'as the run has them, whose features are kept');
  context.onEvent?.({ type: 'note', text: 'L2 strength 1' });
  context.onEvent?.({ type: 'progress', task: 'head', done: 1, total: null, secondsLeft: null });
  assert.equal(events, ['progress']);
});

test('under a new head, statistics that a fitted one cannot do without are kept: the run is that of frozen ones, byte for byte', async () => {
  const open = await run({ strategy: 'full', epochs: 2 });
  assert.is(open.notes.length, 1, open.notes.join('\n'));
  assert.match(
    open.notes[0],
    /^After 2 epochs 81\.0 % of the running statistics of batch norm would still be the stored ones, so a head was fitted to 16 training samples to compare them\. Its loss is .*stored ones are kept\.$/,
  );
  assert.is(open.state.frozen.batch_norm, 'frozen');
  const asked = await run({ strategy: 'full', epochs: 2, batchNorm: 'frozen' });
  assert.equal(
    await readTensors(open.result.checkpoints.last),
    await readTensors(asked.result.checkpoints.last),
  );
  assert.equal(
    open.result.epochs.map(({ stage }) => stage),
    ['full', 'full'],
  );
  // That of the new head.
  assert.is(open.state.beginning!.stored_loss, asked.state.beginning!.stored_loss);
});

test('random weights are trained with batches, small ones too: mean 0 and deviation 1 are the statistics of nothing', async () => {
  const scratch = await run({ weights: 'none', strategy: 'full', batchSize: 4 });
  assert.is(scratch.state.frozen.batch_norm, 'train');
});

test.run();
