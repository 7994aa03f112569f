/** onnxruntime and TensorFlow.js give the probabilities of a run. Needs npm ci --prefix bench/exports. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert, predict } from '#src/finetune/index';
import { reader } from '../models/export/support.js';
import { newFolder, picture, SIDE, writeFiles } from './support.js';
import { run } from './convert-support.js';

const TEMPERATURE = 0.37;

/** What `convert` says of images of the network's own size, done by hand: [height, width, 3]. */
function prepared(png: Uint8Array, mean: readonly number[], std: readonly number[]): Float32Array {
  const { data } = PNG.sync.read(Buffer.from(png));
  return Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [place, c] = [Math.floor(i / 3), i % 3];
    return (data[4 * place + c] / 255 - mean[c]) / std[c];
  });
}

/** A run with a temperature, its own answers to a picture, and that picture as the network takes it. */
async function answered(ending: string) {
  // Nothing is resized or cut, so that the pixels are those of the file.
  const { folder } = await run(TEMPERATURE, { resize: SIDE });
  const png = picture(1, 5);
  const images = newFolder();
  writeFiles(images, { 'a.png': png });
  const { images: answers } = await predict({ run: folder, images: [images], device: 'cpu', top: 3 });
  const [answer] = answers;
  assert.ok('predictions' in answer);
  const expected = answer.predictions.toSorted((a, b) => a.index - b.index);
  const to = join(newFolder(), `model.${ending}`);
  const { preprocessing } = await convert({ from: folder, to });
  assert.ok(preprocessing);
  const pixels = prepared(png, preprocessing!.mean, preprocessing!.std);
  return { to, pixels, probabilities: expected.map(({ probability }) => probability) };
}

function assertClose(found: ArrayLike<number>, expected: readonly number[]): void {
  for (const [c, probability] of expected.entries())
    assert.ok(Math.abs(found[c] - probability) < 1e-5, `class ${c}: ${found[c]}, not ${probability}`);
}

test('the probabilities of an ONNX model in onnxruntime are those of predict', async () => {
  const { to, pixels, probabilities } = await answered('onnx');
  // biome-ignore lint/suspicious/noExplicitAny: a package that is not installed with the others.
  const { InferenceSession, Tensor } = reader<any>('onnxruntime-node');
  const channelsFirst = pixels.map((_, i) => pixels[(i % SIDE ** 2) * 3 + Math.floor(i / SIDE ** 2)]);
  const session = await InferenceSession.create(to, { intraOpNumThreads: 1 });
  const given = { images: new Tensor('float32', channelsFirst, [1, 3, SIDE, SIDE]) };
  assertClose((await session.run(given)).probabilities.data, probabilities);
});

test('the output of a TensorFlow.js model is what predict says', async () => {
  const { to, pixels, probabilities } = await answered('json');
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const [core, layers] = ['core', 'layers'].map((name) => reader<any>(`@tensorflow/tfjs-${name}`));
  reader('@tensorflow/tfjs-backend-cpu');
  await core.setBackend('cpu');
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(to, 'utf8'));
  const [{ paths, weights }] = weightsManifest;
  const shards = paths.map((path: string) => readFileSync(join(dirname(to), path)));
  const model = await layers.loadLayersModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weights,
      weightData: new Uint8Array(Buffer.concat(shards)).buffer,
    }),
  });
  assertClose(model.predict(core.tensor(pixels, [1, SIDE, SIDE, 3])).dataSync(), probabilities);
});

test.run();
