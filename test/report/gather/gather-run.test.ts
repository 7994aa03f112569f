/** What a report is gathered with, and how its run is typed again. */
import { resolveRecipe } from '#src/recipe/recipe';
import { flagsCommand } from '#src/report/gather/commands';
import { gatherFolds } from '#src/report/gather/gather-folds';
import { evaluatingDevice } from '#src/report/gather/gather-run';
import { crossValidate, finetune } from '#src/finetune/index';
import { compare, report } from '#src/report/index';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { imageFolderOf, newFolder, smallRun } from '../../finetune/support.js';
import { facts } from '../named-report.js';

test('a run is evaluated on the device that was asked for, else on its own, and without its precision', () => {
  const gpu = resolveRecipe({ data: 'photos', device: 'webgpu', adapter: 'rtx', precision: 'mixed' }, facts);
  assert.equal(evaluatingDevice(gpu, {}), { device: 'webgpu', adapter: 'rtx' });
  assert.equal(evaluatingDevice(gpu, { device: 'cpu', threads: 2 }), {
    device: 'cpu',
    adapter: 'rtx',
    threads: 2,
  });
  const cpu = resolveRecipe({ data: 'photos', device: 'cpu' }, facts);
  assert.equal(evaluatingDevice(cpu, {}), { device: 'cpu', adapter: null });
  assert.equal(evaluatingDevice(cpu, { adapter: 'rtx' }), { device: 'auto', adapter: 'rtx' });
});

test('a recipe is said by the flags that differ from its defaults, and not at all where no flag says it', () => {
  const recipe = resolveRecipe(
    {
      data: 'my photos',
      epochs: 3,
      batch_size: 64,
      nesterov: false,
      schedule: 'multi-step',
      milestones: [1, 2],
    },
    facts,
  );
  const words = flagsCommand(recipe, facts);
  assert.is(
    words,
    "npx attune finetune 'my photos' --image-size 224 --model resnet18 --weights resnet18-v1 --epochs 3 --batch-size 64 --no-nesterov --schedule multi-step --milestones 1,2 --seed 42",
  );
  assert.is(flagsCommand({ ...recipe, crop_scale: 0.5 }, facts), null);
});

test('an image that the run left out is no reason against the report, if it is many of its part', async () => {
  const val = imageFolderOf(['ant', 'bee'], 3);
  writeFileSync(join(val, 'ant', 'empty.png'), '');
  const data = imageFolderOf(['ant', 'bee'], 10);
  const { run, images } = await finetune(await smallRun(data, { strategy: 'probe', val }));
  assert.equal([images.val, images.skipped.length], [6, 1]);
  await report({ run, device: 'cpu' });
  const second = await finetune(await smallRun(data, { strategy: 'probe', val, seed: 1 }));
  const out = join(newFolder(), 'compare.html');
  const { runs } = await compare({ runs: [run, second.run], out, device: 'cpu' });
  assert.equal(
    runs.map(({ part, images }) => [part, images]),
    [
      ['val', 6],
      ['val', 6],
    ],
  );
});

test('nor is one that the folds left out, which may be many of the part of one', async () => {
  const data = imageFolderOf(['ant', 'bee'], 11);
  writeFileSync(join(data, 'ant', 'empty.png'), '');
  const small = await smallRun(data, { strategy: 'probe' });
  const { run, skipped, pooled } = await crossValidate({ ...small, data, folds: 4 });
  assert.equal([skipped.length, pooled.images], [1, 22]);
  const { main } = await gatherFolds(run, { run, device: 'cpu' }, {});
  assert.is(main?.metrics.images, 22);
});

test.run();
