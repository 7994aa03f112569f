/** attune augment: writes a sheet and says where it is. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '#src/inputs/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { brightnessData } from '../finetune/regression-support.js';
import { imageFolderOf, newFolder, pictures, writeFiles } from '../finetune/support.js';
import { attuneHere } from './support.js';

const data = imageFolderOf([], 0);
writeFiles(data, pictures(['ant', 'bee'], 4));
const words = (...more: string[]) =>
  ['augment', data, '--image-size', '32', '--count', '2', '--views', '3', '--device', 'cpu', ...more].flat();

test('a sheet of a row for each image, and of a column for each epoch and the original', async () => {
  const out = join(newFolder(), 'sheet.png');
  const { status, stdout, stderr } = await attuneHere(words('--augment', 'flip,blur', '--out', out));
  assert.is(status, 0, stderr);
  assert.match(stdout, /^augmentation +flip,blur\nseed +42\nimages +2, in 3 epochs\nsheet +.*sheet\.png\n$/);
  const sheet = await decodeImage(readFileSync(out));
  assert.ok(sheet.width >= 4 * 32 && sheet.width < 5 * 32 + 16, `${sheet.width}`);
  assert.ok(sheet.height >= 2 * 32, `${sheet.height}`);
  assert.ok(sheet.pixels.includes(200), 'labels');
});

test('its own sheet is replaced, and no other file', async () => {
  const out = join(newFolder(), 'photo.png');
  for (const _ of [1, 2]) assert.is((await attuneHere(words('--out', out))).status, 0);
  const photo = Object.values(pictures(['ant'], 1))[0]!;
  writeFileSync(out, photo);
  const { status, stderr } = await attuneHere(words('--out', out));
  assert.is(status, 1);
  assert.match(
    stderr,
    /file of this name that attune did not write, which is never replaced \(.*photo\.png\): move it away/,
  );
  assert.ok(readFileSync(out).equals(Buffer.from(photo)));
});

test('as JSON: what was drawn, and from which images', async () => {
  const out = join(newFolder(), 'sheet.PNG');
  const { status, stdout } = await attuneHere(words('--out', out, '--seed', '7', '--json'));
  assert.is(status, 0);
  const { device, images, ...rest } = JSON.parse(stdout);
  assert.equal(rest, { out, augment: 'none', crop_scale: null, seed: 7, image_size: 32 });
  assert.is(device.kind, 'cpu');
  assert.equal(
    images.map(({ label }: { label: string }) => label),
    ['ant', 'bee'],
  );
});

test('of a CSV file, whose images may lie elsewhere, rows are labelled by their values', async () => {
  const { csv, folder } = brightnessData(3);
  const moved = join(newFolder(), 'values.csv');
  copyFileSync(csv, moved);
  const out = join(newFolder(), 'sheet.png');
  const flags = [
    '--images',
    folder,
    '--target',
    'darkness,lux',
    '--out',
    out,
    '--image-size',
    '32',
    '--count',
    '1',
  ];
  const { status, stdout, stderr } = await attuneHere([
    'augment',
    moved,
    ...flags,
    '--device',
    'cpu',
    '--json',
  ]);
  assert.is(status, 0, stderr);
  const [{ path, label }] = JSON.parse(stdout).images;
  const row = readFileSync(csv, 'utf8')
    .split('\n')
    .find((line) => path.endsWith(line.split(',')[0]!));
  const [, lux, darkness] = row!.split(',');
  assert.is(label, `darkness ${darkness}, lux ${lux}`);
  assert.match(stderr, /^With 2 training images attune finetune varies none by default; --augment standard/m);
});

test('a sheet that is no PNG is refused', async () => {
  const { status, stderr } = await attuneHere(words('--out', 'sheet.jpg'));
  assert.is(status, 2);
  assert.match(stderr, /^attune: "sheet\.jpg" does not end in \.png \(--out\): the sheet is a PNG file$/m);
});

test.run();
