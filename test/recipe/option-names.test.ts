/** What JavaScript can pass in and TypeScript would refuse: nothing of it is left out without a word. */
import { join } from 'node:path';
import {
  dataLoader,
  imageFolder,
  prepareImages,
  prepareTraining,
  readValuesFile,
  trainingBatches,
} from '#src/inputs/index';
import {
  advise,
  convert,
  crossValidate,
  evaluate,
  findRate,
  finetune,
  fit,
  predict,
  previewAugment,
  resume,
  tune,
} from '#src/finetune/index';
import { mobilenetV2, resnet18, resnetSmall } from '#src/models/index';
import { compare, explain, report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, imageFolderOf, newFolder, newPath, picture, writeFiles } from '../finetune/support.js';

const given = (options: unknown) => options as never;

test('an unknown option is refused, with the one that was meant', async () => {
  const data = 'nowhere';
  await fails(
    finetune(given({ data, modell: 'resnet18' })),
    'usage',
    /no option modell .*did you mean model\?/,
  );
  await fails(finetune(given({ data, 'image-size': 32 })), 'usage', /image-size .*did you mean imageSize\?/);
  await fails(finetune(given({ data, batch_size: 32 })), 'usage', /batch_size .*did you mean batchSize\?/);
  await fails(finetune(given({ data, constructor: 1 })), 'usage', /no option constructor/);
  await fails(predict(given({ run: 'x', images: [], topp: 3 })), 'usage', /topp .*did you mean top\?/);
  await fails(evaluate(given({ run: 'x', data, batch: 3 })), 'usage', /no option batch \(evaluate\)/);
  await fails(
    crossValidate(given({ data, folds: 2, fields: 3 })),
    'usage',
    /no option fields \(crossValidate\)/,
  );
  // All folds are run.
  await fails(crossValidate(given({ data, folds: 2, fold: 1 })), 'usage', /no option fold \(crossValidate\)/);
  await fails(findRate(given({ data, lr_from: 1 })), 'usage', /lr_from .*did you mean lrFrom\?/);
  // Nothing is written.
  await fails(findRate(given({ data, out: 'x' })), 'usage', /no option out \(findRate\)/);
  assert.throws(
    () => resnet18(given({ clases: 3 })),
    /no option clases \(resnet18\): did you mean classes\?/,
  );
  assert.throws(() => mobilenetV2(given({ num_classes: 3 })), /no option num_classes \(mobilenetV2\)/);
  await fails(resume(given({ resume: 'x', epoch: 3 })), 'usage', /epoch \(resume\): did you mean epochs\?/);
  await fails(advise(given({ path: data, seeds: 3 })), 'usage', /seeds \(advise\): did you mean seed\?/);
  await fails(convert(given({ from: 'x', too: 'y.onnx' })), 'usage', /too \(convert\): did you mean to\?/);
  await fails(tune(given({ batch_size: 3 })), 'usage', /did you mean batchSize\?/);
  await fails(explain(given({ images: [], methods: 'occlusion' })), 'usage', /did you mean method\?/);
  await fails(
    fit(given(null), given(null), given({ optimiser: null })),
    'usage',
    /optimiser \(fit\): did you mean optimizer\?/,
  );
  assert.throws(() => resnetSmall(given({ width: [1, 2, 3] })), /did you mean widths\?/);
  await fails(report(given({ run: 'x', evalute: false })), 'usage', /evalute \(report\): .*evaluate\?/);
  await fails(compare(given({ runs: ['x', 'y'], output: 'z' })), 'usage', /no option output \(compare\)/);
  await fails(compare(given({ run: 'x' })), 'usage', /run \(compare\): did you mean runs\?/);
  await fails(previewAugment(given({ data, view: 3 })), 'usage', /view \(previewAugment\): .*views\?/);
  // An option that is not set is none.
  await fails(finetune(given({ data, modell: undefined })), 'input', /no such file or folder/);
});

test('an unknown option of what reads images is refused, too', async () => {
  assert.throws(
    () => dataLoader(given(null), given({ batch_size: 2 })),
    /no option batch_size \(dataLoader\): did you mean batchSize\?/,
  );
  assert.throws(
    () => trainingBatches(given(null), given({ batchSize: 2, start: 1 })),
    /no option start \(trainingBatches\)/,
  );
  await fails(imageFolder('x', given({ validation: 'y' })), 'usage', /validation \(imageFolder\)/);
  await fails(readValuesFile('x', given({ column: ['y'] })), 'usage', /column .*did you mean columns\?/);
  await fails(
    prepareImages([], given(null), given({ worker: 2 })),
    'usage',
    /worker .*did you mean workers\?/,
  );
  await fails(prepareTraining(given(null), given({ batch: 2 })), 'usage', /batch \(prepareTraining\)/);
});

test('a run has its own model and weights: others beside it are refused', async () => {
  const folder = newFolder();
  writeFiles(folder, { 'a.png': picture(0, 1) });
  const [run, images] = [join(folder, 'run'), [join(folder, 'a.png')]];
  const words = /^a run has its own .*\(--(model|weights)\): leave it out, or leave out the run$/;
  await fails(predict({ run, model: 'resnet18', images }), 'usage', words);
  await fails(predict({ run, weights: 'none', images }), 'usage', words);
  await fails(evaluate({ run, model: 'resnet18', data: 'nowhere' }), 'usage', words);
  await fails(explain({ run, weights: 'x.pth', images }), 'usage', words);
});

test('counts and sizes that are none are refused, each in its own words', async () => {
  const data = imageFolderOf(['a', 'b'], 2);
  const source = { data, model: 'resnet-small', weights: 'none' };
  for (const iterations of [0, 1.5])
    await fails(
      findRate({ ...source, iterations }),
      'usage',
      /^the number of steps must be .*\(--iterations\)/,
    );
  const profiled = { ...source, strategy: 'full', profile: true, profileSteps: 0, out: newPath() };
  await fails(finetune(profiled), 'usage', /^the number of steps must be .*\(--profile-steps\)/);
  await fails(
    previewAugment({ data, imageSize: 0 }),
    'usage',
    /^the side of the images must .*\(--image-size\)/,
  );
  const folder = await imageFolder(data);
  await fails(prepareTraining(folder, { batchSize: 2, side: 0 }), 'usage', /^the side of the images must be/);
  await fails(prepareTraining(folder, given({})), 'usage', /^the batch size must be .*not undefined/);
  await fails(imageFolder(given(undefined)), 'usage', /^there is no folder \(imageFolder\)/);
});

test('missing options, missing images and a string in place of a list are refused', async () => {
  await fails(finetune(given(undefined)), 'usage', /the options are missing \(finetune\)/);
  await fails(finetune(given({})), 'usage', /there is no data \(finetune\)/);
  await fails(evaluate(given({ run: 'x' })), 'usage', /there is no data \(evaluate\)/);
  await fails(report(given({})), 'usage', /there is no run \(report\)/);
  await fails(compare(given({ runs: 'runs/a' })), 'usage', /the runs are no list \(compare\)/);
  // Its letters would be paths, / among them.
  await fails(
    predict(given({ run: 'x', images: '/cat.jpg' })),
    'usage',
    /the images are no list .*\['a\.jpg'\]/,
  );
});

test.run();
