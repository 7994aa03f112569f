/** The words of --augment: what they mean, what is refused, and what is drawn for an image. */
import { applySteps } from '#src/inputs/image/apply-steps';
import { augmentationOf, drawSteps, type ImageStep, parseAugment } from '#src/inputs/image/augment-parts';
import type { AttuneError } from '#src/errors';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertThrows, cpuDevice } from '../../ops/support.js';

const names = (text: string) => parseAugment(text).parts.map(({ name, setting }) => `${name} ${setting}`);

test('a list has a view and parts, in their order and with their numbers', () => {
  assert.equal(parseAugment('none'), { view: 'none', parts: [] });
  assert.equal(parseAugment('flip'), { view: 'flip', parts: [] });
  assert.is(parseAugment('trivial-augment').view, 'standard', 'the usual crop where nothing is said');
  assert.equal(names('rotate=30, color-jitter,flip'), ['rotate 30', 'color-jitter 0.4']);
  assert.equal(names('grayscale=0.5,blur,rand-augment=12,trivial-augment'), [
    'grayscale 0.5',
    'blur 0.5',
    'rand-augment 12',
    'trivial-augment 0',
  ]);
  assert.equal(augmentationOf('standard,blur', 0.3), {
    kind: 'standard',
    scale: [0.3, 1],
    parts: [{ name: 'blur', setting: 0.5 }],
  });
});

const refused: readonly [text: string, sentence: RegExp][] = [
  [
    'randaugment',
    /^"randaugment" is no kind of augmentation .*: did you mean rand-augment\? the choices are none,/,
  ],
  ['standard,trivialaugment', /did you mean trivial-augment\?/],
  [
    'mosaic',
    /^"mosaic" is no kind of augmentation \(--augment\): the choices are none, flip, standard, rotate/,
  ],
  ['', /^"" is no kind of augmentation/],
  ['toString', /^"toString" is no kind of augmentation/],
  ['none,standard', /^none and standard exclude each other/],
  ['rotate,rotate=5', /^rotate is named twice/],
  ['trivial-augment=3', /^trivial-augment takes no number .*: write trivial-augment/],
  ['rotate=', /^"" is no degrees of rotate .*: give one above 0 and at most 180, as in rotate=15/],
  ['rotate=200', /^"200" is no degrees of rotate/],
  ['blur=-1', /^"-1" is no probability of blur/],
  ['color-jitter=NaN', /^"NaN" is no strength/],
  ['rand-augment=2.5', /^"2.5" is no magnitude of rand-augment .*: give one above 0 and at most 30/],
  ['rotate=1=2', /^"rotate=1=2" is no kind of augmentation/],
];

test('what is no list is refused, with the nearest word', async () => {
  for (const [text, sentence] of refused) await assertThrows(() => parseAugment(text), 'usage', sentence);
});

const draw = (text: string, index: number, { seed = 1, epoch = 0, side = 64 } = {}) =>
  drawSteps(parseAugment(text).parts, side, { seed, epoch, index });

test('steps follow from seed, epoch and image, and from nothing else', () => {
  const list = 'rotate,color-jitter,grayscale,blur,rand-augment,trivial-augment';
  const first = draw(list, 3);
  assert.equal(draw(list, 3), first);
  for (const other of [draw(list, 4), draw(list, 3, { seed: 2 }), draw(list, 3, { epoch: 1 })])
    assert.not.equal(other, first);
  assert.equal(draw('rotate', 3), first.slice(0, 1), 'what comes after a part does not change it');
});

/** One part's steps of many images. */
const many = (text: string) => Array.from({ length: 4000 }, (_, index) => draw(text, index));

function assertRange(values: readonly number[], low: number, high: number, what: string): void {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const slack = (high - low) / 100;
  assert.ok(
    least >= low && least < low + slack && most <= high && most > high - slack,
    `${what}: ${least} to ${most}`,
  );
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  // Uniform numbers have a deviation of their range / sqrt(12).
  const error = (4 * (high - low)) / Math.sqrt(12 * values.length);
  assert.ok(Math.abs(mean - (low + high) / 2) < error, `${what}: mean ${mean}`);
}

