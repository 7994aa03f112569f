/** What JavaScript can pass in and TypeScript would refuse: nothing of it is left out without a word. */
import { crossValidate, evaluate, findRate, finetune, predict } from '#src/finetune/index';
import { mobilenetV2, resnet18 } from '#src/models/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails } from './support.js';

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
    crossValidate(given({ data, fold: 2, fields: 3 })),
    'usage',
    /no option fields \(crossValidate\)/,
  );
  await fails(findRate(given({ data, lr_from: 1 })), 'usage', /lr_from .*did you mean lrFrom\?/);
  assert.throws(
    () => resnet18(given({ clases: 3 })),
    /no option clases \(resnet18\): did you mean classes\?/,
  );
  assert.throws(() => mobilenetV2(given({ num_classes: 3 })), /no option num_classes \(mobilenetV2\)/);
  // An option that is not set is none.
  await fails(finetune(given({ data, modell: undefined })), 'input', /no such file or folder/);
});

test('missing options, missing images and a string in place of a list are refused', async () => {
  await fails(finetune(given(undefined)), 'usage', /the options are missing \(finetune\)/);
  await fails(finetune(given({})), 'usage', /there are no images \(finetune\)/);
  await fails(evaluate(given({ run: 'x' })), 'usage', /there are no images \(evaluate\)/);
  // Its letters would be paths, / among them.
  await fails(
    predict(given({ run: 'x', images: '/cat.jpg' })),
    'usage',
    /the images are no list .*\['a\.jpg'\]/,
  );
});

test.run();
