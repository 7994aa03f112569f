/** finetune, evaluate, predict and compare on a CSV file of several labels a picture, as a user types them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writePicture } from './pictures.js';
import { attune } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune labels ü '));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };

mkdirSync(join(folder, 'pictures'));
const lines = Array.from({ length: 24 }, (_, i) => {
  const [red, green] = [i % 2 === 1, i % 4 > 1];
  writePicture(join(folder, `pictures/${i}.png`), [red ? 220 : 20, green ? 220 : 20, 20], i);
  return `pictures/${i}.png,${[...(red ? ['red'] : []), ...(green ? ['green'] : [])].join(';')}`;
});
writeFileSync(join(folder, 'labels.csv'), `image,colours\n${lines.join('\n')}\n`);

const finetune =
  'finetune labels.csv --strategy probe --model resnet-small --weights none --image-size 32'.split(' ');

test('finetune says that it is one, how well labels are told, and what to type next', async () => {
  const { status, stdout, stderr } = await attune([...finetune, '--out', 'one'], settings);
  assert.is(status, 0, stderr);
  assert.match(stderr, /\n2 labels, any number of them each: green, red\.\n/);
  assert.match(stderr, /Column colours holds 2 labels, several labels a picture: multi-label\.\n/);
  assert.match(stderr, /then a one-vs-rest logistic head until it converges\.\n/);
  assert.match(
    stdout,
    /\nvalidation +mean average precision [\d.]+, micro F1 [\d.]+, all labels right [\d.]+ %\n/,
  );
  assert.match(stdout, /\nNext\n.* predict one .+\.png'?\n$/);
});

test('evaluate shows a line for each label', async () => {
  const { status, stdout, stderr } = await attune(['evaluate', 'one', 'labels.csv'], settings);
  assert.is(status, 0, stderr);
  assert.match(
    stdout,
    /^mean average precision +[\d.]+\nF1 +[\d.]+ over all decisions, [\d.]+ over labels\n/,
  );
  assert.match(stdout, /\nlabel +images +average precision +recall +precision +F1\n(?:green|red) +12 /);
});

test('predict shows each label, and which are above one half; explain says why it does not answer', async () => {
  const { status, stdout, stderr } = await attune(['predict', 'one', 'pictures/3.png'], settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /[\d.]+ % +red, above 0\.5/);
  const refused = await attune(['explain', 'one', 'pictures/3.png'], settings);
  assert.is(refused.status, 2, refused.stderr);
  assert.match(refused.stderr, /attune explain is about classes, of which each sample has one/);
});

test('compare has their figures side by side', async () => {
  const { status } = await attune([...finetune, '--seed', '3', '--out', 'two'], settings);
  assert.is(status, 0);
  const { stdout, stderr } = await attune(['compare', 'one', 'two', '--out', 'compared.html'], settings);
  assert.match(stdout, /mAP +micro F1 +exact match/, stderr);
});

test.run();