test('angles, factors and shifts are uniform between their limits', () => {
  const angles = many('rotate=20').map(([step]) => {
    if (step.kind !== 'affine') throw new Error(step.kind);
    assert.is(step.interpolation, 'bilinear');
    return (Math.atan2(step.matrix[1], step.matrix[0]) * 180) / Math.PI;
  });
  assertRange(angles, -20, 20, 'degrees');
  const jitter = many('color-jitter=0.6');
  for (const kind of ['brightness', 'contrast', 'saturation'] as const) {
    const factors = jitter.map(
      (steps) => steps.find((step) => step.kind === kind) as { factor: number } & ImageStep,
    );
    assertRange(
      factors.map(({ factor }) => factor),
      0.4,
      1.6,
      kind,
    );
  }
  const shifts = jitter.map((steps) => (steps.find(({ kind }) => kind === 'hue') as { shift: number }).shift);
  assertRange(shifts, -0.15, 0.15, 'hue');
  const sigmas = many('blur=1').map(([step]) => (step as { sigma: number }).sigma);
  assertRange(sigmas, 0.1, 2, 'sigma');
});

test('colours are jittered in every order, each as often', () => {
  const orders = new Map<string, number>();
  for (const steps of many('color-jitter')) {
    const order = steps.map(({ kind }) => kind).join();
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  assert.is(orders.size, 24);
  for (const [order, count] of orders) assert.ok(Math.abs(count - 4000 / 24) < 65, `${order}: ${count}`);
});

test('probabilities are those that were given', () => {
  const share = (text: string, applied: (step: ImageStep) => boolean) =>
    many(text).filter(([step]) => applied(step)).length / 4000;
  const grey = (step: ImageStep) => step.kind === 'saturation' && step.factor === 0;
  const blurred = (step: ImageStep) => step.kind === 'blur' && step.sigma > 0;
  assert.ok(Math.abs(share('grayscale', grey) - 0.1) < 0.02);
  assert.ok(Math.abs(share('grayscale=0.7', grey) - 0.7) < 0.03);
  assert.ok(Math.abs(share('blur', blurred) - 0.5) < 0.03);
  assert.is(share('blur=1', blurred), 1);
});

test('RandAugment takes two transforms of one magnitude', () => {
  const kinds = new Set<string>();
  for (const steps of many('rand-augment=30')) {
    assert.is(steps.length, 2);
    for (const step of steps) {
      kinds.add(step.kind);
      if (step.kind === 'brightness')
        assert.ok([0.1, 1.9].some((factor) => Math.abs(step.factor - factor) < 1e-6));
      if (step.kind === 'posterize') assert.is(step.bits, 4);
    }
  }
  assert.is(kinds.size, 10, [...kinds].join());
});

test('a batch is transformed as its images are one by one', async () => {
  const device = await cpuDevice('float32');
  const side = 24;
  const shape = [3, side, side, 3];
  const bytes = Uint8Array.from({ length: 3 * side * side * 3 }, (_, i) => (i * i * 7) % 256);
  const steps = [5, 6, 7].map((index) => draw('rotate,color-jitter,blur=1,trivial-augment', index, { side }));
  const together = await device.run(() => applySteps(tensor(bytes, shape), steps));
  assert.not.equal(together, bytes);
  for (const [i, own] of steps.entries()) {
    const part = bytes.slice((i * bytes.length) / 3, ((i + 1) * bytes.length) / 3);
    const alone = await device.run(() => applySteps(tensor(part, [1, side, side, 3]), [own]));
    assert.equal(alone, together.slice((i * bytes.length) / 3, ((i + 1) * bytes.length) / 3), `image ${i}`);
  }
  const plain = await device.run(() => applySteps(tensor(bytes, shape), [[], [], []]));
  assert.equal(plain, bytes);
});

test('steps that do not belong to one list are refused', async () => {
  const device = await cpuDevice('float32');
  const mixed = [[{ kind: 'invert' }], [{ kind: 'blur', size: 3, sigma: 1 }]] as const;
  try {
    await device.run(() => applySteps(tensor(new Uint8Array(2 * 48), [2, 4, 4, 3]), mixed));
    assert.unreachable('nothing was thrown');
  } catch (error) {
    assert.match((error as AttuneError).message, /step 0 blurs some images of a batch and transforms others/);
  }
});

test.run();
