/** Series of numbers in place of images: from class folders and from a CSV table to a run, its measures and its predictions. */
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  advise,
  convert,
  evaluate,
  type FinetuneOptions,
  findRate,
  finetune,
  predict,
  resume,
} from '#src/finetune/index';
import { findModel } from '#src/models/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { floatsNpy } from '../inputs/series/series-support.js';
import { assertSameTensors, interrupted, smallData } from './full-support.js';
import { fails, listener, newFolder, newPath, randomNumbers, writeFiles } from './support.js';

const WAVES = {
  noise: (_: number, random: () => number) => 2 * random() - 1,
  sine: (phase: number) => Math.sin(phase),
  square: (phase: number) => Math.sign(Math.sin(phase)),
} as const;

const STEPS = 48;

/** `value` above a number for each step. */
const csvOf = (values: readonly number[]) => ['value', ...values, ''].join('\n');

/** Class folders, half of the files NPY and half CSV, of different lengths. */
function waves(perClass: number, seed: number): Record<string, Uint8Array | string> {
  const random = randomNumbers(seed);
  const files: Record<string, Uint8Array | string> = {};
  for (const [name, wave] of Object.entries(WAVES)) {
    for (let i = 0; i < perClass; i++) {
      const start = 6 * random();
      const values = Array.from(
        { length: STEPS - 4 * (i % 3) },
        (_, t) => wave(start + 0.5 * t, random) + 0.1 * random(),
      );
      files[`${name}/${i}.${i % 2 === 0 ? 'npy' : 'csv'}`] = i % 2 === 0 ? floatsNpy(values) : csvOf(values);
    }
  }
  return files;
}

const data = newFolder();
writeFiles(join(data, 'train'), waves(16, 1));
writeFiles(join(data, 'val'), waves(8, 2));

const options = (more: Partial<FinetuneOptions> = {}): FinetuneOptions => ({
  data,
  epochs: 10,
  batchSize: 8,
  device: 'cpu',
  threads: 1,
  tensorboard: false,
  out: newPath(),
  ...more,
});

const context = listener();
const trained = await finetune(options(), context);

test('series are told apart by a network that nobody named, from random values', () => {
  const { model, weights, best } = trained;
  console.log(`# accuracy ${best.val_accuracy}`);
  assert.equal([model, weights], ['series-small', 'none']);
  assert.ok(best.val_accuracy! > 0.9, `accuracy ${best.val_accuracy}`);
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.match(notes[0] as string, /^48 series to train.*, 24 to validate\.$/);
  assert.ok(notes.includes('series-small with weights none.'));
  assert.not.ok(notes.some((note) => /augment|image-size|crop-scale/.test(note)));
});

test('the same run twice has the same bytes, and one that goes on halfway, too', async () => {
  const again = await finetune(options());
  await assertSameTensors(again.checkpoints.best, trained.checkpoints.best);
  const stopped = await interrupted(27, options());
  const resumed = await resume({ resume: stopped.run, device: 'cpu', threads: 1 });
  await assertSameTensors(resumed.checkpoints.best, trained.checkpoints.best);
});

