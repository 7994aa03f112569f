/**
 * finetune, evaluate and predict as a user types them, on an untrained network and a handful of images: what is
 * printed where. How good the results are is tested in test/finetune.
 */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { writeClassFolders, writePicture } from './pictures.js';
import { attune, attuneHere, runShell } from './support.js';

const folder = mkdtempSync(join(tmpdir(), 'attune run ü '));
test.after(() => rmSync(folder, { recursive: true }));
const settings = { cwd: folder, env: { ATTUNE_CACHE: join(folder, 'cache'), ATTUNE_DEVICE: 'cpu' } };

writeClassFolders(join(folder, 'photos'), 6);
writeFileSync(join(folder, 'photos/red/broken.txt'), 'no image');
mkdirSync(join(folder, 'new'));
writePicture(join(folder, 'new/a.png'), [190, 40, 40], 9);
writeFileSync(join(folder, 'new/b.jpg'), '\xff\xd8\xff\xe0', 'latin1');

const finetune =
  'finetune photos --strategy probe --model resnet-small --weights none --image-size 32 --threads 1'.split(
    ' ',
  );

test('finetune prints result, run folder and what to type next; notes go to standard error', async () => {
  const { status, stdout, stderr } = await attune([...finetune, '--seed', '7'], settings);
  assert.is(status, 0, stderr);
  const [run] = readdirSync(join(folder, 'runs'));
  assert.match(
    stdout,
    /^Result\ndevice +.+ \(cpu\)\nmodel +resnet-small, weights none\nstrategy +probe\nclasses +2\nimages +10 to train, 2 to validate\n/,
  );
  assert.match(
    stderr,
    /^10 images to train \(5 in the smallest class\), 2 to validate\.\n2 classes: blau ä, red\.\nresnet-small with weights none\.\n/,
  );
  assert.match(stderr, /\nGiven: image-size 32, strategy probe, seed 7\.\n/);
  assert.match(stdout, /\nvalidation accuracy +[\d.]+ % \(95 % interval [\d.]+ to [\d.]+ %\)\n/);
  const [end, next] = stdout.slice(stdout.indexOf('\nRun folder\n')).split('\nNext\n');
  assert.is(end, `\nRun folder\nruns/${run}\n\nReport\nruns/${run}/report.html\n`);
  // As it stands: a shell reads it, and it answers for an image that validates.
  assert.match(next!, /^node .* predict runs\/\S+ .*photos\/.+\.png'?\n$/);
  const answer = await runShell(next!, settings);
  assert.is(answer.status, 0, answer.stderr);
  assert.match(answer.stdout, /photos.*\.png\n +[\d.]+ % {2}/);
  assert.match(stderr, /\nfeatures: 100 %, 10 of 10\n/);
  assert.match(stderr, /\nLeft out: 1 file or folder\n {2}.*red: 1 file: no image by name \(\.txt\)\n/);
});

test('under --json standard output is one document', async () => {
  const { status, stdout, stderr } = await attuneHere(
    [...finetune, '--out', 'my run', '--no-report', '--json'],
    settings,
  );
  assert.is(status, 0, stderr);
  const result = JSON.parse(stdout);
  assert.equal(result.classes, ['blau ä', 'red']);
  assert.is(result.interrupted, false);
  assert.is(result.images.skipped.length, 1);
});

test('a run folder is not overwritten', async () => {
  const { status, stdout, stderr } = await attuneHere([...finetune, '--out', 'my run'], settings);
  assert.is(status, 1);
  assert.is(stdout, '');
  assert.is(
    stderr,
    'attune: the run folder exists already and is not empty (my run): give another --out, or remove it\n',
  );
});

test('evaluate prints accuracy, loss and every class', async () => {
  const { status, stdout, stderr } = await attuneHere(['evaluate', 'my run', 'photos'], settings);
  assert.is(status, 0, stderr);
  const number = /[\d.]+/.source;
  const facts = [
    `accuracy +${number} % \\(95 % interval .*\\)`,
    'images +12',
    'classes +2',
    `balanced accuracy +${number} %`,
    `F1 +${number} over classes, ${number} over images`,
    `AUC +${number}, each class against the rest`,
    `loss +${number}, Brier's score ${number}`,
    `calibration error +${number} %; ${number} % at temperature ${number}`,
  ];
  assert.match(stdout, new RegExp(`^${facts.join('\n')}\n`));
  assert.match(stdout, /\n\nClasses, the worst first\nclass +images +recall +precision +F1\n/);
  assert.match(stdout, /\nblau ä +6 +[\d.]+ % /);
});

test('evaluate says which part of the classes the folder has', async () => {
  cpSync(join(folder, 'photos/red'), join(folder, 'part/red'), { recursive: true });
  const { status, stdout, stderr } = await attuneHere(['evaluate', 'my run', 'part'], settings);
  assert.is(status, 0, stderr);
  assert.match(stdout, /\nclasses +2, 1 of them without images\n/);
  assert.not.match(stdout, /\nblau ä +\d/);
});

test('predict names the classes of each image; one that cannot be read is exit code 1 after the others', async () => {
  const { status, stdout, stderr } = await attuneHere(['predict', 'my run', 'new/*', '--top', '1'], settings);
  assert.is(status, 1);
  const image = (name: string) => join('new', name).replaceAll('\\', '\\\\');
  assert.match(
    stdout,
    new RegExp(`^${image('a.png')}\n +[\\d.]+ % {2}(?:red|blau ä)\n\n${image('b.jpg')}\n {2}not read: .+\n$`),
  );
  const lines = stderr.trimEnd().split('\n');
  assert.match(
    lines.at(-1) ?? '',
    /^attune: the image cannot be decoded.* \(new.b\.jpg\): the other files are done$/,
  );
  assert.is(lines.filter((line) => line.startsWith('attune:')).length, 1);

  const json = await attuneHere(['predict', 'my run', 'new', '--json'], settings);
  assert.is(json.status, 1);
  const { model, images } = JSON.parse(json.stdout);
  assert.is(model, 'resnet-small');
  assert.equal(Object.keys(images[0]), ['path', 'predictions']);
  assert.equal(Object.keys(images[1]), ['path', 'error']);
});
test.run();
