/** When a stage ends early, and what goes by the validation images. */
import { earlyEnd, type MethodRecipe, methodDefaults, needsOfValidation } from '#src/methods/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const usual = methodDefaults({ optimizer: 'adamw', isScratch: false, isSquared: false });
const patient = { ...usual, patience: 2 } as MethodRecipe;

test('a stage ends once as many epochs as the recipe bears have brought nothing better', () => {
  assert.is(earlyEnd(patient, { epoch: 4, best: 3 }), null);
  assert.equal(earlyEnd(patient, { epoch: 5, best: 3 }), {
    what: 'the run has ended early, 2 epochs after its best, which was epoch 3',
    hint: 'start a new run with more --patience',
  });
  assert.is.not(earlyEnd(patient, { epoch: 9, best: 3 }), null);
});

test('it goes on where nobody asks for an end, and where nothing was validated', () => {
  assert.is(usual.patience, null);
  assert.is(earlyEnd(usual, { epoch: 1000, best: 1 }), null);
  assert.is(earlyEnd(patient, { epoch: 1000, best: null }), null);
});

test('patience alone of all fields goes by the validation images', () => {
  assert.equal(needsOfValidation(usual), []);
  assert.equal(
    needsOfValidation(patient).map(({ field }) => field),
    ['patience'],
  );
});

test.run();
