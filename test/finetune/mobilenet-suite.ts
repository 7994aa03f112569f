/** MobileNetV2 end to end, in either graph: a run, its evaluation and a prediction. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { evaluate, type FinetuneOptions, finetune, predict } from '#src/finetune/index';
import { openTensorFile } from '#src/formats/index';
import * as assert from 'uvu/assert';
import { newFolder, newPath, pictures, scratch, writeFiles, writeWeights } from './support.js';

const CLASSES = ['plain', 'striped'];

/** `trainFrom`: an index of Keras's list, or a name; `frozen` and `trained`: tensors below and above it. */
export interface MobileNetCase {
  readonly architecture: string;
  /** What the run is told. Default: MobileNetV2, without its graph, which the weights decide. */
  readonly model?: string;
  readonly trainFrom: string;
  readonly frozen: string;
  readonly trained: string;
}

export const MOBILE_NETS: readonly MobileNetCase[] = [
  {
    architecture: 'mobilenet_v2',
    trainFrom: 'features.17',
    frozen: 'features.16.conv.2.weight',
    trained: 'features.17.conv.0.0.weight',
  },
  {
    architecture: 'mobilenet_v2-keras',
    trainFrom: '142',
    frozen: 'block_15_project.weight',
    trained: 'block_16_expand.weight',
  },
];

export async function assertTrains(
  { architecture, model: named = 'mobilenet_v2', trainFrom, frozen, trained }: MobileNetCase,
  where: Pick<FinetuneOptions, 'device' | 'adapter'>,
): Promise<void> {
  const data = newFolder();
  writeFiles(join(data, 'train'), pictures(CLASSES, 4));
  writeFiles(join(data, 'val'), pictures(CLASSES, 2, 100));
  const weights = join(scratch, `${architecture}.safetensors`);
  await writeWeights(weights, 7, 1000, architecture);

  const result = await finetune({
    ...{ data, model: named, weights, trainFrom, strategy: 'probe-then-full', epochs: 1 },
    ...{ batchSize: 8, imageSize: 32, augment: 'none', out: newPath(), ...where },
  });
  assert.is(result.model, architecture);
  assert.ok(Number.isFinite(result.epochs.at(-1)!.train_loss));

  const before = await openTensorFile(weights);
  const after = await openTensorFile(result.checkpoints.last!);
  const values = async (file: typeof before, name: string) =>
    [...(await file.tensors.find((tensor) => tensor.name === name)!.read())].slice(0, 8);
  assert.equal(await values(after, frozen), await values(before, frozen));
  assert.not.equal(await values(after, trained), await values(before, trained));
  await before.close();
  await after.close();

  const evaluation = await evaluate({ run: result.run, data: join(data, 'val'), ...where });
  assert.is(evaluation.images, 4);
  const { images, model } = await predict({ run: result.run, images: [join(data, 'val')], ...where });
  assert.is(model, architecture);
  assert.is(images.length, 4);
  const recipe = JSON.parse(readFileSync(join(result.run, 'recipe.json'), 'utf8'));
  assert.is(recipe.model, architecture);
}
