/** Several labels a picture: from a CSV file to a run, its measures, predictions, exports and report. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain, report } from '#src/report/index';
import { advise, convert, evaluate, finetune, predict } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun } from './full-support.js';
import { colouredData, labelsOf } from './labels-of-pictures.js';
import { countOf, fails, listener, newPath, smallRun } from './support.js';

const data = colouredData(32);
const others = colouredData(16, 100);

const probed = await (async () => {
  const context = listener();
  const options = await smallRun(data.csv, { strategy: 'probe', val: others.csv });
  const result = await finetune<'multi-label'>(options, context);
  return { ...result, notes: context.events.flatMap((event) => (event.type === 'note' ? [event.text] : [])) };
})();

test('a probe finds which channels are bright, each by itself', () => {
  const { best, classes, images, epochs, task } = probed;
  assert.is(task, 'multi-label');
  assert.equal(classes, ['blue', 'green', 'red']);
  assert.equal([images.train, images.val], [32, 16]);
  assert.ok(best.val_mean_average_precision! > 0.95, `mAP ${best.val_mean_average_precision}`);
  assert.ok(best.val_micro_f1! > 0.9, `F1 ${best.val_micro_f1}`);
  const fields =
    'epoch,stage,lr,train_loss,train_exact_match,val_loss,val_mean_average_precision,val_micro_f1,val_exact_match,seconds,images_per_second';
  assert.is(Object.keys(epochs.at(-1)!).join(), fields);
});

test('that it is one is found in the file, and said', () => {
  assert.equal(probed.notes.slice(0, 3), [
    '32 images to train, 16 to validate.',
    '3 labels, any number of them each: blue, green, red.',
    'Column colours holds 3 labels, several labels a picture: multi-label.',
  ]);
  assert.not.ok(probed.notes.some((note) => /class-weights|sampling|label-smoothing|neighbors/.test(note)));
});

test('a label that only the validation has is named', async () => {
  const { csv } = colouredData(32);
  const lines = readFileSync(csv, 'utf8').trimEnd().split('\n');
  const rows = lines
    .slice(1)
    .map((line, i) => `${line}${i === 3 ? ';grey' : ''},${i % 8 === 3 ? 'val' : 'train'}`);
  writeFileSync(csv, [`${lines[0]},split`, ...rows].join('\n'));
  await fails(
    finetune(await smallRun(csv, { strategy: 'probe' })),
    'data',
    /^line 5, column colours: training has no label "grey"/,
  );
  // Cut from the rows at random, it cannot be refused.
  writeFileSync(
    csv,
    [lines[0], ...lines.slice(1).map((line, i) => `${line}${i === 3 ? ';grey' : ''}`)].join('\n'),
  );
  const said = async (seed: number) => {
    const context = listener();
    await finetune(await smallRun(csv, { strategy: 'probe', valSplit: 0.4, seed }), context);
    return context.events.some(
      (event) => event.type === 'note' && /no sample that trains has the label grey,/.test(event.text),
    );
  };
  const found = await Promise.all([0, 1, 2, 3, 4, 5].map(said));
  assert.equal([...new Set(found)].sort(), [false, true], 'wherever the picture is');
});

test('evaluate measures a run as the run did, label by label', async () => {
  const { run, best } = probed;
  const found = await evaluate<'multi-label'>({ run, data: others.csv, device: 'cpu' });
  assert.ok(Math.abs(found.loss! - best.val_loss!) < 1e-4);
  assert.ok(Math.abs(found.mean_average_precision! - best.val_mean_average_precision!) < 1e-6);
  assert.equal(
    found.per_class.map(({ class: name, support }) => [name, support]),
    ['blue', 'green', 'red'].map((name) => [
      name,
      Array.from({ length: 16 }, (_, i) => labelsOf(100 + i)).filter((of) => of.includes(name as 'red'))
        .length,
    ]),
  );
  const unknown = join(others.folder, 'unknown.csv');
  writeFileSync(unknown, 'image,colours\npictures/100.png,red;geren\n');
  await fails(
    evaluate({ run, data: unknown }),
    'data',
    /^line 2, column colours: the network has no label "geren" .*did you mean green\?$/,
  );
  await fails(
    evaluate({ run, data: join(others.folder, 'pictures') }),
    'usage',
    /^the model gives any of the labels blue, green, red, which only a CSV file/,
  );
});

test('predict gives every label its probability, and says which are above one half', async () => {
  const { images } = await predict<'multi-label'>({
    run: probed.run,
    images: [join(others.folder, 'pictures')],
    device: 'cpu',
  });
  let right = 0;
  for (const image of images) {
    assert.ok('predictions' in image);
    const { labels, predictions } = image;
    assert.is(predictions.length, 3);
    for (const { probability, logit } of predictions)
      assert.ok(Math.abs(probability - 1 / (1 + Math.exp(-logit))) < 1e-12);
    assert.equal(
      labels,
      predictions.filter(({ probability }) => probability > 0.5).map(({ label }) => label),
    );
    const seed = Number(/(\d+)\.png$/.exec(image.path)![1]);
    if ([...labels].sort().join() === [...labelsOf(seed)].sort().join()) right++;
  }
  assert.ok(right >= 13, `${right} of 16`);
});

test('an export ends in a sigmoid', async () => {
  const [onnx, keras] = [`${newPath()}.onnx`, `${newPath()}.json`];
  await convert({ from: probed.run, to: onnx });
  const bytes = readFileSync(onnx);
  assert.ok(bytes.includes('Sigmoid') && !bytes.includes('Softmax'));
  const { classes } = await convert({ from: probed.run, to: keras });
  assert.equal(classes, ['blue', 'green', 'red']);
  assert.match(readFileSync(keras, 'utf8'), /"activation":"sigmoid"/);
});

test('the report has a line for each label, and no advice for classes', async () => {
  const { report: path } = await report({ run: probed.run, device: 'cpu', workers: 1 });
  const page = readFileSync(path, 'utf8');
  assert.match(page, /mean average precision is/);
  assert.match(page, /Each label by itself/);
});

test('what is about one class an image is refused, with the reason', async () => {
  const refused = async (more: object, flag: string) => {
    const context = listener();
    await fails(
      finetune(fullRun(data.csv, more), context),
      'usage',
      new RegExp(
        `^this is for one class each, and several labels each are learnt \\(colours\\) \\(${flag}\\)`,
      ),
    );
    assert.is(countOf(context.events, 'reading images'), 0);
  };
  await refused({ classWeights: 'balanced' }, '--class-weights');
  await refused({ sampling: 'balanced' }, '--sampling');
  await refused({ labelSmoothing: 0.1 }, '--label-smoothing');
  await refused({ strategy: 'probe', head: 'prototypes' }, '--head');
  const { run } = probed;
  const image = join(others.folder, 'pictures/100.png');
  await fails(
    predict({ run, images: [image], top: 2 }),
    'usage',
    /^the model gives the probability of each label/,
  );
  await fails(explain({ run, images: [image], out: newPath() }), 'usage', /^attune explain is about classes/);
  await fails(advise({ path: data.csv, device: 'cpu' }), 'usage', /^attune advise is about classes/);
});

test.run();
