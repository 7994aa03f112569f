/** Networks of other kinds than ResNets go through all that a run can do: heads, layers, rates, memory, resuming, files. */
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { convert, finetune, resume } from '#src/finetune/index';
import { findModel, loadWeights } from '#src/models/index';
import { stateDict } from '#src/nn/index';
import { explain } from '#src/report/index';
import { assertSameTensors, bytesOf, interrupted, readTensors, smallData } from './full-support.js';
import { assertTrains, type MobileNetCase } from './mobilenet-suite.js';
import { newPath, scratch, SIDE, writeWeights } from './support.js';

/** A name, where training begins, and a tensor on either side. */
const NETWORKS: readonly MobileNetCase[] = [
  {
    architecture: 'mobilenet_v3_small',
    trainFrom: 'features.9',
    frozen: 'features.8.block.3.0.weight',
    trained: 'classifier.0.weight',
  },
  {
    architecture: 'efficientnet_b0',
    trainFrom: 'features.6.3',
    frozen: 'features.6.2.block.2.fc2.weight',
    trained: 'features.6.3.block.2.fc2.weight',
  },
  {
    architecture: 'convnext_tiny',
    trainFrom: 'features.6',
    frozen: 'features.5.8.layer_scale',
    trained: 'features.7.2.layer_scale',
  },
];

const where = { device: 'cpu' } as const;
const data = smallData();

async function weightsOf(architecture: string): Promise<string> {
  return writeWeights(join(scratch, `${architecture}-7.safetensors`), 7, 1000, architecture);
}

for (const network of NETWORKS) {
  const { architecture } = network;
  test(`${architecture} is trained from layer ${network.trainFrom} on, evaluated, and predicts`, () =>
    assertTrains({ ...network, model: architecture }, where));

  test(`${architecture}, stopped and resumed, trains to the same bytes, by rates of layers and with little memory`, async () => {
    const weights = await weightsOf(architecture);
    const options = () => ({
      ...{ data, model: architecture, weights, strategy: 'full', epochs: 2, batchSize: 8, imageSize: SIDE },
      ...{ lrDecay: 0.7, stochasticDepth: 0.1, memory: 'low', workers: 1, threads: 1, out: newPath() },
      ...where,
    });
    const whole = await finetune(options());
    assert.ok(whole.epochs.every(({ train_loss }) => Number.isFinite(train_loss)));
    const stopped = await interrupted(3, options());
    await resume({ resume: stopped.run });
    for (const name of ['best', 'last', 'state'])
      await assertSameTensors(
        join(stopped.run, `${name}.safetensors`),
        join(whole.run, `${name}.safetensors`),
      );
    await assertConverts(architecture, whole.run);
  });

  test(`${architecture} joins its last groups of layers one by one`, async () => {
    const weights = await weightsOf(architecture);
    const groups = findModel(architecture).create().layerGroups();
    const trainFrom = groups.at(-2)!.name;
    const { run } = await finetune({
      ...{ data, model: architecture, weights, strategy: 'gradual', trainFrom, epochs: 2, batchSize: 8 },
      ...{ imageSize: SIDE, workers: 1, out: newPath(), ...where },
    });
    const [before, after] = [await readTensors(weights), await readTensors(join(run, 'last.safetensors'))];
    const isWeight = (name: string) => /(?:weight|bias|layer_scale)$/.test(name);
    const changed = [...after].flatMap(([name, values]) =>
      isWeight(name) && !bytesOf(values).equals(bytesOf(before.get(name)!)) ? [name] : [],
    );
    const isBelow = (name: string) =>
      groups.slice(0, -2).some(({ layers }) => layers.some((layer) => name.startsWith(`${layer}.`)));
    assert.not(changed.some(isBelow));
    assert.ok(changed.some((name) => groups.at(-2)!.layers.some((layer) => name.startsWith(`${layer}.`))));
  });

  test(`a probe of ${architecture}, and what it looks at`, async () => {
    const weights = await weightsOf(architecture);
    const { run } = await finetune({
      ...{
        data,
        model: architecture,
        weights,
        strategy: 'probe',
        imageSize: SIDE,
        workers: 1,
        out: newPath(),
      },
      ...where,
    });
    const { images } = await explain({ run, images: [join(data, 'test')], out: newPath(), ...where });
    assert.is(images.length, 4);
  });
}

/** VGG16 has 138 million weights: its head and the layer below it. */
test('vgg16 is trained from its second hidden layer on, evaluated, and predicts', () =>
  assertTrains(
    {
      architecture: 'vgg16',
      model: 'vgg16',
      trainFrom: 'classifier.3',
      frozen: 'classifier.0.bias',
      trained: 'classifier.3.bias',
    },
    where,
  ));

/** Files of a run hold its values: of a state dict by PyTorch's names, and of a graph by the same. */
async function assertConverts(architecture: string, run: string): Promise<void> {
  const expected = await readTensors(join(run, 'best.safetensors'));
  for (const ending of ['pth', 'safetensors', 'onnx']) {
    const to = `${newPath()}.${ending}`;
    await convert({ from: run, to });
    const model = findModel(architecture).create({ classes: 2 });
    await loadWeights(model, to);
    for (const [name, { data: values }] of await stateDict(model)) {
      // The temperature of the probabilities divides the head.
      if (name.startsWith(`${model.headName}.`)) continue;
      assert.ok(bytesOf(values as Float32Array).equals(bytesOf(expected.get(name)!)), `${ending}: ${name}`);
    }
  }
}

test.run();
