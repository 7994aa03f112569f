/** The rules of `attune advise`: what each one fires on, and what it leaves alone. */
import { adviseOnData } from '#src/finetune/advise/data-rules';
import { proposeRecipe } from '#src/finetune/advise/proposal';
import { adviseOnRun, type RunFacts } from '#src/finetune/advise/run-rules';
import type { DataFacts, EpochRecord, FeatureFacts, PlacedImage, Suspect } from '#src/finetune/index';
import { resolveRecipe } from '#src/recipe/recipe';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const features: FeatureFacts = {
  model: 'resnet50',
  weights: 'resnet50-v1',
  side: 224,
  accuracy: 0.9,
  interval: [0.88, 0.92],
  suspects: [],
};

/** A data set of which nothing has to be said. */
const sound: DataFacts = {
  data: 'photos',
  device: { kind: 'webgpu', adapter: 'a GPU', software: false },
  classes: [
    { class: 'ants', train: 500, val: 100, test: 50 },
    { class: 'bees', train: 500, val: 100, test: 50 },
  ],
  images: { train: 1000, val: 200, test: 100, skipped: [] },
  is_split: true,
  smallest_class: 500,
  imbalance: 1,
  short_side: { least: 300, median: 400, most: 2000 },
  duplicates: [],
  features,
};

const place = (path: string, part: PlacedImage['part'], name = 'ants'): PlacedImage => ({
  path,
  part,
  class: name,
});

const suspect = (probability: number): Suspect => ({
  ...place('train/ants/1.jpg', 'train'),
  looks_like: 'bees',
  probability: 1 - probability,
  looks_like_probability: probability,
});

const ofData = (changes: Partial<DataFacts>) =>
  adviseOnData({ ...sound, ...changes }).map(({ rule }) => rule);

test('of a sound data set nothing is said', () => {
  assert.equal(adviseOnData(sound), []);
});

const dataCases: [rule: string, fires: Partial<DataFacts>, silent: Partial<DataFacts>][] = [
  ['unreadable', { images: { ...sound.images, skipped: [{ path: 'a.jpg', reason: 'empty' }] } }, {}],
  [
    'duplicates-across-parts',
    { duplicates: [{ exact: false, images: [place('a', 'train'), place('b', 'val')] }] },
    { duplicates: [{ exact: true, images: [place('a', 'val'), place('b', 'val')] }] },
  ],
  [
    'duplicates-with-two-labels',
    { duplicates: [{ exact: true, images: [place('a', 'test'), place('b', 'test', 'bees')] }] },
    { duplicates: [{ exact: true, images: [place('a', 'test'), place('b', 'test')] }] },
  ],
  [
    'duplicates-in-training',
    {
      duplicates: [{ exact: true, images: Array.from({ length: 11 }, (_, i) => place(String(i), 'train')) }],
    },
    {
      duplicates: [{ exact: true, images: Array.from({ length: 10 }, (_, i) => place(String(i), 'train')) }],
    },
  ],
  [
    'probable-label-errors',
    { features: { ...features, suspects: [suspect(0.95)] } },
    { features: { ...features, suspects: [suspect(0.85)] } },
  ],
  ['imbalance', { imbalance: 3 }, { imbalance: 2.9 }],
  [
    'small-classes',
    { classes: [{ class: 'rare', train: 9, val: 2, test: 1 }, sound.classes[0]] },
    { classes: [{ class: 'rare', train: 10, val: 2, test: 1 }, sound.classes[0]] },
  ],
  ['small-validation', { images: { ...sound.images, val: 99 } }, { images: { ...sound.images, val: 0 } }],
  ['no-test-part', { images: { ...sound.images, test: 0 } }, { images: { ...sound.images, test: 1 } }],
  [
    'small-pictures',
    { short_side: { least: 28, median: 112, most: 300 } },
    { short_side: { least: 28, median: 113, most: 300 } },
  ],
];
for (const [rule, fires, silent] of dataCases) {
  test(`the rule ${rule}`, () => {
    assert.equal(ofData(fires), [rule]);
    assert.not.ok(ofData(silent).includes(rule));
  });
}

test('findings name images and numbers', () => {
  const [{ finding, source }] = adviseOnData({
    ...sound,
    duplicates: [{ exact: true, images: [place('train/a.jpg', 'train'), place('val/b.jpg', 'val')] }],
  });
  assert.match(finding, '1 image of the validation or test part shows what');
  assert.match(finding, 'val/b.jpg');
  assert.match(source ?? '', 'Barz');
});

