/** A stored state that says something else: what a run that goes on makes of it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { openTensorFile, writeSafetensors } from '#src/formats/index';

/** The parts of a stored state that a test damages. */
export interface LooseState {
  readonly frozen: { readonly device: { adapter: string } };
  readonly progress: { step: number };
  readonly recipe: Record<string, unknown>;
  readonly task: object;
  readonly input: { readonly settings: object };
  readonly images: Readonly<Record<'train' | 'val' | 'test', readonly object[]>>;
  readonly best: object;
  readonly beginning: object;
}

/** Writes the state of a run again with other metadata. */
export async function changeState(
  run: string,
  change: (state: LooseState) => void,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const path = join(run, 'state.safetensors');
  const file = await openTensorFile(path);
  const state = JSON.parse(file.metadata.state!);
  change(state);
  const tensors = await Promise.all(
    file.tensors.map(async (tensor) => ({
      name: tensor.name,
      dtype: 'F32' as const,
      shape: tensor.shape,
      data: (await tensor.read()) as Float32Array,
    })),
  );
  const { metadata } = file;
  await file.close();
  await writeSafetensors(path, tensors, { ...metadata, state: JSON.stringify(state), ...more });
  // By its sum the state would be a damaged one.
  for (const name of ['manifest.json', 'state.previous.safetensors'])
    rmSync(join(run, name), { force: true });
}
