/** The pictures of event files: what the first step sees, and what the network tells worst at the end. */
import {
  type Input,
  type LabelledPicture,
  pictureGrid,
  resizeImage,
  type RgbImage,
  rowsOf,
} from '../../inputs/index.js';
import { oneTensor } from '../../nn/index.js';
import type { Device } from '../../program/device.js';
import type { SamplePart } from '../../runs/data/training-data.js';
import type { Task } from '../../tasks/index.js';
import { type MicroBatch, microBatchesOf } from '../step/micro-batches.js';
import type { FullStage } from '../step/stage-context.js';
import { changesOf, samplingOf } from '../../methods/index.js';
import { joinsSingle } from '../step/batch-ranges.js';
import { networkInput } from '../step/training-step.js';

const MOST_PICTURES = 16;
const COLUMNS = 4;
/** Larger pictures are made smaller on a sheet. */
const MOST_SIDE = 128;

/** The first images of the first epoch as the network sees them: cut, varied, mixed and erased. */
export async function firstImages({ device, data, state }: FullStage): Promise<RgbImage> {
  const { recipe } = state;
  const { task, training, input } = data;
  const batches = training.batches({
    ...{ batchSize: recipe.batch_size, seed: recipe.seed, epoch: 0, sampling: samplingOf(recipe) },
    joinSingle: joinsSingle(state.frozen.batch_norm),
    ahead: 0,
  });
  for await (const batch of batches) {
    const images = Array.from(batch.indices, (index) => training.images[index]);
    const [micro] = microBatchesOf(batch, {
      targets: task.targets(images),
      changes: changesOf(recipe, { step: 1, shape: input.shape, samples: batch.samples }),
      imageWeights: new Float32Array(training.images.length).fill(1),
      ranges: [[0, Math.min(images.length, MOST_PICTURES)]],
    });
    const seen = await seenOf(device, micro, input);
    const pictures = seen.map((image, i) => ({ label: task.truth(images[i]), image: small(image) }));
    return pictureGrid(pictures, COLUMNS);
  }
  throw new RangeError('an epoch has at least one batch');
}

/** The samples of a micro-batch as the network sees them; as they were prepared, where its tensors say nothing to people. */
async function seenOf(device: Device, micro: MicroBatch, input: Input): Promise<RgbImage[]> {
  const { seen } = input;
  const count = micro.shares.length;
  if (seen === null)
    return Array.from({ length: count }, (_, i) => input.picture(rowsOf(micro, i, i + 1).arrays));
  const values = await device.run(() => oneTensor(networkInput(micro, input), 'tensorboard'));
  const length = values.length / count;
  return Array.from({ length: count }, (_, i) => seen(values.subarray(i * length, (i + 1) * length)));
}

/** How samples and what they are taken for are shown. */
export interface Shown {
  readonly input: Input;
  readonly task: Task;
}

/** Some images as evaluation sees them, evenly spread: they are in the order of their classes. */
export async function someImages({ images, source }: SamplePart, { input, task }: Shown): Promise<RgbImage> {
  const count = Math.min(images.length, MOST_PICTURES);
  const pictures: LabelledPicture[] = [];
  for (let i = 0; i < count; i++) {
    const index = Math.floor(((i + 0.5) * images.length) / count);
    const image = small(input.picture(await source.read(index)));
    pictures.push({ label: task.truth(images[index]), image });
  }
  return pictureGrid(pictures, COLUMNS);
}

/**
 * The validation images of the largest losses, with what they show and what they are taken for. `outputs` [images, names]
 * are those of the network. Null when there are none.
 */
export async function worstImages(
  { images, source }: SamplePart,
  outputs: Float32Array,
  { input, task }: Shown,
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
    pictures.push({ label, image: small(input.picture(await source.read(index))) });
  }
  return pictureGrid(pictures, COLUMNS);
}

function small(picture: RgbImage): RgbImage {
  const { width, height } = picture;
  const scale = MOST_SIDE / Math.max(width, height);
  if (scale >= 1) return picture;
  return resizeImage(picture, Math.round(width * scale), Math.round(height * scale), 'bilinear');
}
