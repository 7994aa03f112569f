/**
 * The three ways to train the network that the demo compares. Each is a call of `finetune`, as `attune finetune`
 * makes it. There is no validation part: the last epoch counts, and the test images are looked at once, after it.
 */
import { join } from 'node:path';
import { checkpointInfo, writeCheckpoint } from '../../finetune/index.js';
import { taskOf } from '../../tasks/index.js';
import {
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  openTensorFile,
  type RunContext,
  resnetSmall,
} from '../../index.js';
import { IMAGES, WEIGHTS } from './files.js';

/**
 * Epochs and learning rates of all layers. They were chosen, as the augmentation was, on 200 other garments of each
 * class, which are not shipped. From nothing, a rate of 0.05 did better than 0.02 and 0.1, and a hundred epochs no
 * better than fifty.
 */
export const EPOCHS = { full: 20, scratch: 50 } as const;
const RATES = { full: 0.02, scratch: 0.05 } as const;

export type Training = 'probe' | 'full' | 'scratch';

/** All that a training depends on, beside what is shipped. */
export interface TrainingOptions {
  readonly seed: number;
  /** Where its run folder goes, and the weights that it starts from where these are made for it. */
  readonly folder: string;
  readonly device: 'cpu' | 'webgpu';
  readonly threads?: number;
}

/** Trains once, and tests once. */
export async function train(
  training: Training,
  { seed, folder, device, threads }: TrainingOptions,
  context: RunContext,
): Promise<FinetuneResult> {
  const out = join(folder, `${training}-${seed}`);
  const common = { data: IMAGES, valSplit: 0, seed, out, device, ...(threads !== undefined && { threads }) };
  switch (training) {
    case 'probe':
      return finetune({ ...common, weights: WEIGHTS, strategy: 'probe' }, context);
    case 'full':
      return finetune({ ...common, ...allLayers('full'), weights: WEIGHTS }, context);
    case 'scratch': {
      const weights = join(folder, `untrained-${seed}.safetensors`);
      await writeUntrained(weights, seed);
      return finetune({ ...common, ...allLayers('scratch'), weights }, context);
    }
  }
}

/** Batch norm takes its statistics from at least 16 images at once, so that is the batch. */
export function allLayers(training: 'full' | 'scratch'): Partial<FinetuneOptions> {
  const [epochs, lr] = [EPOCHS[training], RATES[training]];
  const sgd = { optimizer: 'sgd', lr, headLr: lr, maxGradientNorm: 0 } as const;
  return { strategy: 'full', batchSize: 16, augment: 'flip', batchNorm: 'train', epochs, ...sgd };
}

/** The same network with the initial values of a seed; its images are prepared as for the pretrained one. */
async function writeUntrained(path: string, seed: number): Promise<void> {
  const file = await openTensorFile(WEIGHTS);
  const info = checkpointInfo(file, WEIGHTS);
  await file.close();
  if (info === null) throw new Error(`${WEIGHTS} is no checkpoint of attune`);
  await writeCheckpoint(path, resnetSmall({ classes: taskOf(info.task).names.length, seed }), info, {});
}