test('what is left out has its reason: a hidden file is no damaged image', () => {
  const skipped = [
    { path: 'cat/b.jpg', reason: 'the image cannot be decoded' },
    { path: 'cat', reason: '1 file: hidden' },
  ];
  const [{ finding }] = adviseOnData({ ...sound, images: { ...sound.images, skipped } });
  assert.is(finding, '2 entries are left out: cat/b.jpg (the image cannot be decoded), cat (1 file: hidden)');
  const one = adviseOnData({ ...sound, images: { ...sound.images, skipped: skipped.slice(0, 1) } })[0];
  assert.match(one.finding, /^1 entry is left out: /);
});

const proposed = (changes: Partial<DataFacts>) =>
  Object.fromEntries(proposeRecipe({ ...sound, ...changes }).map(({ field, value }) => [field, value]));

test('the proposal is the defaults of finetune where nothing speaks against them', () => {
  const proposal = proposeRecipe(sound);
  assert.ok(proposal.every(({ is_default, reason }) => is_default && reason.length > 0));
  assert.equal(proposed({}), {
    model: 'resnet50',
    strategy: 'probe-then-full',
    augment: 'standard',
    epochs: 30,
    lr: 5e-5,
    head_lr: 5e-4,
    class_weights: 'none',
  });
});

test('of rates that are measured behind a fitted head the proposal says how high they become', () => {
  const most = (changes: Partial<DataFacts>) =>
    Object.fromEntries(
      proposeRecipe({ ...sound, ...changes }).map(({ field, measured_at_most }) => [field, measured_at_most]),
    );
  const { lr, head_lr, ...others } = most({});
  assert.equal([lr, head_lr], [2e-4, 2e-3]);
  assert.ok(Object.values(others).every((value) => value === null));
  const full = most({ features: { ...features, accuracy: 0.52, interval: [0.48, 0.55] } });
  assert.equal([full.lr, full.head_lr], [null, null], 'a new head has nothing to measure them by');
});

test('separated features speak for a probe, features no better than chance for all layers', () => {
  assert.is(proposed({ features: { ...features, accuracy: 0.985 } }).strategy, 'probe');
  assert.is(proposed({ features: { ...features, accuracy: 0.52, interval: [0.48, 0.55] } }).strategy, 'full');
  assert.is(proposed({ features: null }).strategy, 'probe-then-full');
  const few = { images: { ...sound.images, train: 60 }, smallest_class: 30 };
  assert.is(proposed(few).strategy, 'probe');
  // Too few to tell, and to train all layers.
  const unsure = { ...features, accuracy: 0.6, interval: [0.47, 0.72] } as const;
  assert.is(proposed({ ...few, features: unsure }).strategy, 'probe');
});

test('many images on a processor speak for a smaller network, unequal classes for weights', () => {
  const cpu = { kind: 'cpu', adapter: 'a processor', software: false } as const;
  const many = { ...sound.images, train: 2001 };
  assert.is(proposed({ device: cpu, images: many }).model, 'mobilenet_v2');
  assert.is(proposed({ device: cpu }).model, 'resnet50');
  assert.is(proposed({ imbalance: 5 }).class_weights, 'balanced');
});

const recipe = resolveRecipe(
  { data: 'photos', strategy: 'probe-then-full', epochs: 5 },
  { images: 1000, smallestClass: 500, model: 'resnet50', weights: 'resnet50-v1', side: 224 },
);

/** Epochs of the full stage with these training losses and accuracies, and validation losses and accuracies. */
function epochs(
  trainLoss: readonly number[],
  trainAccuracy: readonly number[],
  valLoss: readonly number[],
  valAccuracy: readonly number[],
): EpochRecord[] {
  return trainLoss.map((loss, i) => ({
    epoch: i + 1,
    stage: 'full',
    lr: { trunk: 0.001 },
    train_loss: loss,
    train_accuracy: trainAccuracy[i],
    val_loss: valLoss[i],
    val_accuracy: valAccuracy[i],
    seconds: 1,
    images_per_second: 1,
  }));
}

const sane = epochs(
  [0.5, 0.3, 0.2, 0.15, 0.14],
  [0.8, 0.9, 0.94, 0.95, 0.96],
  [0.4, 0.3, 0.25, 0.24, 0.24],
  [0.85, 0.9, 0.92, 0.92, 0.93],
);
const soundRun: RunFacts = {
  ...{ recipe, input: 'image', epochs: sane, head: null, beginning: null, data: sound },
  ...{ validation: 1000, isSplit: true },
};
const head = { ...sane[0], stage: 'head', val_accuracy: 0.9 };

