/** The learning rates behind a fitted head: measured before the first step where nobody asked for any. */
import { finetune, type FinetuneOptions } from '#src/finetune/index';
import { runProbe } from '#src/training/heads/probe';
import { withRun } from '#src/finetune/run/prepare-run';
import type { Run } from '#src/runs/run';
import { rateText, withBearableRate } from '#src/training/bearable-rate';
import type { Recipe } from '#src/recipe/recipe-schema';
import { firstBatches } from '#src/training/beginning';
import { networkInput, sharedLoss } from '#src/training/step/training-step';
import { writeSafetensors } from '#src/formats/index';
import { findModel } from '#src/models/index';
import { stateDict } from '#src/nn/state-dict';
import { gradients } from '#src/ops/index';
import { generator } from '#src/tensor/philox';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, smallData, smallWeights } from '../finetune/full-support.js';
import { listener, newPath } from '../finetune/support.js';

const data = smallData();
const weights = await smallWeights();

/** Options without any rate: two batches of 8, frozen statistics. */
function openRun(more: Partial<FinetuneOptions> = {}): FinetuneOptions {
  const { lr: _, headLr: __, ...options } = fullRun(data, { weights, strategy: 'probe-then-full', ...more });
  return { ...options, epochs: 1, optimizer: more.optimizer ?? 'adamw', ...more };
}

/** The rate and the head's that were chosen, and what was told of them. */
async function chosen(options: FinetuneOptions) {
  const context = listener();
  const { resolved_defaults, epochs } = await finetune(options, context);
  const told = context.events.flatMap((event) =>
    event.type === 'note' && event.text.startsWith('Learning rate') ? [event.text] : [],
  );
  return { lr: resolved_defaults.lr as number, headLr: resolved_defaults.head_lr as number, told, epochs };
}

test('who asks for a rate has it, of trunk or head, and nothing is measured', async () => {
  const asked = await chosen(openRun({ lr: 3e-4 }));
  assert.equal([asked.lr, asked.headLr, asked.told], [3e-4, 3e-3, []]);
  const ofHead = await chosen(openRun({ headLr: 3e-4 }));
  assert.equal([ofHead.lr, ofHead.headLr, ofHead.told], [2.5e-5, 3e-4, []]);
  const full = await chosen(openRun({ strategy: 'full' }));
  assert.equal([full.lr, full.headLr, full.told], [1e-4, 1e-3, []], 'a new head has no optimum to keep');
  const isOpen = (options: FinetuneOptions) => withRun(options, {}, { work: async (run) => run.isRateOpen });
  assert.is(await isOpen(openRun({ weights: 'none' })), false, 'from random values all is to be learnt');
  assert.is(await isOpen(openRun()), true);
});

/** New weights whose last features are so many times those of others: the head that is fitted to small ones has large weights. */
async function withFeatures(factor: number): Promise<string> {
  const tensors = [...(await stateDict(findModel('resnet-small').create({ classes: 5, seed: 3 }))).values()];
  const path = newPath();
  const isLast = (name: string) => /^layer3\.\d+\.(?:bn2|downsample\.1)\.(?:weight|bias)$/.test(name);
  assert.is(tensors.filter(({ name }) => isLast(name)).length > 2, true);
  await writeSafetensors(
    `${path}.safetensors`,
    tensors.map((tensor) =>
      isLast(tensor.name)
        ? { ...tensor, data: (tensor.data as Float32Array).map((value) => value * factor) }
        : tensor,
    ),
  );
  return `${path}.safetensors`;
}

/** What `work` gives of a run whose head is fitted. */
function prepared<T>(options: FinetuneOptions, work: (run: Run) => Promise<T>): Promise<T> {
  return withRun(
    options,
    {},
    {
      async work(run) {
        await runProbe(run);
        return work(run);
      },
    },
  );
}

/** What a run is chosen to train with. */
function recipeOf(options: FinetuneOptions): Promise<Recipe> {
  return prepared(options, async ({ loaded: { model }, ...run }) => {
    const found = await withBearableRate({
      ...{ ...run, model },
      ...{ micro_batch: 8, batch_norm: 'frozen' as const },
    });
    assert.ok(found);
    return found;
  });
}