test('a run answers for files and folders of series, and is measured by others', async () => {
  const { run } = trained;
  const broken = join(newFolder(), 'broken.npy');
  writeFiles(join(broken, '..'), { 'broken.npy': 'no array' });
  const { images } = await predict({ run, images: [join(data, 'val', 'sine'), broken], device: 'cpu' });
  assert.is(images.length, 9);
  const texts = images.map((image) => JSON.stringify(image));
  assert.ok(images.filter((image) => !('error' in image)).length === 8, texts.at(-1));
  assert.ok(texts.filter((text) => /"predictions":\[\{"[^}]*"sine"/.test(text)).length >= 7, texts[0]);
  assert.match(texts.find((text) => text.includes('broken.npy')) as string, /this is no NPY file/);
  const measured = await evaluate({ run, data: join(data, 'val'), device: 'cpu' });
  assert.is(measured.accuracy, trained.best.val_accuracy);
});

test('series longer than the network sees are cut, which is told, and shorter ones say nothing', async () => {
  const { run } = trained;
  const folder = newFolder();
  const long = Array.from({ length: 2 * STEPS }, (_, t) => Math.sin(0.5 * t));
  writeFiles(folder, { 'sine/long.npy': floatsNpy(long), 'sine/short.npy': floatsNpy(long.slice(0, STEPS)) });
  const notesOf = async (act: (context: ReturnType<typeof listener>) => Promise<unknown>) => {
    const heard = listener();
    await act(heard);
    return heard.events.flatMap((event) =>
      event.type === 'note' && /is cut/.test(event.text) ? [event.text] : [],
    );
  };
  const told = [`Note: 1 series has more than the ${STEPS} steps that the network sees, and is cut there.`];
  const images = [join(folder, 'sine/long.npy'), join(folder, 'sine/short.npy')];
  assert.equal(await notesOf((heard) => predict({ run, images, device: 'cpu' }, heard)), told);
  assert.equal(await notesOf((heard) => predict({ run, images: images.slice(1), device: 'cpu' }, heard)), []);
  assert.equal(await notesOf((heard) => evaluate({ run, data: folder, device: 'cpu' }, heard)), told);
});

test('what is made of images says so, and a network sees what it is made for', async () => {
  const refusals: [more: Partial<FinetuneOptions>, words: RegExp][] = [
    [{ augment: 'flip' }, /series have no such setting \(--augment\)/],
    [{ imageSize: 64 }, /series have no such setting \(--image-size\)/],
    [{ randomErasing: 0.2 }, /series have no such setting \(--random-erasing\)/],
    [{ cutmix: 1 }, /series have no such setting \(--cutmix\)/],
    [
      { model: 'resnet-small', weights: 'none' },
      /resnet-small takes images, and the data set has series .*--model series-small/,
    ],
  ];
  for (const [more, words] of refusals) await fails(finetune(options(more)), 'usage', words);
  const images = options({ data: smallData(), model: 'series-small', weights: 'none' });
  await fails(
    finetune(images),
    'usage',
    /series-small takes series, and the data set has images .*--model resnet50/,
  );
  await fails(
    finetune(options({ data: images.data, weights: trained.checkpoints.best, strategy: 'full' })),
    'usage',
    /series-small takes series/,
  );
  await fails(
    advise({ path: data, device: 'cpu' }),
    'usage',
    /attune advise is for images, and these are series/,
  );
  await fails(
    evaluate({ run: trained.run, data, tta: 'flip', device: 'cpu' }),
    'usage',
    /--tta is for images/,
  );
  assert.throws(() => findModel('series-small').preprocessing, /series-small takes series/);
});

test('the weights of a run are converted; as a graph of images it is refused before a file is written', async () => {
  const to = join(newFolder(), 'model');
  const { preprocessing, classes, bytes } = await convert({ from: trained.run, to: `${to}.pth` });
  assert.is(preprocessing, null);
  assert.equal(classes, trained.classes);
  assert.is(statSync(`${to}.pth`).size, bytes);
  await fails(
    convert({ from: trained.run, to: `${to}.onnx` }),
    'usage',
    /an ONNX, Keras or TensorFlow\.js graph is for images, and the network takes series/,
  );
  assert.not.ok(existsSync(`${to}.onnx`));
});

test('what most files of a folder are decides, so that a stray picture is left out and named', async () => {
  const mixed = newFolder();
  const picture = join(smallData(), 'train', 'ant');
  cpSync(join(data, 'train'), mixed, { recursive: true });
  cpSync(picture, join(mixed, 'sine'), { recursive: true });
  const heard = listener();
  const { images, input } = await finetune(options({ data: mixed, epochs: 1 }), heard);
  assert.is(input, 'series');
  assert.is(images.train + images.val, 48);
  assert.match(images.skipped.map(({ reason }) => reason).join(), /files?: no series by name \(\.png\)/);
});

test('the rate that is looked for is that of what finetune would do', async () => {
  const swept = { iterations: 20, batchSize: 8, device: 'cpu', threads: 1, tensorboard: false } as const;
  const { strategy } = await findRate({ data, ...swept });
  assert.is(strategy, trained.resolved_defaults['strategy']);
  assert.is(strategy, 'full');
});

test('a run without validation says that nothing tells how good it is', async () => {
  const heard = listener();
  await finetune(options({ data: join(data, 'train'), valSplit: 0, epochs: 1 }), heard);
  const notes = heard.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.ok(
    notes.some((note) => note.startsWith('Note: there is nothing to validate with')),
    notes.join(),
  );
});

test('a CSV table of series is learnt: the frequency of a sine', async () => {
  const random = randomNumbers(3);
  const folder = newFolder();
  const rows = Array.from({ length: 64 }, (_, i) => {
    const frequency = 0.1 + 0.8 * random();
    const start = 6 * random();
    writeFiles(folder, {
      [`${i}.npy`]: floatsNpy(Array.from({ length: STEPS }, (_, t) => Math.sin(start + frequency * t))),
    });
    return `${i}.npy,${frequency}`;
  });
  writeFiles(folder, { 'table.csv': ['file,frequency', ...rows, ''].join('\n') });
  const { best, columns, run } = await finetune<'regression'>(
    options({ data: join(folder, 'table.csv'), epochs: 10 }),
  );
  console.log(`# R2 ${best.val_r2}`);
  assert.equal(columns, ['frequency']);
  assert.ok(best.val_r2! > 0.6, `R2 ${best.val_r2}`);
  assert.match(readFileSync(join(run, 'recipe.json'), 'utf8'), /"augment": "none"/);
});

test.run();