const ofRun = (changes: Partial<RunFacts>) =>
  adviseOnRun({ ...soundRun, ...changes }).map(({ rule }) => rule);

test('of a sound run nothing is said', () => {
  assert.equal(adviseOnRun({ ...soundRun, head }), []);
});

const runCases: [name: string, rules: string[], changes: Partial<RunFacts>][] = [
  [
    'a training loss that jumps',
    ['rate-too-high'],
    {
      epochs: epochs(
        [0.5, 0.3, 0.5, 0.2],
        [0.8, 0.9, 0.9, 0.95],
        [0.4, 0.3, 0.3, 0.3],
        [0.85, 0.9, 0.9, 0.9],
      ),
    },
  ],
  [
    'a first epoch that spoils what the head had',
    ['rate-too-high', 'head-was-enough'],
    {
      head,
      epochs: epochs([0.5, 0.4, 0.3], [0.7, 0.8, 0.9], [0.8, 0.8, 0.8], [0.6, 0.7, 0.8]),
    },
  ],
  [
    'a loss that hardly falls',
    ['rate-too-low', 'underfitting'],
    {
      epochs: epochs(
        [0.7, 0.69, 0.68, 0.67],
        [0.5, 0.5, 0.5, 0.6],
        [0.7, 0.7, 0.7, 0.7],
        [0.5, 0.5, 0.5, 0.5],
      ),
    },
  ],
  [
    'a validation loss that rises while training goes on',
    ['overfitting'],
    {
      epochs: epochs(
        [0.5, 0.2, 0.1, 0.01],
        [0.8, 0.95, 0.99, 1],
        [0.5, 0.4, 0.5, 0.6],
        [0.8, 0.82, 0.82, 0.81],
      ),
    },
  ],
  [
    'training images that are not learnt',
    ['underfitting'],
    {
      epochs: epochs(
        [0.7, 0.6, 0.5, 0.49],
        [0.6, 0.7, 0.75, 0.76],
        [0.6, 0.55, 0.5, 0.5],
        [0.7, 0.74, 0.75, 0.75],
      ),
    },
  ],
  [
    'a validation loss that still falls',
    ['unfinished'],
    { epochs: epochs([0.5, 0.3, 0.2], [0.8, 0.9, 0.95], [0.5, 0.4, 0.3], [0.8, 0.9, 0.93]) },
  ],
  [
    'no epoch better than the head',
    ['head-was-enough'],
    { head, epochs: sane.map((epoch) => ({ ...epoch, val_accuracy: 0.895 })) },
  ],
  ['few images to validate', ['too-few-to-tell'], { validation: 50 }],
  [
    'a training image in the validation part',
    ['leakage'],
    {
      data: {
        ...sound,
        duplicates: [{ exact: true, images: [place('train/a.jpg', 'train'), place('val/b.jpg', 'val')] }],
      },
    },
  ],
  [
    'doubtful labels',
    ['label-errors'],
    { data: { ...sound, features: { ...features, suspects: [suspect(0.95)] } } },
  ],
];

/** A run whose first epoch is far above the head that it began with, and that still falls at its end. */
const thrown = epochs([40, 9, 5, 3], [0.1, 0.12, 0.13, 0.2], [30, 8, 4, 3], [0.1, 0.12, 0.13, 0.2]);
const beginning = { stored_loss: 0.5, batch_loss: 0.55, head_norm: 6 };

test('a start that went wrong is told by its cause, and neither more epochs nor a larger network is recommended', () => {
  const of = (changes: Partial<RunFacts>) => adviseOnRun({ ...soundRun, epochs: thrown, ...changes });
  const first = (changes: Partial<RunFacts>) => of(changes)[0]!;
  const rate = first({ beginning });
  assert.is(rate.rule, 'thrown-away');
  assert.match(
    rate.finding,
    /was 40\.0, where the head had 0\.500 before the first step: the rate is too high/,
  );
  const statistics = first({
    beginning: { ...beginning, batch_loss: 2785 },
    recipe: { ...recipe, batch_norm: 'train' },
  });
  assert.match(statistics.finding, /the statistics of batches .* a loss of 2\.79e\+3$/);
  assert.match(statistics.advice, /--batch-norm auto/);
  const norm = first({
    beginning: { ...beginning, head_norm: 1766 },
    recipe: { ...recipe, optimizer: 'sgd' },
  });
  assert.match(norm.finding, /weights have a norm of 1766/);
  assert.match(norm.advice, /--optimizer adamw/);
  const rules = of({ beginning }).map(({ rule }) => rule);
  assert.equal(rules, ['thrown-away']);
  assert.ok(of({}).some(({ rule }) => rule === 'unfinished'));
  for (const other of [{ strategy: 'full' }, { mixup: 0.2 }] as const)
    assert.ok(of({ beginning, recipe: { ...recipe, ...other } }).every(({ rule }) => rule !== 'thrown-away'));
});

