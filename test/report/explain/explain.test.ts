/** attune explain: maps against what they are by definition, pictures, neighbours, and wrong wishes. */
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeImage, type Preprocessing } from '#src/inputs/index';
import { open } from '#src/engine/open';
import { finetune, type RunEvent } from '#src/finetune/index';
import { findModel, loadWeights } from '#src/models/index';
import { freeze, stateDict } from '#src/nn/index';
import { normalizeImages } from '#src/ops/index';
import { explain, type Explanation } from '#src/report/index';
import { explainedPicture } from '#src/report/explain/explained-picture';
import { heatMap } from '#src/report/explain/heat-maps';
import { overlay } from '#src/report/explain/overlay';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, listener, newFolder, newPath } from '../../finetune/support.js';

const demo = (name: string) => fileURLToPath(new URL(`../../../../weights/demo/${name}`, import.meta.url));
const weights = demo('garments.safetensors');
const bag = demo('images/test/bag/00.png');
const preprocessing: Preprocessing = {
  resize: 32,
  crop: 32,
  mean: [0.5, 0.4, 0.3],
  std: [0.2, 0.3, 0.4],
  interpolation: 'bilinear',
};

const device = await open('cpu', { threads: 1 });
test.after(() => device.close());
const model = findModel('resnet-small').create({ classes: 7 });
await loadWeights(model, weights);
await freeze(model);
await model.to(device);
const network = { device, model, preprocessing };
const { pixels } = await decodeImage(bag);
const logitsOf = (bytes: Uint8Array) =>
  device.run(() =>
    model.forward(
      normalizeImages(tensor(bytes, [1, 32, 32, 3], 'uint8'), preprocessing.mean, preprocessing.std),
    ),
  );
const CLASS = 3;

test('Grad-CAM of a mean and a linear head is the ReLU of the maps weighted by the head', async () => {
  const { width, height, values } = await heatMap('grad-cam', network, pixels, CLASS);
  let channels = 0;
  const maps = await device.run(() => {
    const x = normalizeImages(tensor(pixels, [1, 32, 32, 3], 'uint8'), preprocessing.mean, preprocessing.std);
    const stage = model.stageFeatures(x).at(-1) as ReturnType<typeof normalizeImages>;
    channels = stage.shape[3];
    return stage;
  });
  const head = (await stateDict(model)).get('fc.weight')?.data as Float32Array; // [classes, channels]
  const expected = Array.from({ length: width * height }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < channels; k++)
      sum += (head[CLASS * channels + k] / (width * height)) * maps[at * channels + k];
    return Math.max(0, sum);
  });
  assert.ok(Math.max(...expected) > 0);
  const furthest = Math.max(...expected.map((value, i) => Math.abs(value - values[i])));
  assert.ok(furthest < 1e-5 * Math.max(...expected), `${furthest}`);
});

test('integrated gradients add up to the logit of the image less that of black', async () => {
  const [of, ofBlack] = [await logitsOf(pixels), await logitsOf(new Uint8Array(pixels.length))];
  let [largest, furthest] = [0, 0];
  for (let c = 0; c < model.classes; c++) {
    const { values } = await heatMap('integrated-gradients', network, pixels, c);
    const whole = values.reduce((sum, value) => sum + value, 0);
    largest = Math.max(largest, Math.abs(of[c] - ofBlack[c]));
    furthest = Math.max(furthest, Math.abs(whole - (of[c] - ofBlack[c])));
  }
  // The way has corners, where a ReLU opens, so a sum over 64 points is near and not equal.
  assert.ok(largest > 1 && furthest < 0.05 * largest, `${furthest} of ${largest}`);
});

test('occlusion of an image that is the mean colour already changes nothing, of a picture something', async () => {
  const grey = preprocessing.mean.map((mean) => Math.round(255 * mean));
  const empty = Uint8Array.from(pixels, (_, i) => grey[i % 3]);
  const nothing = await heatMap('occlusion', network, empty, CLASS);
  assert.ok(nothing.values.every((value) => Math.abs(value) < 1e-5));
  const something = await heatMap('occlusion', network, pixels, CLASS);
  assert.is(something.values.length, 32 * 32);
  assert.ok(something.values.some((value) => Math.abs(value) > 0.01));
});

test('Grad-CAM++ weighs several places where Grad-CAM has one mean; both are of one size', async () => {
  const [one, other] = [
    await heatMap('grad-cam', network, pixels, CLASS),
    await heatMap('grad-cam++', network, pixels, CLASS),
  ];
  assert.is(one.values.length, other.values.length);
  assert.not.equal([...one.values], [...other.values]);
  assert.ok(other.values.every((value) => value >= 0));
});

test('a map that is empty, or speaks against the class only, leaves the picture as it is', () => {
  const image = { width: 4, height: 4, pixels: Uint8Array.from({ length: 48 }, (_, i) => i) };
  for (const value of [0, -1]) {
    const map = { width: 2, height: 2, values: new Float64Array(4).fill(value) };
    assert.equal(overlay(image, map), image);
  }
  const one = overlay(image, { width: 2, height: 2, values: Float64Array.of(1, 0, 0, 0) });
  assert.ok(one.pixels[0] > 100, 'the corner of the largest value is red');
  assert.equal([...one.pixels.slice(-3)], [45, 46, 47], 'the opposite one is as it was');
});

