/** The pictures of event files: what the first step sees, and what the network tells worst at the end. */
import {
  augmentationOf,
  type ImagePool,
  type LabelledPicture,
  pictureGrid,
  type Preprocessing,
  resizeImage,
  type RgbImage,
  trainingBatches,
} from '../../inputs/index.js';
import { sideOf } from '../inference/inference.js';
import type { ImagePart } from '../../runs/data/training-data.js';
import type { Task } from '../../tasks/index.js';
import { batchParts } from '../step/batch-parts.js';
import type { FullStage } from '../step/stage-context.js';
import { changesOf, samplingOf } from '../../methods/index.js';
import { joinsSingle } from '../step/batch-ranges.js';
import { networkInput } from '../step/training-step.js';

const MOST_PICTURES = 16;
const COLUMNS = 4;
/** Larger pictures are made smaller on a sheet. */
const MOST_SIDE = 128;

/** The first images of the first epoch as the network sees them: cut, varied, mixed and erased. */
export async function firstImages({ device, data, state }: FullStage, pool: ImagePool): Promise<RgbImage> {
  const { recipe, preprocessing } = state;
  const { task, training } = data;
  const side = sideOf(preprocessing);
  const batches = trainingBatches(training, {
    ...{ batchSize: recipe.batch_size, seed: recipe.seed, epoch: 0, sampling: samplingOf(recipe) },
    joinSingle: joinsSingle(state.frozen.batch_norm),
    ...{ ahead: 0, augmentation: augmentationOf(recipe.augment, recipe.crop_scale), side, pool },
  });
  for await (const batch of batches) {
    const images = Array.from(batch.indices, (index) => training.images[index]);
    const [part] = batchParts(batch, {
      targets: task.targets(images),
      changes: changesOf(recipe, { step: 1, side, samples: batch.samples }),
      imageWeights: new Float32Array(training.images.length).fill(1),
      ranges: [[0, Math.min(images.length, MOST_PICTURES)]],
    });
    const seen = await device.run(() => networkInput(part, { preprocessing, side }));
    const length = side * side * 3;
    const pictures = Array.from(part.shares, (_, i) => ({
      label: task.truth(images[i]),
      image: shown(bytesOf(seen.subarray(i * length, (i + 1) * length), preprocessing), side),
    }));
    return pictureGrid(pictures, COLUMNS);
  }
  throw new RangeError('an epoch has at least one batch');
}

/** Some images as evaluation sees them, evenly spread: they are in the order of their classes. */
export async function someImages({ images, dataset }: ImagePart, task: Task): Promise<RgbImage> {
  const count = Math.min(images.length, MOST_PICTURES);
  const pictures: LabelledPicture[] = [];
  for (let i = 0; i < count; i++) {
    const index = Math.floor(((i + 0.5) * images.length) / count);
    const image = shown(await dataset.read(index), dataset.width);
    pictures.push({ label: task.truth(images[index]), image });
  }
  return pictureGrid(pictures, COLUMNS);
}

/**
 * The validation images of the largest losses, with what they show and what they are taken for. `outputs` [images, names]
 * are those of the network. Null when there are none.
 */
export async function worstImages(
  { images, dataset }: ImagePart,
  outputs: Float32Array,
  task: Task,
  temperature: number | null,
): Promise<RgbImage | null> {
  if (images.length === 0) return null;
  const width = task.names.length;
  const rowOf = (index: number) => outputs.subarray(index * width, (index + 1) * width);
  const losses = images.map((image, i) => task.score(rowOf(i), [image]).loss ?? 0);
  const order = [...losses.keys()].sort((a, b) => losses[b] - losses[a]).slice(0, MOST_PICTURES);
  const pictures: LabelledPicture[] = [];
  for (const index of order) {
    const label = `${task.truth(images[index])} / ${task.said(rowOf(index), temperature)}`;
    pictures.push({ label, image: shown(await dataset.read(index), dataset.width) });
  }
  return pictureGrid(pictures, COLUMNS);
}

/** Back from what the network takes to bytes. */
function bytesOf(
  values: ArrayLike<number>,
  { mean, std }: Pick<Preprocessing, 'mean' | 'std'>,
): Uint8ClampedArray {
  return Uint8ClampedArray.from(values, (value, i) => 255 * (value * std[i % 3] + mean[i % 3]));
}

function shown(pixels: Uint8Array | Uint8ClampedArray, side: number): RgbImage {
  const picture = { width: side, height: side, pixels: Uint8Array.from(pixels) };
  return side <= MOST_SIDE ? picture : resizeImage(picture, MOST_SIDE, MOST_SIDE, 'bilinear');
}
