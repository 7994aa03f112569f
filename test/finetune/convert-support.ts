/** What the tests of `convert` share: a run of a small network, and looking into files. */
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { imagenetPreprocessing, type Preprocessing } from '#src/inputs/index';
import { writeCheckpoint } from '#src/runs/checkpoint';
import { openTensorFile, type TensorFile } from '#src/formats/index';
import { type Network, loadWeights, resnetSmall } from '#src/models/index';
import { stateDict } from '#src/nn/index';
import { newFolder } from './support.js';

export const CLASSES = ['ant', 'bee', 'carpenter bee'];

/** A folder with the checkpoint of a small network for three classes, with a temperature or without. */
export async function run(
  temperature: number | null = null,
  more: Partial<Preprocessing> = {},
): Promise<{ folder: string; model: Network }> {
  const folder = newFolder();
  const model = resnetSmall({ classes: 3, seed: 7 });
  const task = { kind: 'classification', classes: CLASSES } as const;
  const info = {
    model: 'resnet-small',
    task,
    preprocessing: { ...imagenetPreprocessing(32), ...more },
    temperature,
  };
  await writeCheckpoint(join(folder, 'best.safetensors'), model, info, { seed: 7 });
  return { folder, model };
}

export async function withFile<T>(path: string, use: (file: TensorFile) => Promise<T> | T): Promise<T> {
  const file = await openTensorFile(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

export async function assertSameValues(path: string, model: Network): Promise<void> {
  const loaded = resnetSmall({ classes: 3 });
  await loadWeights(loaded, path);
  const [expected, found] = await Promise.all([stateDict(model), stateDict(loaded)]);
  for (const [name, { data }] of expected) assert.equal(found.get(name)?.data, data, name);
}

/** Fails unless both files hold the same tensors. Buffers, as megabytes are compared byte by byte otherwise. */
export async function assertSameTensors(found: string, expected: string): Promise<void> {
  await withFile(expected, (source) =>
    withFile(found, async (again) => {
      for (const { name, readRaw } of source.tensors) {
        const tensor = again.tensors.find((candidate) => candidate.name === name);
        assert.ok(tensor, `${name} is missing`);
        assert.ok(Buffer.from(await tensor!.readRaw()).equals(await readRaw()), name);
      }
    }),
  );
}
