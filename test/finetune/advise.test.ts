/** `attune advise` on images and on a run: what it finds that was put there. */
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { advise, type DataAdvice, finetune, type RunAdvice } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { sharp } from '../inputs/image/sharp.js';
import { fails, listener, newFolder, newPath, randomNumbers, writeFiles } from './support.js';

const demo = (name: string) => fileURLToPath(new URL(`../../../weights/demo/${name}`, import.meta.url));
const weights = demo('garments.safetensors');
const onCpu = { device: 'cpu', threads: 1 } as const;

const ofData = async (path: string, options = {}) =>
  (await advise({ path, weights, ...onCpu, ...options }, listener())) as DataAdvice;
const noFeatures = { features: false, weights: undefined };

/** Three classes of fifty pictures each. */
function garments(): string {
  const folder = newFolder();
  const filter = (path: string) => !/[5-9]\d\.png$/.test(path);
  cpSync(demo('images/test'), folder, { recursive: true, filter });
  return folder;
}

test('of ten labels in a hundred that are wrong, most are among the first fifteen in a hundred', async () => {
  const folder = garments();
  const classes = readdirSync(folder).sort();
  const random = randomNumbers(7);
  const wrong = new Set<string>();
  for (const [from, name] of classes.entries()) {
    for (let i = 0; i < 5; i++) {
      const file = `${String(10 * i + Math.floor(10 * random())).padStart(2, '0')}.png`;
      const to = classes[(from + 1 + Math.floor(2 * random())) % classes.length];
      renameSync(join(folder, name, file), join(folder, to, `from-${name}-${file}`));
      wrong.add(join(to, `from-${name}-${file}`));
    }
  }
  const { facts, advice } = await ofData(folder);
  const first = facts.features?.suspects.slice(0, 0.15 * 150) ?? [];
  const found = first.filter(({ path }) => wrong.has(path));
  assert.ok(found.length >= 0.6 * wrong.size, `${found.length} of ${wrong.size}`);
  assert.ok(advice.some(({ rule }) => rule === 'probable-label-errors'));
  const [worst] = first;
  assert.ok(worst.looks_like_probability > worst.probability);
});

test('copies are found: the same file, saved anew, smaller, mirrored; other pictures of the class are not', async () => {
  const folder = newFolder();
  const all = demo('images/test');
  const of = (name: string, i: number) => readFileSync(join(all, name, `${i}.png`));
  const large = (bytes: Uint8Array) => sharp(bytes).resize(400);
  const names = [20, 21, 23, 24, 25, 26, 27, 28, 29, 30];
  writeFiles(folder, {
    ...Object.fromEntries(names.map((i) => [`train/bag/${i}.png`, of('bag', i)])),
    ...Object.fromEntries(names.map((i) => [`train/sandal/${i}.png`, of('sandal', i)])),
    'val/bag/same.png': of('bag', 20),
    'val/bag/bright.png': await sharp(of('bag', 21)).linear(1.1, 5).png().toBuffer(),
    'train/sandal/large.png': await large(of('sandal', 22)).png().toBuffer(),
    'val/sandal/small.jpg': await large(of('sandal', 22)).resize(128).jpeg({ quality: 40 }).toBuffer(),
    'val/sandal/mirrored.png': await sharp(of('sandal', 23)).flop().png().toBuffer(),
    'val/sandal/own.png': of('sandal', 50),
    'val/bag/broken.jpg': 'no image',
  });
  const { facts, advice } = await ofData(folder, noFeatures);
  const groups = facts.duplicates.map(({ exact, images }) => [exact, ...images.map(({ path }) => path)]);
  assert.equal(groups, [
    [true, join('train', 'bag', '20.png'), join('val', 'bag', 'same.png')],
    [false, join('train', 'bag', '21.png'), join('val', 'bag', 'bright.png')],
    [false, join('train', 'sandal', '23.png'), join('val', 'sandal', 'mirrored.png')],
    [false, join('train', 'sandal', 'large.png'), join('val', 'sandal', 'small.jpg')],
  ]);
  assert.is(facts.features, null);
  assert.is(facts.images.skipped.length, 1);
  assert.equal(facts.short_side, { least: 32, median: 32, most: 400 });
  const rules = advice.map(({ rule }) => rule);
  assert.equal(rules.slice(0, 2), ['unreadable', 'duplicates-across-parts']);
});

test('a picture of one shade is like no other', async () => {
  const folder = newFolder();
  const shade = (background: string) =>
    sharp({ create: { width: 40, height: 40, channels: 3, background } })
      .png()
      .toBuffer();
  writeFiles(folder, {
    'black/1.png': await shade('#000'),
    'black/2.png': await shade('#111'),
    'white/1.png': await shade('#fff'),
    'white/2.png': await shade('#eee'),
  });
  assert.equal((await ofData(folder, noFeatures)).facts.duplicates, []);
});

test('advice on a run reads its recipe and curves, and looks at its images', async () => {
  const data = demo('images/train');
  const out = newPath();
  const options = { strategy: 'full', epochs: 3, lr: 1e-6, headLr: 1e-6, batchSize: 8, augment: 'none' };
  await finetune({ data, weights, out, ...options, ...onCpu }, listener());
  const result = (await advise({ path: out, ...onCpu }, listener())) as RunAdvice;
  assert.is(result.about, 'run');
  assert.is(result.recipe.lr, 1e-6);
  assert.is(result.epochs.length, 3);
  assert.ok(
    result.advice.some(({ rule }) => rule === 'rate-too-low'),
    JSON.stringify(result.advice),
  );
  assert.equal({ ...result.facts.images, skipped: [] }, { train: 24, val: 6, test: 0, skipped: [] });

  await fails(advise({ path: out, model: 'resnet50' }), 'usage', /--model/);
  writeFileSync(join(out, 'metrics.jsonl'), '{"epoch":1}\n');
  await fails(advise({ path: out, ...onCpu }), 'input', /line 1 of the metrics/);
});

test('values are not classes, and are refused before an image is read', async () => {
  const folder = newFolder();
  writeFiles(folder, {
    'values.csv': 'path,weight\na.png,1\nb.png,2\nc.png,3\n',
    'a.png': 'x',
    'b.png': 'x',
    'c.png': 'x',
  });
  await fails(ofData(join(folder, 'values.csv')), 'usage', /attune advise is about classes/);
});

test('where no image can be read, that is said', async () => {
  const folder = newFolder();
  writeFiles(folder, { 'a/1.png': 'x', 'a/2.png': 'x', 'b/1.png': 'x', 'b/2.png': 'x' });
  await fails(ofData(folder, noFeatures), 'data', /none of the 2 training images/);
});

test('weights that no network would use are refused', async () => {
  await fails(
    ofData(newFolder(), { features: false }),
    'usage',
    /^no network looks at the images, .*\(--weights\): leave it out, or leave out --no-features$/,
  );
});

test.run();