test('rates that could not be measured are told as the usual ones', async () => {
  const rates = { lr: 5e-5, head_lr: 5e-4 };
  assert.match(
    rateText(rates, false),
    /^Note: .* no numbers or zero, .* the usual one, 0\.00005 for the trunk/,
  );
  // A head that is no number has gradients that are none.
  await prepared(openRun(), async ({ loaded: { model }, ...run }) => {
    model.head.parameters()[0]!.set(new Float32Array(model.head.inputs * 2).fill(Number.NaN));
    const options = { ...run, model, micro_batch: 8, batch_norm: 'frozen' as const };
    assert.is(await withBearableRate(options), null);
  });
});

test('the rate falls where a head on small features has large weights', async () => {
  const of = async (features: number) => recipeOf(openRun({ weights: await withFeatures(features) }));
  const [usual, small] = [await of(1), await of(1e-4)];
  assert.ok(small.lr < usual.lr / 10, `${small.lr} after ${usual.lr}`);
  for (const { lr, head_lr } of [usual, small])
    assert.ok(Math.abs(head_lr / lr - 10) < 0.5, `${head_lr} of ten times ${lr}`);
});

test('a run tells the rates that were measured, and its recipe has them', async () => {
  const { lr, headLr, told, epochs } = await chosen(openRun());
  assert.equal(told, [
    `Learning rate ${lr} for the trunk and ${headLr} for the head, by the gradients before the first step; --lr sets it.`,
  ]);
  assert.is.not(lr, 2.5e-5);
  const [first] = epochs.filter(({ stage }) => stage === 'full');
  // The second of two steps has half of the cosine.
  assert.equal([first!.lr.trunk! * 2, first!.lr.head! * 2], [lr, headLr]);
});

for (const optimizer of ['adamw', 'sgd', 'rmsprop'] as const) {
  test(`a step at the rate promises three times the loss: ${optimizer}`, async () => {
    await prepared(openRun({ optimizer }), async ({ loaded: { model }, ...run }) => {
      const { recipe, device } = run;
      const options = { ...run, model, micro_batch: 8, batch_norm: 'frozen' as const };
      const found = await withBearableRate(options);
      assert.ok(found);
      let [loss, promised] = [0, 0];
      for await (const { microBatches, ...asked } of firstBatches(options)) {
        const { parameters } = model.memory;
        const results = await device.run(() => {
          const x = networkInput(microBatches[0]!, run.data.input);
          const outputs = model.forward(x, { random: generator(recipe.seed), momentum: 0 });
          const mean = sharedLoss(outputs, microBatches[0]!.targets, microBatches[0]!.shares, asked);
          return { mean, slopes: gradients(mean, parameters) };
        });
        loss += results.mean;
        const head = new Set(model.head.parameters());
        results.slopes.forEach((slope, i) => {
          const rate = head.has(parameters[i]!) ? recipe.head_lr : recipe.lr;
          for (const value of slope)
            promised += rate * (optimizer === 'sgd' ? value * value : Math.abs(value));
        });
      }
      const momentum = optimizer === 'adamw' ? 0 : recipe.momentum;
      // Its mean square of the first step is a hundredth of that gradient's.
      if (optimizer === 'rmsprop') promised *= 10;
      const factor = Math.min(4, (3 * loss * (1 - momentum)) / promised);
      assert.ok(Math.abs(found.lr / (factor * recipe.lr) - 1) < 0.06, `${found.lr} of ${factor * recipe.lr}`);
      assert.ok(Math.abs(found.head_lr / found.lr / (recipe.head_lr / recipe.lr) - 1) < 0.06);
    });
  });
}

test('the first steps of RMSprop are several times the rate, and less so where a warm-up holds them back', async () => {
  const features = await withFeatures(1e-4);
  const of = async (more: Partial<FinetuneOptions>) => {
    const { lr } = await recipeOf(openRun({ weights: features, optimizer: 'rmsprop', epochs: 20, ...more }));
    return lr;
  };
  // Forty steps: the rate is whole after the warm-up, at the first step and at the twenty-first.
  const [at1, at21] = [await of({ warmup: 0 }), await of({ warmup: 0.5 })];
  const largest = (step: number) => 1 / Math.sqrt(1 - 0.99 ** step);
  assert.ok(Math.abs(at21 / at1 / (largest(1) / largest(21)) - 1) < 0.06, `${at21} beside ${at1}`);
});

test.run();
