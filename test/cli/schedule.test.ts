/** attune schedule and attune lr-find: the rates of a run that is not run, as figures, as a curve, and as JSON. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { previewSchedule, type SchedulePreview } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { chart, rateText } from '#src/cli/chart';
import { nextCommand } from '#src/cli/commands/lr-find';
import { brightnessData } from '../finetune/regression-support.js';
import { imageFolderOf, newFolder } from '../finetune/support.js';
import { attuneHere } from './support.js';

const preview = async (words: readonly string[]) => {
  const { status, stdout, stderr } = await attuneHere(['schedule', ...words, '--json']);
  assert.is(status, 0, stderr);
  return JSON.parse(stdout) as SchedulePreview;
};

test('a curve is an area of block characters beside its scale', () => {
  const options = { rows: 2, label: rateText, ends: ['a', 'b'] } as const;
  const lines = chart([0, 0.25, 0.5, 1], { ...options, columns: 7, range: [0, 1] });
  assert.equal(lines, ['1 │   █', '0 │ ▄██', '  └────', '   a  b']);
  const means = chart([2, 4, 4, 4, 6, 6], { ...options, columns: 6, range: [2, 6] });
  assert.equal(means, ['6 │  █', '2 │▄██', '  └───', '   a b'], 'two values to a column');
  assert.equal(
    chart([3, 3], { ...options, columns: 5 }).slice(0, 2),
    ['3 │', '3 │'],
    'a constant has no height',
  );
});

test('the curve and its figures', async () => {
  const { status, stdout, stderr } = await attuneHere(
    'schedule --images 1200 --epochs 10 --warmup 0.1 --lr 5e-5'.split(' '),
  );
  assert.is(stderr, '');
  assert.is(status, 0);
  assert.match(
    stdout,
    /^schedule {2}cosine\nlength {4}10 epochs of 38 steps, 380 steps in all\nwarm-up {3}38 steps\n/,
  );
  assert.match(
    stdout,
    /\ntrunk {5}0\.00000128 first, 0\.00005 at most, .* last\nhead {6}0\.0000128 first, 0\.0005 at most, /,
  );
  const curve = stdout.split('Rate of the trunk\n')[1]?.split('\n') ?? [];
  assert.match(curve[0] ?? '', /^0\.00005 │ {6,8}[▁-█]/);
  assert.match(curve[7] ?? '', /^ {6}0 │/);
  assert.ok(curve.every((line) => line.length < 80));
});

test('rates that a run measures before its first step are told as the most that they become', async () => {
  const words = 'schedule --images 1200 --epochs 10'.split(' ');
  const { stdout } = await attuneHere(words);
  assert.match(
    stdout,
    /\ntrunk {5}measured before the first step, at most 0\.0002; usual is 0\.00005\nhead {6}measured before the first step, at most 0\.002; usual is 0\.0005\n\nRate of the trunk, were it the usual one\n/,
  );
  const found = async (...more: string[]) => (await preview(['--images', '1200', ...more])).measured_at_most;
  assert.equal(await found(), { trunk: 2e-4, head: 2e-3 });
  assert.equal(await found('--strategy', 'gradual', '--batch-size', '128'), { trunk: 4e-4, head: 4e-3 });
  assert.equal(await found('--optimizer', 'sgd'), { trunk: 0.004, head: 0.004 });
  for (const known of ['--lr 1e-4', '--head-lr 1e-4', '--strategy full'])
    assert.is(await found(...known.split(' ')), null, known);
  const fromRandom = { images: 1200, weights: 'none', strategy: 'probe-then-full' } as const;
  assert.is((await previewSchedule(fromRandom)).measured_at_most, null);
});

test('a batch is cut as a run cuts it: the last image joins where batch norm has statistics to gather', async () => {
  const stepsOf = async (microBatch?: number) =>
    (await previewSchedule({ images: 225, epochs: 1, batchSize: 32, ...(microBatch && { microBatch }) }))
      .steps;
  assert.equal([await stepsOf(), await stepsOf(16), await stepsOf(8)], [7, 7, 8]);
});

test('JSON has the points, of a cycle with its momentum', async () => {
  const words = '--steps 50 --epochs 5 --schedule one-cycle --lr 0.5 --head-lr 1'.split(' ');
  const { points, ...rest } = await preview(words);
  assert.equal(rest, {
    schedule: 'one-cycle',
    epochs: 5,
    steps: 50,
    steps_per_epoch: 10,
    warmup_steps: 0,
    measured_at_most: null,
  });
  assert.is(points.length, 50);
  const near = (found: number | undefined, expected: number) =>
    assert.ok(Math.abs(Number(found) - expected) < 1e-12, `${found} beside ${expected}`);
  near(points[0]?.lr.head, 1 / 25);
  near(points[14]?.lr.trunk, 0.5); // 0.3 of 50 steps, counted from 0
  near(points[14]?.momentum ?? 0, 0.85);
  near(points[49]?.factor, 1 / 25e4);
  assert.is(points[20]?.epoch, 2);
});

test('long runs give a thousand points, from the first step to the last', async () => {
  const { points } = await preview(['--steps', '1000000']);
  assert.is(points.length, 1000);
  assert.equal([points[0]?.step, points[999]?.step], [0, 999_999]);
});

test('images in a folder are counted, not opened', async () => {
  const data = imageFolderOf(['a', 'b'], 12);
  const { steps_per_epoch } = await preview([
    data,
    '--strategy',
    'full',
    '--batch-size',
    '4',
    '--val-split',
    '0.25',
  ]);
  assert.is(steps_per_epoch, 5); // 18 of 24 images
});

test('rows of a CSV file are counted, whose images may lie elsewhere', async () => {
  const { csv, folder } = brightnessData(10);
  const moved = join(newFolder(), 'values.csv');
  copyFileSync(csv, moved);
  const words = ['--strategy', 'full', '--batch-size', '4'];
  const { steps_per_epoch } = await preview([moved, '--images', folder, ...words]);
  assert.is(steps_per_epoch, 2); // 8 of 10 images
  const said = await attuneHere(['schedule', moved, '--images', folder, '--json', ...words]);
  assert.match(
    said.stderr,
    /^Column lux holds 10 different whole numbers, taken as values; --label lux takes/,
  );
  const lost = await attuneHere(['schedule', moved, ...words]);
  assert.match(lost.stderr, /there is no image .*--images names another folder$/m);
  const idle = await attuneHere(['schedule', '--steps', '10', '--images', folder]);
  assert.match(idle.stderr, /^attune: this is for a CSV file, and/);
});

test('a folder is refused as finetune would: a class of few images, and nothing to validate with', async () => {
  const data = newFolder();
  for (const [name, images] of [
    ['a', 300],
    ['b', 5],
  ] as const) {
    mkdirSync(join(data, name));
    for (let i = 0; i < images; i++) writeFileSync(join(data, name, `${i}.png`), '');
  }
  const probe = await attuneHere(['schedule', data]);
  assert.is(probe.status, 2, probe.stdout);
  assert.match(probe.stderr, /the strategy probe, the default where samples are few/);
  const words = '--strategy full --schedule plateau --val-split 0'.split(' ');
  const plateau = await attuneHere(['schedule', data, ...words]);
  assert.is(plateau.status, 2, plateau.stdout);
  assert.match(plateau.stderr, /nothing to validate with/);
});

test('lr-find draws the losses of a sweep and says what to type next', async () => {
  const data = imageFolderOf(['a', 'b'], 8);
  const words =
    '--model resnet-small --weights none --strategy full --iterations 20 --image-size 32 --device cpu --threads 1';
  const { status, stdout, stderr } = await attuneHere(['lr-find', data, ...words.split(' ')]);
  assert.is(status, 0, stderr);
  assert.match(
    stdout,
    /^trunk {2}(?:--lr [\d.e-]+\nhead {3}--head-lr [\d.e-]+|none: the loss never fell)\nswept {2}\d+ steps, 1e-7 to /,
  );
  assert.match(stdout, /\n\nLoss, smoothed\n *[\d.e+]+ │.*\n/);
  assert.is(/\nNext\n(?:npx )?attune finetune .* --lr /.test(stdout), !stdout.startsWith('trunk  none'));
});

test('what lr-find says to type next has the flags that it was given', () => {
  const found = { lr: 0.0123456, head_lr: 0.123456 };
  const given = { data: 'my photos', model: 'resnet18', imageSize: 64, nesterov: false, iterations: 50 };
  assert.is(
    nextCommand(given, 'probe-then-full', found),
    "npx attune finetune 'my photos' --model resnet18 --strategy probe-then-full --image-size 64 --lr 0.0123 --no-nesterov",
  );
  assert.is(
    nextCommand({ data: 'photos', recipe: 'article-resnet50', batchSize: 8 }, 'full', found),
    'npx attune finetune photos --batch-size 8 --lr 0.0123 --head-lr 0.123 --recipe article-resnet50',
  );
});

test('what cannot be drawn is refused', async () => {
  const cases: [words: string, sentence: RegExp][] = [
    [
      '',
      /^attune: the length of the run is unknown \(attune schedule\): give one of <data>, --images and --steps\n$/,
    ],
    ['--images banana', /^attune: "banana" is no number of images \(--images\): give a whole number/],
    ['--steps 5 --images 5', /^attune: the length of the run is given more than once/],
    [
      '--images 100',
      /^attune: the strategy probe, the default where samples are few, has no learning rate \(--strategy\)/,
    ],
    ['--steps 9 --power 2', /^attune: the schedule cosine takes no such setting \(--power\)/],
    ['--steps 9 --schedule multistep', /did you mean multi-step\?/],
  ];
  for (const [words, sentence] of cases) {
    const { status, stdout, stderr } = await attuneHere(['schedule', ...words.split(' ').filter(Boolean)]);
    assert.is(status, 2, words);
    assert.is(stdout, '');
    assert.match(stderr, sentence);
  }
});

test.run();