test('labels are suspected only where the features tell most images apart', () => {
  const of = (accuracy: number) => {
    const facts = { ...sound, features: { ...features, accuracy, suspects: [suspect(0.95)] } };
    return [ofData(facts), ofRun({ data: facts })];
  };
  assert.equal(of(0.8), [['probable-label-errors'], ['label-errors']]);
  assert.equal(of(0.598), [[], []]);
});

test('cross-validation is recommended as it can be typed', () => {
  const few = { ...sound, images: { ...sound.images, val: 50 } };
  const advice = (isSplit: boolean) => [
    adviseOnData({ ...few, is_split: isSplit })[0]!.advice,
    adviseOnRun({ ...soundRun, validation: 50, isSplit })[0]!.advice,
  ];
  for (const text of advice(true)) assert.match(text, /cross-validation \(--folds 5\)/);
  for (const text of advice(false)) assert.match(text, /in one folder, .* add --folds 5$/);
});

for (const [name, rules, changes] of runCases) {
  test(`${name}: ${rules.join(', ')}`, () => assert.equal(ofRun(changes), rules));
}

test('advice on a run fits its recipe', () => {
  const overfitting = runCases[3][2];
  const advised = (changes: object, input: RunFacts['input'] = 'image') => {
    const facts = { ...soundRun, ...overfitting, input, recipe: { ...recipe, ...changes } };
    return adviseOnRun(facts)[0].advice;
  };
  assert.match(advised({ augment: 'flip' }), '--augment standard');
  assert.not.match(advised({ augment: 'standard' }), '--augment');
  assert.not.match(advised({ augment: 'none' }, 'series'), '--augment');
  assert.not.match(advised({ l2_sp: 0.1 }), '--l2-sp');
  assert.match(advised({}), '--mixup 0.2');
  assert.not.match(advised({ cutmix: 1 }), '--mixup');
});

test('mixed images that are not told apart are no underfitting where validation images are', () => {
  const mixed = { recipe: { ...recipe, mixup: 0.2 } };
  const curves = (val: number[]) =>
    epochs([0.7, 0.69, 0.68, 0.67], [0.5, 0.5, 0.6, 0.6], [0.5, 0.4, 0.36, 0.36], val);
  assert.equal(ofRun({ ...mixed, epochs: curves([0.8, 0.85, 0.9, 0.9]) }), []);
  assert.equal(ofRun({ ...mixed, epochs: curves([0.5, 0.5, 0.5, 0.6]) }), ['rate-too-low', 'underfitting']);
});

test('a run of a head alone, or without validation, has no curves to judge', () => {
  assert.equal(ofRun({ epochs: [], head }), []);
  const unvalidated = sane.map((epoch) => ({ ...epoch, val_loss: null, val_accuracy: null }));
  assert.equal(ofRun({ epochs: unvalidated, validation: 0 }), []);
});

test('a run is spoken of in the words of its input', () => {
  const few = { validation: 50 };
  const slow = { epochs: runCases.find(([, [rule]]) => rule === 'rate-too-low')![2].epochs! };
  const unlearnt = { epochs: runCases.find(([, [rule]]) => rule === 'underfitting')![2].epochs! };
  const overfitted = { epochs: runCases.find(([, [rule]]) => rule === 'overfitting')![2].epochs! };
  const said = (changes: Partial<RunFacts>) => {
    const { finding, advice } = adviseOnRun({ ...soundRun, ...changes })[0]!;
    return `${finding}; ${advice}`;
  };
  assert.match(said(few), /^with 50 images to validate, .* \(--folds 5\) uses all images$/);
  assert.match(
    said({ ...few, isSplit: false }),
    /all images: with training and validation images in one folder/,
  );
  assert.match(said({ ...few, input: 'series' }), /^with 50 series to validate, .* uses all series$/);
  assert.match(said(slow), / and 60\.0 % of the training images are right; try --lr /);
  assert.match(said({ ...slow, input: 'series' }), / and 60\.0 % of the training series are right; /);
  assert.match(said(unlearnt), /of the training images are right at the end, .* of the validation images; /);
  assert.match(said({ ...unlearnt, input: 'series' }), /of the training series are right at the end/);
  assert.match(said(overfitted), /, or more images$/);
  assert.match(said({ ...overfitted, input: 'series' }), /, or more series$/);
});

test.run();
