/** What the tests of the full stage share: tiny runs of the small ResNet, and comparing what they wrote. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type FinetuneOptions, type FinetuneResult, finetune } from '#src/finetune/index';
import { openTensorFile, writeSafetensors } from '#src/formats/index';
import { findModel } from '#src/models/index';
import { stateDict } from '#src/nn/state-dict';
import * as assert from 'uvu/assert';
import { eventFiles, withoutClocks } from './event-support.js';
import { imageFolderOf, newPath, pictures, randomNumbers, scratch, writeFiles } from './support.js';

export const CLASSES = ['ant', 'bee'];

/** 16 pictures to train, 6 to validate, 4 to test. */
export function smallData(): string {
  const data = imageFolderOf([], 0);
  writeFiles(join(data, 'train'), pictures(CLASSES, 8));
  writeFiles(join(data, 'val'), pictures(CLASSES, 3, 100));
  writeFiles(join(data, 'test'), pictures(CLASSES, 2, 200));
  return data;
}

/**
 * The options of a full stage of two epochs, 32 pixels, on one thread of the CPU and one that decodes: with
 * images this small, starting and waiting for more takes a third of the processor's time. The results are the same.
 */
export function fullRun(data: string, more: Partial<FinetuneOptions> = {}): FinetuneOptions {
  const { batchSize = 8, microBatch, optimizer = 'sgd', lr = (0.001 * batchSize) / 32 } = more;
  return {
    data,
    model: 'resnet-small',
    weights: 'none',
    strategy: 'full',
    epochs: 2,
    batchSize,
    ...(more.strategy !== 'probe' && {
      batchNorm: (typeof microBatch === 'number' ? microBatch : batchSize) < 16 ? 'frozen' : 'train',
      ...(optimizer === 'sgd' && { optimizer, lr, headLr: 10 * lr, maxGradientNorm: 0 }),
    }),
    device: 'cpu',
    threads: 1,
    workers: 1,
    out: newPath(),
    ...more,
  };
}

/** Runs, and aborts after `batches` batches of the full stage, counted over all epochs. */
export async function interrupted(batches: number, options: FinetuneOptions): Promise<FinetuneResult> {
  const controller = new AbortController();
  let done = 0;
  const result = await finetune(options, {
    signal: controller.signal,
    onEvent(event) {
      if (event.type === 'progress' && event.task.startsWith('epoch') && ++done === batches)
        controller.abort();
    },
  });
  assert.is(result.interrupted, true);
  return result;
}

/**
 * A file of weights for the small ResNet whose running statistics are not those of a new one. `mean` is that of the first
 * batch norm.
 */
export async function smallWeights(mean = -0.5): Promise<string> {
  const path = join(scratch, `resnet-small${mean}.safetensors`);
  const random = randomNumbers(11);
  const tensors = [...(await stateDict(findModel('resnet-small').create({ classes: 5, seed: 3 }))).values()];
  const changed = tensors.map((tensor) => {
    if (!/running_(mean|var)$/.test(tensor.name)) return tensor;
    const offset = tensor.name.endsWith('var') ? 0.5 : tensor.name === 'bn1.running_mean' ? mean : -0.5;
    return { ...tensor, data: (tensor.data as Float32Array).map(() => offset + random()) };
  });
  await writeSafetensors(path, changed);
  return path;
}

/** Every tensor of a file by name. */
export async function readTensors(path: string): Promise<Map<string, Float32Array>> {
  const file = await openTensorFile(path);
  try {
    const tensors = new Map<string, Float32Array>();
    for (const tensor of file.tensors) tensors.set(tensor.name, (await tensor.read()) as Float32Array);
    return tensors;
  } finally {
    await file.close();
  }
}

/** Asserts that two files hold the same tensors, bit for bit. */
export async function assertSameTensors(path: string, expected: string): Promise<void> {
  const [tensors, others] = [await readTensors(path), await readTensors(expected)];
  assert.equal([...tensors.keys()], [...others.keys()]);
  for (const [name, values] of tensors) {
    assert.ok(
      bytesOf(values).equals(bytesOf(others.get(name)!)),
      `${name} of ${path} differs from ${expected}`,
    );
  }
}

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/**
 * Asserts that two run folders hold the same files, and in them the same weights, statistics and moments; the
 * `identical` exports are compared as files, metadata included; and where they all are, what the event files say.
 */
export async function assertSameRuns(
  run: string,
  expected: string,
  identical: readonly ('best' | 'last')[] = ['best', 'last'],
): Promise<void> {
  assert.equal(filesOf(run), filesOf(expected));
  for (const name of ['best', 'last', 'state']) {
    await assertSameTensors(join(run, `${name}.safetensors`), join(expected, `${name}.safetensors`));
  }
  for (const name of identical.map((part) => `${part}.safetensors`)) {
    assert.ok(readFileSync(join(run, name)).equals(readFileSync(join(expected, name))), `${name} differs`);
  }
  if (identical.length === 2) assert.equal(withoutClocks(run), withoutClocks(expected));
}

/** Without event files, whose names tell when they were begun, and of which there is one for each process. */
export function filesOf(run: string): string[] {
  const events = eventFiles(run);
  return readdirSync(run)
    .filter((name) => !events.includes(name))
    .sort();
}

/** The largest difference between the tensors of two files. */
export async function largestDifference(path: string, other: string): Promise<number> {
  const [tensors, others] = [await readTensors(path), await readTensors(other)];
  let most = 0;
  for (const [name, values] of tensors) {
    values.forEach((value, i) => {
      most = Math.max(most, Math.abs(Number(value) - Number(others.get(name)![i])));
    });
  }
  return most;
}
