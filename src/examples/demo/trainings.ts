/**
 * The three ways to train the network that the demo compares. Each is a call of `finetune`, as `attune finetune`
 * makes it. There is no validation part: the last epoch counts, and the test images are looked at once, after it.
 */
import { join } from 'node:path';
import { checkpointInfo, writeCheckpoint } from '../../finetune/index.js';
import {
  type FinetuneOptions,
  type FinetuneResult,
  finetune,
  openTensorFile,
  type RunContext,
  resnetSmall,
} from '../../index.js';
import { IMAGES, WEIGHTS } from './files.js';

export const EPOCHS = { full: 40, scratch: 100 } as const;

export type Training = 'probe' | 'full' | 'scratch';

/** All that a training depends on, beside what is shipped. */
export interface TrainingOptions {
  readonly seed: number;
  /** Where its run folder goes, and the weights that it starts from where these are made for it. */
  readonly folder: string;
  readonly device: 'cpu' | 'webgpu';
  readonly threads?: number;
}

/** Batch norm takes its statistics from at least 16 images at once, so that is the batch. */
const ALL_LAYERS: Partial<FinetuneOptions> = { strategy: 'full', batchSize: 16, augment: 'standard' };

/** Trains once, and tests once. */
export async function train(
  training: Training,
  options: TrainingOptions,
  context: RunContext,
): Promise<FinetuneResult> {
  const { seed, folder, device, threads } = options;
  const out = join(folder, `${training}-${seed}`);
  const common = { data: IMAGES, valSplit: 0, seed, out, device, ...(threads !== undefined && { threads }) };
  switch (training) {
    case 'probe':
      return finetune({ ...common, weights: WEIGHTS, strategy: 'probe' }, context);
    case 'full':
      return finetune(
        { ...common, ...ALL_LAYERS, weights: WEIGHTS, epochs: EPOCHS.full, lr: 0.02, headLr: 0.02 },
        context,
      );
    case 'scratch': {
      const weights = join(folder, `untrained-${seed}.safetensors`);
      await writeUntrained(weights, seed);
      return finetune(
        { ...common, ...ALL_LAYERS, weights, epochs: EPOCHS.scratch, lr: 0.02, headLr: 0.02 },
        context,
      );
    }
  }
}

/** The same network with the initial values of a seed; its images are prepared as for the pretrained one. */
async function writeUntrained(path: string, seed: number): Promise<void> {
  const file = await openTensorFile(WEIGHTS);
  const info = checkpointInfo(file, WEIGHTS);
  await file.close();
  if (info === null) throw new Error(`${WEIGHTS} is no checkpoint of attune`);
  await writeCheckpoint(path, resnetSmall({ classes: info.classes.length, seed }), info, {});
}