test('the picture of an explanation has its own size, the class, what was not seen, and a legend', () => {
  const image = { width: 320, height: 400, pixels: new Uint8Array(320 * 400 * 3).fill(100) };
  const half = { width: 2, height: 1, values: Float64Array.of(0, 1) };
  const facts = { image, preprocessing, map: half, index: 3, probability: 0.931 };
  const sheet = explainedPicture({ ...facts, label: 'bag' });
  assert.is(sheet.width, 320);
  const band = (sheet.height - 400) / 2;
  const at = (x: number, y: number) => [...sheet.pixels.subarray((y * 320 + x) * 3, (y * 320 + x) * 3 + 3)];
  const lit = (one: typeof sheet) =>
    one.pixels.subarray(0, band * 320 * 3).filter((value) => value >= 200).length;
  assert.ok(lit(sheet) > 100, 'letters');
  assert.ok(lit(sheet) > lit(explainedPicture({ ...facts, label: '' })), 'the class');
  assert.is(
    lit(explainedPicture({ ...facts, label: '苹果' })),
    lit(explainedPicture({ ...facts, label: 'class 3' })),
  );
  // The network sees the square in the middle: 40 rows above and below it are darker.
  for (const y of [0, 39, 360, 399]) assert.equal(at(10, band + y), [50, 50, 50]);
  assert.equal(at(10, band + 40), [100, 100, 100]);
  const [red, , blue] = at(310, band + 200);
  assert.ok(red! > 150 && blue! < 60, 'what speaks most is red');
  const legend = Array.from({ length: 320 }, (_, x) => at(x, band + 400 + band / 2)).filter(
    ([r, g]) => r !== g,
  );
  assert.ok(legend.length > 150, 'the colours from the least to the most');
  const last = legend.at(-2)!;
  assert.ok(last[0]! > 150 && last[2]! < 90);
  const wide = { width: 2100, height: 40, pixels: new Uint8Array(2100 * 40 * 3) };
  assert.is(explainedPicture({ ...facts, image: wide, label: 'bag' }).width, 2048);
});

test('explain replaces its own pictures and no other file', async () => {
  const out = newFolder();
  const again = () => explain({ weights, images: [bag], out, device: 'cpu', threads: 1 }, listener());
  const [first] = (await again()).images as readonly Explanation[];
  await again();
  writeFileSync(first!.picture, readFileSync(bag));
  await fails(again(), 'input', /file of this name that attune did not write.*00\.grad-cam\.png.*--out/);
  assert.equal(readFileSync(first!.picture), readFileSync(bag));
});

test('explain writes a picture for each image, says what it is of, and finds the nearest training images', async () => {
  const data = newFolder();
  cpSync(demo('images/train'), data, { recursive: true });
  const run = newPath();
  await finetune({ data, weights, out: run, strategy: 'probe', device: 'cpu', threads: 1 }, listener());
  const out = newPath();
  const train = join(data, 'bag', '05.png');
  const options = { run, images: [train, bag], neighbors: 2, out, device: 'cpu', threads: 1 } as const;
  const result = await explain(options, listener());
  assert.is(result.method, 'grad-cam');
  const [first, second] = result.images as readonly Explanation[];
  assert.is(first.picture, join(out, '05.grad-cam.png'));
  // Of 32 pixels, each seven times as wide, with words above and below.
  const { width, height } = await decodeImage(first.picture);
  assert.is(width, 224);
  assert.ok(height > 224 && height < 300, `${height}`);
  assert.is(first.label, 'bag');
  assert.ok(first.probability > 1 / 3);
  assert.is(second.map.length, second.map[0].length);
  assert.equal(
    first.neighbors?.map(({ label }) => label),
    ['bag', 'bag'],
  );
  assert.is(first.neighbors?.[0].path, train, 'an image is nearest to itself');
  assert.ok(Math.abs((first.neighbors?.[0].similarity ?? 0) - 1) < 1e-6);
});

test('an image is read shortly before it is explained: however many there are, a few are held at a time', async () => {
  const folder = newFolder();
  const names = Array.from({ length: 40 }, (_, i) => `${10 + i}.png`);
  for (const name of [...names, '0/10.png']) cpSync(bag, join(folder, name));
  const last = join(folder, names.at(-1)!);
  const onEvent = (event: RunEvent) => {
    if (event.type === 'progress' && event.task === 'explaining') rmSync(last, { force: true });
  };
  const out = newPath();
  const { images } = await explain(
    { weights, images: [folder], out, device: 'cpu', threads: 1 },
    { onEvent },
  );
  const pictures = images.flatMap((image) => ('picture' in image ? [image.picture] : []));
  assert.is(pictures.length, 40);
  assert.equal(pictures.slice(0, 2), [join(out, '0', '10.grad-cam.png'), join(out, '10.grad-cam.png')]);
  assert.ok(pictures.every((picture) => existsSync(picture)));
  assert.equal(images.at(-1), { path: last, error: 'there is no such image' });
});

test('what cannot be explained is named, the others are done', async () => {
  const folder = newFolder();
  cpSync(bag, join(folder, 'a.png'));
  cpSync(demo('README.md'), join(folder, 'b.png'));
  const out = newPath();
  const { images } = await explain(
    { weights, images: [folder], method: 'occlusion', out, device: 'cpu', threads: 1 },
    listener(),
  );
  assert.ok('picture' in images[0] && existsSync(images[0].picture));
  assert.ok('error' in images[1] && /looks like/.test(images[1].error));
  const wrong = (more: object) => explain({ weights, images: [bag], ...more });
  await fails(wrong({ method: 'grad-cm' }), 'usage', /did you mean grad-cam\?/);
  await fails(
    wrong({ method: 'attention-rollout' }),
    'usage',
    /class token.*resnet-small has none.*grad-cam/,
  );
  await fails(wrong({ neighbors: 3 }), 'usage', /no run folder whose training images/);
  await fails(wrong({ class: 'sneakr' }), 'usage', /knows no class "sneakr"/);
  assert.ok(readFileSync(bag).length > 0);
});

test.run();
