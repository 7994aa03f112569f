/** The best checkpoint over the images of a part: its outputs, and pictures of those images that a report shows. */
import {
  inputOf,
  inputRow,
  type LabelledImage,
  type PreparedImage,
  type RgbImage,
  type SampleStore,
  type SampleWords,
} from '../../inputs/index.js';
import { forEachImage } from '../../training/inference/inference.js';
import type { LoadedModel } from '../../runs/model-source.js';
import type { RunContext } from '../../recipe/options.js';
import { prepare } from '../../runs/data/training-data.js';
import type { PartName } from '../../runs/data/found-images.js';
import type { Task } from '../../tasks/index.js';
import type { Device } from '../../program/device.js';

/** A network on its device. */
export interface Network extends RunContext {
  readonly device: Device;
  /** Frozen, and on the device. */
  readonly loaded: LoadedModel;
  readonly workers: number | undefined;
}

/** The outputs for images, in their order, where they can be read. */
export interface Outputs {
  readonly images: readonly (LabelledImage & Pick<PreparedImage<LabelledImage>, 'fileHash'>)[];
  /** [images, names of the task], row-major. */
  readonly values: Float32Array;
  /** What the samples are called. */
  readonly words: SampleWords;
  /** What the network sees of a sample. */
  picture(index: number): Promise<RgbImage>;
}

/** The outputs of the network for those of `images` that can be read, as long as `store` is open. Throws as `evaluate` does. */
export async function outputsFor(
  { device, loaded, ...context }: Network,
  images: readonly LabelledImage[],
  store: SampleStore,
): Promise<Outputs> {
  const { model } = loaded;
  const { prepared } = await prepare(images, loaded.input, store, context);
  const source = store.source(prepared);
  const input = inputOf(loaded.input);
  const values = new Float32Array(prepared.length * model.classes);
  await forEachImage(
    source,
    (x) => model.forward(x),
    (index, row) => values.set(row, index * model.classes),
    {
      device,
      input,
      batch: null,
      activity: 'evaluating for the report',
      ...context,
    },
  );
  return {
    images: prepared,
    values,
    words: inputRow(loaded.input.kind).files,
    picture: async (index) => input.picture(await source.read(index)),
  };
}

/** What outputs are of. */
export interface Answering {
  readonly part: PartName;
  readonly task: Task;
  readonly temperature: number | null;
  /** That heat maps are made with; null: there are none. */
  readonly network: Network | null;
}
