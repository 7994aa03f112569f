/** What a converted network takes and gives: its answers are those of the run, and how to prepare an image is said. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert } from '#src/finetune/convert/convert';
import { predict } from '#src/finetune/index';
import { loadModel } from '#src/runs/model-source';
import { MODEL_NAMES, networkIn } from '#src/models/index';
import { newFolder, picture, writeFiles, writeWeights } from './support.js';
import { run, withFile } from './convert-support.js';

const TEMPERATURE = 0.37;

/** Probabilities of all classes in their order. */
async function answersOf(source: { run: string } | { weights: string }, images: string[]) {
  const result = await predict({ ...source, images, device: 'cpu', threads: 1, workers: 1, top: 3 });
  return result.images.map((image) => {
    assert.ok('predictions' in image);
    return image.predictions.toSorted((a, b) => a.index - b.index);
  });
}

const images = newFolder();
writeFiles(images, { 'a.png': picture(0, 1), 'b.png': picture(1, 2) });
const ofRun = run(TEMPERATURE).then(async ({ folder }) => ({
  folder,
  expected: await answersOf({ run: folder }, [images]),
}));

for (const ending of ['onnx', 'json', 'h5', 'pth', 'safetensors']) {
  test(`a softmax over the logits of .${ending} gives what predict says of the run`, async () => {
    const { folder, expected } = await ofRun;
    const to = join(newFolder(), `model.${ending}`);
    const { temperature, dropped } = await convert({ from: folder, to });
    assert.is(temperature, TEMPERATURE);
    assert.not(dropped.includes('temperature'), 'it is in the weights');

    // Whoever reads the file knows nothing of a temperature, attune itself included.
    const loaded = await loadModel({ weights: to }, {});
    assert.is(loaded.temperature, null);
    const found = await answersOf({ weights: to }, [images]);
    for (const [i, row] of found.entries()) {
      for (const [c, { probability, logit }] of row.entries()) {
        assert.ok(Math.abs(probability - expected[i][c].probability) < 1e-5, `${ending}, class ${c}`);
        assert.ok(Math.abs(logit - expected[i][c].logit / TEMPERATURE) < 1e-3);
      }
      const powers = row.map(({ logit }) => Math.exp(logit));
      const total = powers.reduce((sum, power) => sum + power, 0);
      assert.ok(Math.abs(powers[0] / total - expected[i][0].probability) < 1e-5);
    }
    // Uncalibrated, they would be others.
    const plain = expected[0].map(({ logit }) => Math.exp(logit));
    const share = plain[0] / plain.reduce((sum, power) => sum + power, 0);
    assert.ok(Math.abs(share - expected[0][0].probability) > 1e-3);

    // Converted once more, it is not divided again.
    const again = await convert({ from: to, to: join(newFolder(), 'again.safetensors') });
    assert.is(again.temperature, null);
  });
}

test('the metadata of a graph say by what its logits were divided, and no reader divides once more', async () => {
  const { folder } = await ofRun;
  const to = join(newFolder(), 'model.onnx');
  await convert({ from: folder, to });
  const { temperature, folded_temperature } = await withFile(to, ({ metadata }) => metadata);
  assert.equal([temperature, folded_temperature], [undefined, String(TEMPERATURE)]);
});

test('how to prepare an image, in the order of the format', async () => {
  const { folder } = await run();
  const onnx = await convert({ from: folder, to: join(newFolder(), 'model.onnx') });
  assert.equal(onnx.preprocessing, {
    shape: [3, 32, 32],
    layout: 'channels-first',
    channels: 'RGB',
    resize: 37,
    crop: 32,
    interpolation: 'bilinear',
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  });
  assert.is(onnx.temperature, null);
  const tfjs = await convert({ from: folder, to: join(newFolder(), 'model.json') });
  assert.equal([tfjs.preprocessing?.shape, tfjs.preprocessing?.layout], [[32, 32, 3], 'channels-last']);
});

test('of a state dict it is said which network loads it, and of graphs of others that none does', async () => {
  const { folder } = await run();
  const small = await convert({ from: folder, to: join(newFolder(), 'model.pth') });
  assert.is(small.reader, null, 'the small ResNet is in no library');
  const torch = await writeWeights(join(newFolder(), 'torch.safetensors'), 3, 4, 'mobilenet_v2');
  const timm = await convert({ from: torch, to: join(newFolder(), 'model.pth'), names: 'timm' });
  assert.equal([timm.reader, timm.outputs], [{ library: 'timm', network: 'mobilenetv2_100' }, 4]);
  assert.equal(
    MODEL_NAMES.filter((name) => networkIn('torchvision', name) === null),
    [
      ...['vit_ti_16', 'vit_s_16', 'deit_ti_16_distilled', 'deit_s_16_distilled', 'deit_b_16_distilled'],
      ...['vit-small', 'resnet50-keras', 'mobilenet_v2-keras', 'resnet-small'],
      'series-small',
    ],
  );
});

test.run();
