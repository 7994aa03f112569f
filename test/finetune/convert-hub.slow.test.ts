/** Hugging Face's folder of a run, in @huggingface/transformers without a network. Needs npm ci --prefix bench/exports. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert, predict } from '#src/finetune/index';
import { imagenetPreprocessing } from '#src/inputs/index';
import { writeCheckpoint } from '#src/runs/checkpoint';
import { randomModel, reader } from '../models/export/support.js';
import { CLASSES, run as smallRun } from './convert-support.js';
import { fails, newFolder, newPath, picture, SIDE, writeFiles } from './support.js';

/** Pictures of SIDE, of which the network takes the middle: nothing is resized, as programs do that differently. */
const MIDDLE = SIDE - 4;

/** A run of a small vision Transformer whose answers differ from picture to picture. */
async function run(): Promise<string> {
  const folder = newFolder();
  const model = randomModel('vit-small', CLASSES.length);
  const preprocessing = { ...imagenetPreprocessing(MIDDLE), resize: SIDE };
  const task = { kind: 'classification', classes: CLASSES } as const;
  const info = { model: 'vit-small', task, preprocessing, temperature: 0.6 };
  await writeCheckpoint(join(folder, 'best.safetensors'), model, info, { seed: 7 });
  return folder;
}

test('a folder of a vision Transformer gives the labels and probabilities of predict', async () => {
  const from = await run();
  const to = newPath();
  const { format, files } = await convert({ from, to, names: 'huggingface' });
  assert.is(format, 'huggingface');
  assert.equal(readdirSync(to).sort(), [
    'config.json',
    'model.safetensors',
    'onnx',
    'preprocessor_config.json',
  ]);
  for (const file of files) assert.ok(existsSync(file), file);
  const images = newFolder();
  const pictures = Object.fromEntries([0, 1, 2, 3].map((i) => [`${i}.png`, picture(i, 5 + i)]));
  writeFiles(images, pictures);
  const { images: answers } = await predict({ run: from, images: [images], device: 'cpu', top: 3 });

  // biome-ignore lint/suspicious/noExplicitAny: a package that is not installed with the others.
  const { env, pipeline } = reader<any>('@huggingface/transformers');
  Object.assign(env, { allowRemoteModels: false, localModelPath: dirname(to), useFSCache: false });
  const classify = await pipeline('image-classification', basename(to), { dtype: 'fp32' });
  const spread: number[] = [];
  let largest = 0;
  for (const [i, answer] of answers.entries()) {
    assert.ok('predictions' in answer);
    const found = await classify(join(images, `${i}.png`), { top_k: 3 });
    assert.equal(
      found.map(({ label }: { label: string }) => label),
      answer.predictions.map(({ label }) => label),
    );
    for (const [k, { probability }] of answer.predictions.entries()) {
      largest = Math.max(largest, Math.abs(found[k].score - probability));
      assert.ok(Math.abs(found[k].score - probability) < 1e-4, `${found[k].score}, not ${probability}`);
    }
    spread.push(answer.predictions[0]!.probability);
  }
  console.log(`# probabilities differ by ${largest.toExponential(1)}`);
  assert.ok(Math.max(...spread) - Math.min(...spread) > 0.01, `all answers are alike: ${spread.join(' ')}`);
  await classify.dispose();
});

test('its description says what the network is, and its weights are read back', async () => {
  const from = await run();
  const to = newPath();
  await convert({ from, to, names: 'huggingface' });
  const json = (name: string) => JSON.parse(readFileSync(join(to, name), 'utf8'));
  const { id2label, label2id, ...config } = json('config.json');
  assert.equal(Object.values(id2label), CLASSES);
  assert.equal(
    Object.entries(label2id),
    CLASSES.map((name, i) => [name, i]),
  );
  assert.is(config.problem_type, 'single_label_classification');
  assert.is(config.hidden_size * config.num_hidden_layers, 128 * 6);
  assert.is(config.image_size, 32);
  const { crop_size: crop, size, resample } = json('preprocessor_config.json');
  assert.equal([crop.height, size.shortest_edge, resample], [MIDDLE, SIDE, 2]);
  const back = `${newPath()}.safetensors`;
  const { model } = await convert({ from: join(to, 'model.safetensors'), to: back });
  assert.is(model, 'vit-small');
});

test('a network without such a description is refused before anything is written', async () => {
  const { folder } = await smallRun();
  const to = newPath();
  await fails(
    convert({ from: folder, to, names: 'huggingface' }),
    'usage',
    /no folder of Hugging Face's for resnet-small/,
  );
  assert.is(existsSync(to), false);
});

test.run();
