/** The table of methods as a whole: defaults that change nothing, and methods that would hide each other. */
import {
  changesOf,
  gradientLimitOf,
  headWeightPowerOf,
  lossOptionsOf,
  METHOD_FIELDS,
  METHOD_SCHEMAS,
  methodDefaults,
  type MethodRecipe,
  samplingOf,
  weightPowerOf,
} from '#src/methods/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import * as v from 'valibot';

const USUAL = { optimizer: 'adamw', isScratch: false, isSquared: false };
const recipe = (fields: Partial<MethodRecipe> = {}) =>
  ({ ...methodDefaults(USUAL), seed: 3, ...fields }) as MethodRecipe;
const sample = { seed: 3, epoch: 0, index: 0 };
const context = { step: 1, shape: [32, 32, 3], samples: [sample, { ...sample, index: 1 }] };

test('by default no method changes anything', () => {
  assert.equal(changesOf(recipe(), context), {});
  assert.equal(lossOptionsOf(recipe()), { labelSmoothing: 0 });
  assert.is(samplingOf(recipe()), 'shuffled');
  assert.is(gradientLimitOf(recipe()), 0);
  assert.is(weightPowerOf(recipe()), 0);
  assert.is(headWeightPowerOf(recipe()), 0);
});

test('each that is asked for changes its own', () => {
  const all = recipe({ mixup: 0.4, random_erasing: 1, label_smoothing: 0.1, max_gradient_norm: 2 });
  const { mix, arrays } = changesOf(all, context);
  assert.ok(mix !== undefined && mix.share > 0 && mix.share < 1);
  assert.is(arrays?.erased?.length, 8);
  assert.is(lossOptionsOf(all).labelSmoothing, 0.1);
  assert.is(gradientLimitOf(all), 2);
  const balanced = recipe({ sampling: 'balanced' });
  assert.is(samplingOf(balanced), 'balanced');
  assert.equal([weightPowerOf(balanced), headWeightPowerOf(balanced)], [0, 1]);
  const weighed = recipe({ class_weights: 'power=0.5' });
  assert.equal([weightPowerOf(weighed), headWeightPowerOf(weighed)], [0.5, 0.5]);
});

test('a recipe that knows nothing of a method has it as it is by default', () => {
  const { mixup: _, ...before } = methodDefaults(USUAL);
  assert.is(v.parse(v.object(METHOD_SCHEMAS), before).mixup, METHOD_FIELDS.mixup.default);
  assert.not.ok(v.safeParse(v.object(METHOD_SCHEMAS), { ...before, mixup: -1 }).success);
});

test('gradients have a limit by default where steps depend on their length', () => {
  const limit = (facts: Partial<typeof USUAL>) => methodDefaults({ ...USUAL, ...facts }).max_gradient_norm;
  assert.is(limit({}), 0);
  assert.is(limit({ optimizer: 'sgd' }), 1);
  assert.is(limit({ optimizer: 'sgd', isScratch: true }), 0);
  assert.is(limit({ isSquared: true }), 1);
});

test.run();
