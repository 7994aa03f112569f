/** A batch that does not fit is computed in parts: how many images at once, and what is said about it. */
import { drawSteps, imageInput, imagenetPreprocessing, parseAugment } from '#src/inputs/index';
import { classification } from '#src/tasks/classification';
import type { Task } from '#src/tasks/index';
import { chooseMicroBatch } from '#src/training/step/choose-micro-batch';
import { fieldsOf } from '#src/recipe/parse-recipe';
import { resolveRecipe } from '#src/recipe/recipe';
import { findModel } from '#src/models/index';
import type { Device } from '#src/program/device';
import * as assert from 'uvu/assert';
import { fullRun } from '../finetune/full-support.js';
import { fails, listener } from '../finetune/support.js';

const facts = { images: 512, smallestClass: 256, model: 'resnet-small', weights: 'small.pth', side: 32 };

interface Counts {
  readonly images: number;
  readonly evaluated?: number;
  readonly task: Task;
}

/** The choice for a batch of the small ResNet, and the notes about it. Nothing is run. */
export async function choose(
  device: Device,
  batchSize: number,
  imageSize: number,
  microBatch?: number,
  { images, evaluated = 0, task }: Counts = { images: 100 * batchSize, task: classification(['a', 'b']) },
) {
  const options = fullRun('photos', {
    batchSize,
    imageSize,
    batchNorm: 'auto',
    ...(microBatch && { microBatch }),
  });
  const recipe = resolveRecipe({ data: '', ...fieldsOf(options) }, facts);
  const model = findModel('resnet-small').create({ classes: 2 });
  const context = listener();
  try {
    const input = imageInput(imagenetPreprocessing(imageSize));
    const { parts } = parseAugment(recipe.augment);
    const steps = drawSteps(parts, imageSize, { seed: 0, epoch: 0, index: 0 });
    const blank = (size: number) => ({ ...input.blank(size), steps: new Array(size).fill(steps) });
    const samples = { train: images, evaluated, input, blank };
    const chosen = await chooseMicroBatch(device, model, task, recipe, samples, context);
    const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    return { ...chosen, notes };
  } finally {
    model.memory.close();
  }
}

/** Asserts that the device answers a batch that is too large with accumulation, and one image too large with a sentence. */
export async function assertAccumulates(
  device: Device,
  { batchSize, imageSize, micro }: { batchSize: number; imageSize: number; micro: number },
): Promise<void> {
  const { micro_batch, notes } = await choose(device, batchSize, imageSize);
  assert.is(micro_batch, micro);
  const times = batchSize / micro;
  assert.is(notes[0], `A batch of ${batchSize} is computed as ${times} times ${micro} samples.`);
  await fails(choose(device, batchSize, imageSize, 2 * micro), 'device', /add --memory low, or .*smaller/);
}
