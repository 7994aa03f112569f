/** The training images whose features are nearest to those of an image: what the network has seen that is like it. */
import { openFeatureCache, type RgbImage, sampleOf } from '../../inputs/index.js';
import { readCurves } from '../../finetune/advise/stored-run.js';
import { featuresOf } from '../../training/heads/features.js';
import type { LoadedModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { findImages, prepareTrainingData, splitOf } from '../../runs/data/training-data.js';
import type { Device } from '../../program/device.js';

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
 * Computes the features of all training images, and returns what finds the nearest ones of a picture as the
 * network sees it; the nearest first.
 */
export async function nearestImages({
  run,
  device,
  loaded,
  count,
  workers,
  ...context
}: NeighborOptions): Promise<(image: RgbImage) => Promise<Neighbor[]>> {
  const { model, weightsHash } = loaded;
  const { recipe } = await readCurves(run);
  const found = await findImages(recipe.data, splitOf(recipe), context.signal);
  const onlyTraining = { ...found, val: [], test: [] };
  const data = await prepareTrainingData(
    onlyTraining,
    { input: loaded.input, variation: null, workers },
    context,
  );
  const { input } = data;
  const key = { weightsHash, input: input.key, length: model.head.inputs, mixed: device.mixed };
  const cache = await openFeatureCache(key).catch(async (error: unknown) => {
    await data.close();
    throw error;
  });
  try {
    const { images } = data.train;
    const { values, length } = await featuresOf(model, data.train, cache, {
      ...{ device, input, batch: null, ...context },
      activity: 'features of the training images',
    });
    const lengths = images.map((_, i) => norm(values.subarray(i * length, (i + 1) * length)));
    return async (image) => {
      const seen = input.batch([sampleOf(image)]);
      const row = (await device.run(() => model.features(input.record(seen)))) as Float32Array;
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
