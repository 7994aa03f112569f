/** finetune, evaluate and predict on a CSV file of values, as a user types them: what is printed where. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writePicture } from './pictures.js';
import { attune } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune values ü '));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };

mkdirSync(join(folder, 'pictures'));
const lines = Array.from({ length: 12 }, (_, i) => {
  writePicture(join(folder, `pictures/${i}.png`), [20 * i, 20 * i, 20 * i], i);
  return `pictures/${i}.png,${100 * i},${12 - i}`;
});
writeFileSync(join(folder, 'values.csv'), `image,lux,age\n${lines.join('\n')}\n`);

const finetune =
  'finetune values.csv --strategy probe --model resnet-small --weights none --image-size 32'.split(' ');

test('finetune names the columns and how well they are told, and what to type next', async () => {
  const { status, stdout, stderr } = await attune([...finetune, '--target', 'lux', '--out', 'one'], settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /\ncolumns +lux\nimages +10 to train, 2 to validate\n/);
  assert.match(stdout, /\nvalidation +R² -?[\d.]+, MAE [\d.]+\nvalidation loss +[\d.]+\n/);
  assert.not.match(stdout, /accuracy/);
  assert.match(
    stderr,
    /^10 images to train, 2 to validate\.\n1 column of values: lux \([\d.]+ ± [\d.]+\)\.\n/,
  );
  assert.match(stderr, /then a ridge head until it converges\.\n/);
  assert.match(stdout, /\nNext\n.* predict one .+\.png'?\n$/);
});

test('under --json there are columns and no classes', async () => {
  const { status, stdout, stderr } = await attune([...finetune, '--out', 'two', '--json'], settings);
  assert.is(status, 0, stderr);
  const { columns, classes, best, test: tested } = JSON.parse(stdout);
  assert.equal([columns, classes, tested], [['lux', 'age'], undefined, null]);
  assert.equal(Object.keys(best), ['epoch', 'val_loss', 'val_mae', 'val_r2']);
});

test('evaluate shows a line for each column', async () => {
  const { status, stdout, stderr } = await attune(['evaluate', 'two', 'values.csv'], settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^fit +R² -?[\d.]+, the mean over columns\nimages +12\nloss +[\d.]+, /);
  assert.match(stdout, /\ncolumn +R² +MAE +RMSE +MSE\nlux +-?[\d.]+ +[\d.]+ .*\nage +-?[\d.]+ /);
});

test('evaluate leaves out the rows that trained, and says so; --split decides', async () => {
  const parts = lines.map((line, i) => `${line},${i < 7 ? 'train' : i < 9 ? 'val' : 'test'}`);
  writeFileSync(join(folder, 'divided.csv'), `image,lux,age,split\n${parts.join('\n')}\n`);
  const { status, stdout, stderr } = await attune(['evaluate', 'two', 'divided.csv'], settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /\nimages +3 of the part test\n/);
  assert.match(
    stderr,
    /^Measured by the 3 images of test; left out: 7 of train, 2 of val \(--split decides\)\.\n/,
  );
  const all = await attune(['evaluate', 'two', 'divided.csv', '--split', 'all', '--json'], settings);
  const { images, split, left_out, trained_on } = JSON.parse(all.stdout);
  assert.equal([images, split, left_out, trained_on], [12, 'all', { train: 0, val: 0, test: 0 }, 10]);
  assert.match(all.stderr, /\nNote: the run was trained with 10 of these 12 images, so what is measured/);
});

test('predict shows the values of each image; --json has them by column', async () => {
  const words = ['predict', 'two', 'pictures/1.png'];
  const { status, stdout, stderr } = await attune(words, settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /^pictures\/1\.png\n +-?[\d.]+ +lux\n +-?[\d.]+ +age\n$/);
  const { images } = JSON.parse((await attune([...words, '--json'], settings)).stdout);
  assert.equal(Object.keys(images[0]), ['path', 'values']);
  assert.equal(Object.keys(images[0].values), ['lux', 'age']);
  const top = await attune([...words, '--top', '1'], settings);
  assert.is(top.status, 2);
  assert.is(top.stderr, 'attune: the model gives values, of which all are shown (--top): leave it out\n');
});

test('inspect names the columns of a checkpoint', async () => {
  const { stdout } = await attune(['inspect', 'two/best.safetensors'], settings);
  assert.match(stdout, /\ncolumns +lux, age\n/);
});

test('a line that cannot be used ends with one sentence', async () => {
  writeFileSync(join(folder, 'broken.csv'), 'image,lux\npictures/0.png,1.5\npictures/1.png,dark\n');
  const { status, stderr } = await attune(['finetune', 'broken.csv'], settings);
  assert.is(status, 1);
  assert.match(
    stderr,
    /^attune: line 3, column lux: "dark" is no number, and others .* \(.*broken\.csv\): write a number.*\n$/,
  );
});

test.run();
