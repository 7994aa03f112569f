/** By which images `evaluate` measures: those that no run is trained with, where the data set has parts. */
import { imageInfo, imagenetPreprocessing } from '#src/inputs/index';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, finetune } from '#src/finetune/index';
import { imagesToMeasure } from '#src/training/inference/measured-images';
import type { LoadedModel } from '#src/runs/model-source';
import { taskOf } from '#src/tasks/index';
import type { TaskInfo } from '#src/tasks/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { CLASSES, smallData } from '../../finetune/full-support.js';
import { brightnessData } from '../../finetune/regression-support.js';
import {
  fails,
  imageFolderOf,
  listener,
  newFolder,
  pictures,
  smallRun,
  writeFiles,
} from '../../finetune/support.js';

/** A network of this task: nothing else of it is asked. */
function network(info: TaskInfo, more: Partial<LoadedModel> = {}): LoadedModel {
  const input = imageInfo(imagenetPreprocessing());
  return { task: taskOf(info), input, isImagenet: false, label: null, ...more } as LoadedModel;
}

const LUX = network({ kind: 'regression', columns: [{ name: 'lux', mean: 0, deviation: 1 }] });
const INSECTS = network({ kind: 'classification', classes: CLASSES });

/** A CSV file of 12 rows, the parts of which are these. */
function dividedValues(partOf: (row: number) => string): string {
  const { csv } = brightnessData(12);
  const [header, ...rows] = readFileSync(csv, 'utf8').trim().split('\n');
  writeFileSync(csv, `${header},split\n${rows.map((row, i) => `${row},${partOf(i)}`).join('\n')}\n`);
  return csv;
}

const parts = (i: number) => (i < 7 ? 'train' : i < 9 ? 'val' : 'test');

test('rows of test, else of val, are measured by; a flag decides', async () => {
  const csv = dividedValues(parts);
  const measure = async (data: string, split?: string) => {
    const found = await imagesToMeasure({ data, split }, LUX);
    return [found.images.length, found.split.split, found.split.left_out];
  };
  assert.equal(await measure(csv), [3, 'test', { train: 7, val: 2, test: 0 }]);
  assert.equal(await measure(csv, 'val'), [2, 'val', { train: 7, val: 0, test: 3 }]);
  assert.equal(await measure(csv, 'train'), [7, 'train', { train: 0, val: 2, test: 3 }]);
  assert.equal(await measure(csv, 'all'), [12, 'all', { train: 0, val: 0, test: 0 }]);
  const untested = dividedValues((i) => (i < 10 ? 'train' : 'val'));
  assert.equal(await measure(untested), [2, 'val', { train: 10, val: 0, test: 0 }]);
  await fails(
    measure(untested, 'test'),
    'usage',
    /^there are no images of the part test \(--split\): choose train, val or all/,
  );
  await fails(
    measure(dividedValues(() => 'train')),
    'data',
    /^all 12 images are of the part train, by which no network is measured .*--split train$/,
  );
  const { csv: undivided } = brightnessData(3);
  assert.equal(await measure(undivided), [3, null, null]);
  assert.equal(await measure(undivided, 'all'), [3, null, null]);
  await fails(measure(undivided, 'test'), 'usage', /^there is no column split in the file \(--split\)/);
  await fails(
    measure(undivided, 'tset'),
    'usage',
    /^"tset" is no part of a data set .*: did you mean test\?/,
  );
});

test('a folder with train/ and val/ is measured by what no run is trained with, too', async () => {
  const data = smallData();
  const measure = async (split?: string, folder = data) => {
    const found = await imagesToMeasure({ data: folder, split }, INSECTS);
    return [found.images.length, found.split.split, found.split.left_out];
  };
  assert.equal(await measure(), [4, 'test', { train: 16, val: 6, test: 0 }]);
  assert.equal(await measure('val'), [6, 'val', { train: 16, val: 0, test: 4 }]);
  assert.equal(await measure('all'), [26, 'all', { train: 0, val: 0, test: 0 }]);
  await fails(
    measure('train', join(data, 'train')),
    'usage',
    /^there are no folders train, val and test in the folder \(--split\)/,
  );
  // Where "train" is a class, as of vehicles, it is no part.
  const vehicles = imageFolderOf(['bus', 'train'], 2);
  const classes = network({ kind: 'classification', classes: ['bus', 'train'] });
  const { images, split } = await imagesToMeasure({ data: vehicles }, classes);
  assert.equal([images.length, split.split], [4, null]);
});

test('labels of a CSV file are found by the column of the run, else by the classes of the network', async () => {
  const folder = newFolder();
  writeFiles(folder, pictures(CLASSES, 2));
  const csv = join(folder, 'labels.csv');
  const names = CLASSES.flatMap((kind) => [0, 1].map((i) => [`${kind}/${kind}-${i}.png`, kind] as const));
  const write = (header: string, row: (image: string, kind: string) => string) =>
    writeFileSync(csv, `${header}\n${names.map(([image, kind]) => row(image, kind)).join('\n')}\n`);
  const labels = async (loaded = INSECTS, label?: string) =>
    (await imagesToMeasure({ data: csv, label }, loaded)).images.map((image) => image.label);
  write('image,place,kind', (image, kind) => `${image},wood,${kind}`);
  assert.equal(await labels(), [0, 0, 1, 1]);
  assert.equal(await labels(INSECTS, 'kind'), [0, 0, 1, 1]);
  await fails(labels(INSECTS, 'place'), 'data', /^line 2, column place: the network has no class "wood"/);
  write('image,kind,other', (image, kind) => `${image},${kind},${kind === 'ant' ? 'bee' : 'ant'}`);
  await fails(labels(), 'data', /^more than one column holds labels that are all classes of the network/);
  assert.equal(await labels({ ...INSECTS, label: 'kind' }), [0, 0, 1, 1]);
  assert.equal(await labels({ ...INSECTS, label: 'other' }), [0, 0, 1, 1]);
  await fails(
    imagesToMeasure({ data: csv, label: 'kind' }, LUX),
    'usage',
    /^the model gives values of lux \(--label\)/,
  );
  await fails(imagesToMeasure({ data: folder, label: 'kind' }, INSECTS), 'usage', /^this is for a CSV file/);
});

test('images that the run was trained with are counted and said', async () => {
  const csv = dividedValues(() => 'train');
  const plain = join(csv, '../plain.csv');
  writeFileSync(plain, readFileSync(csv, 'utf8').replaceAll(',train', '').replace(',split', ''));
  const { run } = await finetune<'regression'>(
    await smallRun(plain, { strategy: 'probe', target: ['lux'], headEpochs: 3 }),
  );
  const context = listener();
  const all = await evaluate<'regression'>({ run, data: plain, device: 'cpu' }, context);
  assert.equal([all.images, all.split, all.left_out, all.trained_on], [12, null, null, 10]);
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.ok(
    notes.some((note) => note.startsWith('Note: the run was trained with 10 of these 12 images, so what')),
    notes.join('\n'),
  );
  const others = listener();
  const held = await evaluate<'regression'>({ run, data: brightnessData(3, 50).csv, device: 'cpu' }, others);
  assert.is(held.trained_on, 0);
  assert.is(
    others.events.some((event) => event.type === 'note' && event.text.startsWith('Note: the run')),
    false,
  );
});

test.run();
