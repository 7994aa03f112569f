/** The training images whose features are nearest to those of an image: what the network has seen that is like it. */
import { imageKey, openFeatureCache } from '../../inputs/index.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { featuresOf } from '../../training/heads/features.js';
import { sideOf } from '../../training/inference/inference.js';
import type { LoadedModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { findImages, prepareTrainingData, splitOf } from '../../runs/data/training-data.js';
import { normalizeImages } from '../../ops/index.js';
import type { Device } from '../../program/device.js';
import { tensor } from '../../tensor/tensor.js';

/** A training image that is like another. */
export interface Neighbor {
  readonly path: string;
  readonly label: string;
  /** Cosine of the angle between the features of the two, at most 1. */
  readonly similarity: number;
}

export interface NeighborOptions extends RunContext {
  /** The run whose training images are searched. */
  readonly run: string;
  readonly device: Device;
  /** On the device. */
  readonly loaded: LoadedModel;
  readonly count: number;
  readonly workers: number | undefined;
}

/**
 * Computes the features of all training images, and returns what finds the nearest ones of a picture, bytes [side, side,
 * 3]; the nearest first.
 */
export async function nearestImages({
  run,
  device,
  loaded,
  count,
  workers,
  ...context
}: NeighborOptions): Promise<(pixels: Uint8Array) => Promise<Neighbor[]>> {
  const { model, preprocessing, weightsHash } = loaded;
  const { recipe } = await readCurves(run);
  const found = await findImages(recipe.data, splitOf(recipe), context.signal);
  const onlyTraining = { ...found, val: [], test: [] };
  const data = await prepareTrainingData(
    onlyTraining,
    { preprocessing, randomCrops: false, workers },
    context,
  );
  const input = imageKey(preprocessing);
  const key = { weightsHash, input, length: model.head.inputs, mixed: device.mixed };
  const cache = await openFeatureCache(key).catch(async (error: unknown) => {
    await data.close();
    throw error;
  });
  try {
    const { images, dataset } = data.train;
    const { values, length } = await featuresOf(model, images, dataset, cache, {
      ...{ device, preprocessing, batch: null, ...context },
      task: 'features of the training images',
    });
    const lengths = images.map((_, i) => norm(values.subarray(i * length, (i + 1) * length)));
    const side = sideOf(preprocessing);
    return async (pixels) => {
      const row = (await device.run(() => {
        const bytes = tensor(pixels, [1, side, side, 3], 'uint8');
        return model.features(normalizeImages(bytes, preprocessing.mean, preprocessing.std));
      })) as Float32Array;
      const own = norm(row);
      const all = images.map(({ path, label }, i) => ({
        path,
        label: loaded.task.names[label],
        similarity: product(values, i * length, row) / (lengths[i] * own || 1),
      }));
      return all.sort((a, b) => b.similarity - a.similarity).slice(0, count);
    };
  } finally {
    await cache.close();
    await data.close();
  }
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function product(values: Float32Array, at: number, row: Float32Array): number {
  return row.reduce((sum, value, i) => sum + value * values[at + i], 0);
}
