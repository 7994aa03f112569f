/** The recipe: defaults by the number of images, files and names, and what contradicts itself. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { type FinetuneOptions, finetune, RECIPES, type Recipe, SCHEDULES } from '#src/finetune/index';
import { announce } from '#src/recipe/announce';
import { askedBy, askedByFlags, askedSplit } from '#src/recipe/asked';
import { refuseIgnored } from '#src/recipe/contradictions';
import { scheduleOf } from '#src/recipe/schedule';
import { fieldsOf, parseRecipe } from '#src/recipe/parse-recipe';
import { resolveRecipe } from '#src/recipe/recipe';
import { loadRecipe } from '#src/recipe/recipes';
import { taskOf } from '#src/tasks/index';
import { findModel } from '#src/models/index';
import { findWeights } from '#src/weights/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, imageFolderOf, newFolder, newPath } from '../finetune/support.js';

const FACTS = { images: 1000, smallestClass: 100, model: 'resnet50', weights: 'resnet50-v1', side: 224 };
const resolve = (given: Partial<Recipe> = {}, facts: Partial<typeof FACTS> = {}) =>
  resolveRecipe({ data: '/photos', ...given }, { ...FACTS, ...facts });

test('strategy, epochs, augmentation and crops follow from the number of images', () => {
  const row = (images: number, smallestClass = 100) => {
    const { strategy, epochs, augment, crop_scale } = resolve({}, { images, smallestClass });
    return strategy === 'probe' ? [strategy, epochs, augment] : [strategy, epochs, augment, crop_scale];
  };
  assert.equal(row(200), ['probe', 0, 'none']);
  assert.equal(row(201), ['probe-then-full', 30, 'standard', 0.35]);
  assert.equal(row(2000), ['probe-then-full', 30, 'standard', 0.35]);
  assert.equal(row(2001), ['probe-then-full', 20, 'standard', 0.25]);
  assert.equal(row(20_000), ['probe-then-full', 20, 'standard', 0.25]);
  assert.equal(row(20_001), ['probe-then-full', 10, 'standard', 0.08]);
  assert.equal(row(5000, 9), ['probe', 0, 'none'], 'a class of nine images');
  assert.equal(row(5000, 10), ['probe-then-full', 20, 'standard', 0.25]);
});

test('pretrained weights are trained by AdamW, whose rates grow with the root of the batch; the head learns ten times as fast', () => {
  const rates = ({ optimizer, lr, head_lr, weight_decay, max_gradient_norm }: Recipe) => [
    ...[optimizer, lr, head_lr, weight_decay, max_gradient_norm],
  ];
  for (const strategy of ['probe-then-full', 'gradual'] as const)
    assert.equal(rates(resolve({ strategy })), ['adamw', 5e-5, 5e-4, 0.01, 0], strategy);
  assert.equal(rates(resolve({ strategy: 'full' })), ['adamw', 2e-4, 2e-3, 0.01, 0], 'with a new head');
  assert.equal(rates(resolve({ batch_size: 128 })), ['adamw', 1e-4, 1e-3, 0.01, 0]);
  assert.equal(rates(resolve({ batch_size: 64 })), ['adamw', 7.07e-5, 7.07e-4, 0.01, 0]);
  assert.equal(rates(resolve({ lr: 3e-4, batch_size: 128 })), ['adamw', 3e-4, 3e-3, 0.01, 0]);
});

test('pretrained vision Transformers have smaller rates in lower blocks, a longer warm-up and more decay', () => {
  const facts = { model: 'vit_b_16', weights: 'vit_b_16-v1' };
  const of = (given: Partial<Recipe>, more: Partial<typeof FACTS> = {}) => {
    const { lr_decay, warmup, weight_decay } = resolve(given, { ...facts, ...more });
    return [lr_decay, warmup, weight_decay];
  };
  assert.equal(of({}), [0.75, 0.1, 0.05]);
  assert.equal(of({ strategy: 'full' }), [0.75, 0.1, 0.05]);
  assert.equal(of({ lr_decay: 1, warmup: 0, weight_decay: 0.01 }), [1, 0, 0.01]);
  assert.equal(of({ schedule: 'one-cycle' }), [0.75, 0, 0.05], 'a schedule that begins by itself');
  assert.equal(of({ strategy: 'gradual' })[0], 0.385, 'a strategy with a decay of its own');
  for (const [given, more] of [
    [{ strategy: 'probe' }, {}],
    [{ optimizer: 'sgd' }, {}],
    [{}, { weights: 'none' }],
    [{}, { model: 'resnet50', weights: 'resnet50-v1' }],
  ] as const)
    assert.is(of(given, more)[0], 1, JSON.stringify([given, more]));
});

test('a rate that was meant for SGD is told, where AdamW is used because nobody named an optimiser', () => {
  const notes = (given: Partial<Recipe>, facts: Partial<typeof FACTS> = {}) => {
    const told: string[] = [];
    const task = taskOf({ kind: 'classification', classes: ['ant', 'bee'] });
    const images = { train: 1000, val: 100, test: 0 };
    const recipe = resolve(given, facts);
    announce({ recipe, given, isRateOpen: false, images, task, note: null, smallestClass: 100 }, (event) => {
      if (event.type === 'note' && event.text.startsWith('Note: --lr')) told.push(event.text);
    });
    return told;
  };
  const told = [
    'Note: --lr 0.05 is the rate of AdamW, which is used by default; usual are 0.00001 to 0.001. For a rate of SGD add --optimizer sgd.',
  ];
  assert.equal(notes({ lr: 0.05 }), told);
  assert.equal(notes({ lr: 0.05, strategy: 'full' }), told);
  for (const given of [
    {},
    { lr: 0.01 },
    { lr: 0.05, optimizer: 'sgd' },
    { lr: 0.05, optimizer: 'adamw' },
    { lr: 0.05, momentum: 0.9 },
  ] as const)
    assert.equal(notes(given), []);
  assert.equal(notes({ lr: 0.05 }, { weights: 'none' }), [], 'SGD is the default from random values');
});

test('SGD has rates in proportion to the batch, short gradients, and Nesterov; a fitted head learns as fast as the trunk', () => {
  const rates = ({ lr, head_lr, nesterov, max_gradient_norm }: Recipe) => [
    ...[lr, head_lr, nesterov, max_gradient_norm],
  ];
  const optimizer = 'sgd';
  assert.equal(rates(resolve({ optimizer })), [0.001, 0.001, true, 1]);
  assert.equal(rates(resolve({ optimizer, strategy: 'full' })), [0.001, 0.01, true, 1]);
  assert.equal(rates(resolve({ optimizer, batch_size: 64 })), [0.002, 0.002, true, 1]);
  assert.equal(rates(resolve({ momentum: 0, head_lr: 2 })), [0.001, 2, false, 1]);
  assert.is(resolve({ momentum: 0.8 }).optimizer, 'sgd', 'who gives a momentum means SGD');
  assert.is(resolve({ nesterov: false }).optimizer, 'sgd');
});

test('from random values all layers are trained, by SGD at fifty times the rate', () => {
  const of = (images: number, given: Partial<Recipe> = {}) => {
    const recipe = resolve(given, { images, weights: 'none' });
    const { strategy, epochs, optimizer, lr, head_lr, max_gradient_norm } = recipe;
    return [strategy, epochs, optimizer, lr, head_lr, max_gradient_norm];
  };
  for (const [images, epochs] of [
    [100, 60],
    [1000, 60],
    [5000, 40],
    [30_000, 20],
  ] as const)
    assert.equal(of(images), ['full', epochs, 'sgd', 0.05, 0.05, 0]);
  assert.equal(of(1000, { optimizer: 'adamw' }), ['full', 60, 'adamw', 1e-3, 1e-3, 0]);
});

test('a resolved recipe is a whole one, in one order of fields', () => {
  const recipe = resolve({ seed: 7, strategy: 'full' });
  const stored = parseRecipe(JSON.parse(JSON.stringify(recipe)), 'recipe.json');
  assert.is(JSON.stringify(stored), JSON.stringify(recipe));
});

test('a schedule brings defaults of its own', () => {
  const of = (schedule: Recipe['schedule'], given: Partial<Recipe> = {}) => resolve({ schedule, ...given });
  const { warmup, momentum, peak_momentum, peak, divisor } = of('one-cycle');
  assert.equal([warmup, momentum, peak_momentum, peak, divisor], [0, 0.95, 0.85, 0.3, 25]);
  assert.is(of('one-cycle', { momentum: 0.8 }).peak_momentum, 0.7);
  const slanted = of('slanted-triangular');
  assert.equal([slanted.warmup, slanted.momentum, slanted.peak, slanted.divisor], [0, 0.9, 0.1, 32]);
  assert.equal([of('exponential').gamma, of('plateau').gamma, of('cosine').warmup], [0.9, 0.1, 0.05]);
  for (const schedule of SCHEDULES) {
    const recipe = of(schedule, { milestones: [1] });
    assert.is(scheduleOf(recipe).kind, schedule);
  }
});

test("the article's other recipe is its Keras listing", async () => {
  const recipe = resolve(await loadRecipe('article-mobilenetv2'));
  const { train_from, optimizer, lr, head_lr, schedule, warmup, weight_decay, image_size } = recipe;
  assert.equal(
    { train_from, optimizer, lr, head_lr, schedule, warmup, weight_decay, image_size },
    {
      ...{ train_from: '100', optimizer: 'adam', lr: 1e-5, head_lr: 1e-5 },
      ...{ schedule: 'constant', warmup: 0, weight_decay: 0, image_size: 160 },
    },
  );
  // Weights whose statistics do not fit batches would be thrown away.
  assert.is(recipe.batch_norm, 'auto');
  const { model, weights } = RECIPES['article-mobilenetv2']!;
  assert.is(findWeights(weights!)?.model, model);
  assert.is(findModel(model!).graphOf, 'mobilenet_v2');
});

test("the article's recipe is its PyTorch listing", async () => {
  const recipe = resolve(await loadRecipe('article-resnet50'));
  assert.equal(RECIPES['article-resnet50'], await loadRecipe('article-resnet50'));
  const { model, weights, strategy, optimizer, lr, head_lr, momentum, nesterov } = recipe;
  assert.equal(
    { model, weights, strategy, optimizer, lr, head_lr, momentum, nesterov },
    {
      model: 'resnet50',
      weights: 'resnet50-v1',
      strategy: 'full',
      optimizer: 'sgd',
      lr: 0.001,
      head_lr: 0.001,
      momentum: 0.9,
      nesterov: false,
    },
  );
  const { schedule, step_size, gamma, warmup, epochs, weight_decay } = recipe;
  assert.equal([schedule, step_size, gamma, warmup, epochs, weight_decay], ['step', 7, 0.1, 0, 25, 0]);
});

test('a recipe file: some fields, checked one by one', async () => {
  const path = join(newFolder(), 'mine.json');
  const load = (content: unknown) => {
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return loadRecipe(path);
  };
  assert.equal(await load({ lr: 0.5, made_by: { attune: '9' } }), { lr: 0.5 });
  await fails(
    load({ epoch: 3 }),
    'input',
    /^the recipe has an unknown field epoch \(.*mine\.json\): did you mean epochs\?$/,
  );
  await fails(load({ lr: '0.5' }), 'input', /wrong at lr: .*"0\.5".*: correct the field$/);
  await fails(load({ lr: -1 }), 'input', /wrong at lr/);
  await fails(load({ strategy: 'fulll' }), 'input', /wrong at strategy/);
  for (const value of ['[1]', '7', 'null', '"x"'])
    await fails(load(value), 'input', /^the recipe is no JSON object/);
  assert.is((await load('\ufeff{"lr": 0.5}')).lr, 0.5, 'a byte order mark is no fault of a recipe');
  await fails(load('{"lr": 1,}'), 'input', /^the recipe is not JSON \(.*mine\.json\)/);
  await fails(
    load('['.repeat(4_000_001)),
    'input',
    /^the file has more than 4000000 characters, .*mine\.json\)/,
  );
  await fails(
    loadRecipe(join(newFolder(), 'absent.json')),
    'input',
    /^there is no such recipe \(.*absent\.json\)/,
  );
  await fails(
    loadRecipe('article-resnet5'),
    'usage',
    /^there is no recipe "article-resnet5" \(--recipe\): did you mean article-resnet50\?$/,
  );
  await fails(
    loadRecipe('toString'),
    'usage',
    /choose article-resnet50, article-mobilenetv2 or a \.json file/,
  );
});

test('flags win over the recipe file', async () => {
  const path = join(newFolder(), 'mine.json');
  writeFileSync(
    path,
    JSON.stringify({
      model: 'resnet-small',
      weights: 'none',
      strategy: 'probe',
      head_epochs: 1,
      seed: 3,
      val_split: 0.5,
    }),
  );
  const data = imageFolderOf(['a', 'b'], 4);
  const { resolved_defaults, images } = await finetune({
    data,
    recipe: path,
    seed: 4,
    device: 'cpu',
    out: newPath(),
  });
  assert.is(resolved_defaults.seed, 4);
  assert.is(resolved_defaults.head_epochs, 1);
  assert.is(images.val, 4);
});

test('what contradicts itself is refused', () => {
  const cases: [Partial<Recipe>, RegExp][] = [
    [{ momentum: 0, nesterov: true }, /^Nesterov momentum needs a momentum above 0 \(--nesterov\)/],
    [{ micro_batch: 33 }, /^a micro-batch of 33 is larger than the batch of 32 \(--micro-batch\)/],
    [{ schedule: 'multi-step' }, /^the schedule multi-step needs the epochs .*\(--milestones\): give epochs/],
    [{ schedule: 'multi-step', milestones: [5, 5] }, /^the milestone 5 follows 5 \(--milestones\)/],
    [
      { schedule: 'multi-step', milestones: [5, 30] },
      /^the milestone 30 is not reached in 30 epochs \(--miles/,
    ],
    [
      { schedule: 'one-cycle', peak_momentum: 0.96 },
      /^the momentum 0\.96 .* above 0\.95.*\(--peak-momentum\)/,
    ],
    [{ strategy: 'full', epochs: 0 }, /^the strategy full needs at least one epoch \(--epochs\)/],
  ];
  for (const [given, words] of cases)
    assert.match(
      usageError(() => resolve(given)),
      words,
    );
});

test('what goes by validation needs images for it', async () => {
  const data = imageFolderOf(['a', 'b'], 12);
  const options = {
    data,
    model: 'resnet-small',
    weights: 'none',
    strategy: 'full',
    valSplit: 0,
    out: newPath(),
  };
  await fails(
    finetune({ ...options, schedule: 'plateau' }),
    'usage',
    /^the schedule plateau goes by the validation loss, and there is nothing .*\(--schedule\): leave it out, or/,
  );
  await fails(
    finetune({ ...options, patience: 3 }),
    'usage',
    /^stopping early goes by the validation accuracy or loss, and there is nothing to validate with \(--patience\)/,
  );
});

test('flags that would be ignored are refused', () => {
  const cases: [Partial<FinetuneOptions>, RegExp][] = [
    [
      { strategy: 'probe', lr: 1 },
      /which the strategy probe does not have \(--lr\): leave it out, or add --strategy probe-then-full/,
    ],
    [{ strategy: 'probe', microBatch: 'auto' }, /\(--micro-batch\)/],
    [{ strategy: 'full', headEpochs: 3 }, /^the strategy full does not fit a head first \(--head-epochs\)/],
    [{ optimizer: 'adam', momentum: 0.5 }, /^adam takes no such setting \(--momentum\)/],
    [{ optimizer: 'adamw', nesterov: false }, /^adamw takes no such setting \(--nesterov\)/],
    [
      { gamma: 0.5 },
      /^the schedule cosine takes no such setting \(--gamma\): leave it out, or add --schedule step or/,
    ],
    [{ schedule: 'step', milestones: [3] }, /\(--milestones\): leave it out, or add --schedule multi-step$/],
    [{ schedule: 'one-cycle', plateauPatience: 3 }, /^the schedule one-cycle takes.*\(--plateau-patience\)/],
    [{ weights: 'none', l2Sp: 0.1 }, /^there are no pretrained weights to stay near \(--l2-sp\)/],
    [{ strategy: 'probe', ema: 0.9 }, /\(--ema\)/],
    [{ strategy: 'full', head: 'logistic' }, /^the strategy full has no such head \(--head\)/],
    [{ head: 'prototypes' }, /goes on from a logistic head \(--head\): .* add --strategy probe$/],
    [{ strategy: 'probe', neighbors: 5 }, /asks no neighbours \(--neighbors\)/],
    [{ strategy: 'probe', head: 'prototypes', headEpochs: 5 }, /is not fitted .*\(--head-epochs\)/],
    [{ strategy: 'probe', head: 'prototypes', classWeights: 'balanced' }, /\(--class-weights\)/],
    [{ strategy: 'probe', sampling: 'balanced' }, /\(--sampling\)/],
    [
      { sampling: 'balanced', classWeights: 'power=0.5' },
      /all classes count the same already, .*\(--class-weights\): leave one of the two out/,
    ],
    [{ val: 'v', valSplit: 0.1 }, /^validation comes from --val.* \(--val-split\)/],
  ];
  for (const [options, words] of cases) {
    const flags = fieldsOf({ data: 'photos', ...options });
    assert.match(
      usageError(() =>
        refuseIgnored(askedByFlags(flags), resolve(flags, { weights: flags.weights ?? '' }), FACTS),
      ),
      words,
    );
  }
  // From the recipe of a run, too, where it asks for something.
  const pulled = resolve({ l2_sp: 0.1 }, { weights: 'none' });
  assert.match(
    usageError(() => refuseIgnored(askedByFlags({}), pulled, FACTS)),
    /stay near/,
  );
  refuseIgnored(askedByFlags({}), resolve({ l2_sp: 0 }, { weights: 'none' }), FACTS);
  refuseIgnored(askedByFlags({}), resolve({ l2_sp: 0.1 }), FACTS);
  const fitting = fieldsOf({
    data: 'p',
    schedule: 'step',
    gamma: 0.5,
    momentum: 0.5,
    headEpochs: 2,
    microBatch: 4,
  });
  refuseIgnored(askedByFlags(fitting), resolve(fitting), FACTS);
  const cycled = fieldsOf({ data: 'p', schedule: 'one-cycle', optimizer: 'adam', momentum: 0.9, peak: 0.2 });
  refuseIgnored(askedByFlags(cycled), resolve(cycled), FACTS);
});

test('a recipe file is refused what flags are refused; that of a run, which has all fields, is not', async () => {
  const path = join(newFolder(), 'mine.json');
  const checkOf = async (content: object, flags: Partial<FinetuneOptions> = {}, images = 1000) => {
    writeFileSync(path, JSON.stringify(content));
    const asked = await askedBy({ data: 'photos', recipe: path, ...flags });
    const facts = { ...FACTS, images, weights: asked.fields.weights ?? '' };
    return () => refuseIgnored(asked, resolve(asked.fields, facts), facts);
  };
  const refusal = async (...asked: Parameters<typeof checkOf>) => usageError(await checkOf(...asked));
  const idle = /^this belongs to .* does not have \(epochs in .*mine\.json\): leave it out, or/;
  assert.match(await refusal({ strategy: 'probe', epochs: 2 }), idle);
  assert.match(await refusal({ epochs: 2 }, { strategy: 'probe' }, 100), idle, 'probe by default as well');
  assert.match(await refusal({ strategy: 'probe', epochs: 2 }, { epochs: 3 }), /does not have \(--epochs\)/);
  assert.match(await refusal({ optimizer: 'adam', momentum: 0.5 }), /no such setting \(momentum in /);
  assert.match(await refusal({ gamma: 0.5 }), /^the schedule cosine takes no such .*\(gamma in /);
  assert.match(await refusal({ l2_sp: 0.1, weights: 'none' }), /stay near \(l2_sp in /);
  const accepted = async (...asked: Parameters<typeof checkOf>) => (await checkOf(...asked))();
  // Flags win, and what the file says beside them was no mistake; null says that there is none.
  await accepted({ strategy: 'probe', epochs: 2 }, { strategy: 'full' });
  await accepted({ strategy: 'full', epochs: 2 }, { strategy: 'probe' });
  await accepted({ optimizer: 'sgd', momentum: 0.5 }, { optimizer: 'adam' });
  await accepted({ schedule: 'step', gamma: 0.5 }, { schedule: 'cosine' });
  await accepted({ strategy: 'full', head_epochs: null });
  // As much where the file leaves it to the default.
  await accepted({ epochs: 2 }, { strategy: 'probe' });
  await accepted({ momentum: 0.5, nesterov: true }, { optimizer: 'adam' });
  await accepted({ head_epochs: 3 }, { strategy: 'full' });
  await accepted({ val_split: 0.1 }, { val: 'others' });
  await accepted({ histograms: true }, { tensorboard: false });
  await accepted({ schedule: 'multi-step', gamma: 0.5 }, { milestones: [1] });
  const splitOf = async (content: object, flags: Partial<FinetuneOptions>) => {
    writeFileSync(path, JSON.stringify(content));
    return askedSplit(await askedBy({ data: 'photos', recipe: path, ...flags }));
  };
  assert.is(await splitOf({ val_split: 0.1 }, {}), 0.1);
  assert.is(await splitOf({ val_split: 0.1 }, { val: 'others' }), undefined);
  assert.is(await splitOf({ val_split: 0.1 }, { val: 'others', valSplit: 0.3 }), 0.3);
  // So does what is off.
  await accepted({ optimizer: 'adam', nesterov: false, momentum: 0, milestones: [] });
  await accepted({ weights: 'none', l2_sp: 0, tensorboard: false, histograms: false });
  const { data: _, ...whole } = resolve({ strategy: 'full' });
  await accepted({ ...whole, made_by: {} }, { strategy: 'probe' });
  await accepted({ ...resolve({ strategy: 'probe' }), made_by: {} });
});

test('a flag out of its range is refused with the choices or the nearest', () => {
  const cases: [Partial<FinetuneOptions>, RegExp][] = [
    [
      { classWeights: 'power=-1' },
      /^"power=-1" is not a value of class weights: expected none, balanced or power=<number> \(--class-weights\)/,
    ],
    [{ strategy: 'prob' }, /--strategy\): did you mean probe\?/],
    [{ schedule: 'x' }, /--schedule\): choose constant, step, .*, plateau$/],
    [{ schedule: 'onecycle' }, /--schedule\): did you mean one-cycle\?/],
    [{ milestones: [2.5] }, /--milestones/],
    [{ peak: 1 }, /--peak/],
    [{ lrDecay: 2.6 }, /--lr-decay/],
    [{ lr: 0 }, /--lr/],
    [{ lr: Number.NaN }, /--lr/],
    [{ batchSize: 1.5 }, /--batch-size/],
    [{ labelSmoothing: 1 }, /--label-smoothing/],
    [{ seed: -1 }, /--seed/],
  ];
  for (const [options, words] of cases)
    assert.match(
      usageError(() => fieldsOf({ data: 'p', ...options })),
      words,
    );
});

/** The sentence of the usage error that `action` throws. */
function usageError(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    assert.instance(error, AttuneError);
    assert.is((error as AttuneError).code, 'usage');
    return (error as AttuneError).message;
  }
  return assert.unreachable('nothing was thrown') as never;
}
test.run();
