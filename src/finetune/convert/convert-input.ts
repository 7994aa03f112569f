/** What a converted network takes and gives, for whoever runs it elsewhere: how to prepare an image, and what its outputs are. */
import { imageInput, type Preprocessing } from '../../inputs/index.js';
import { Linear } from '../../nn/index.js';
import type { LoadedModel } from '../../runs/model-source.js';

/** The order of an image's dimensions: [batch, 3, height, width] or [batch, height, width, 3]. */
export type ImageLayout = 'channels-first' | 'channels-last';

/** How to prepare an image for a converted network. */
export interface ConvertInput {
  /** The shape of one image, as the network takes it. */
  readonly shape: readonly number[];
  readonly layout: ImageLayout;
  /** The order of the channels, of `mean` and of `std`. */
  readonly channels: 'RGB' | 'BGR';
  /** The short side after resizing, in pixels. */
  readonly resize: number;
  /** The square that is cut from the centre; null: nothing is cut. */
  readonly crop: number | null;
  readonly interpolation: Preprocessing['interpolation'];
  /** Mean and deviation of numbers from 0 to 1, per channel. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** The input of a network in a format with this layout. */
export function inputFor(
  preprocessing: Preprocessing,
  layout: ImageLayout,
  channels: ConvertInput['channels'],
): ConvertInput {
  const { resize, crop, interpolation, mean, std } = preprocessing;
  const { shape } = imageInput(preprocessing);
  const [channelCount] = shape.slice(-1);
  const inOrder = (values: readonly number[]) => (channels === 'RGB' ? [...values] : values.toReversed());
  return {
    shape: layout === 'channels-first' ? [channelCount, ...shape.slice(0, -1)] : shape,
    layout,
    channels,
    resize,
    crop,
    interpolation,
    mean: inOrder(mean),
    std: inOrder(std),
  };
}

/** What the numbers of the input are, as the metadata of graphs say it. */
export function inputText({ channels, mean, std }: ConvertInput): string {
  return `${channels} images as numbers from 0 to 1, minus [${mean.join(', ')}], divided by [${std.join(', ')}]`;
}

/**
 * The same model with its temperature in its last layer, whose weights and bias are divided by it: a softmax over the
 * logits then gives what `predict` says. `folded` is that temperature; null where there is none, or where the last layer is
 * no linear one, and the temperature stays beside it.
 */
export function withTemperature(loaded: LoadedModel): { loaded: LoadedModel; folded: number | null } {
  const { temperature } = loaded;
  const { head } = loaded.model;
  if (temperature === null || !(head instanceof Linear)) return { loaded, folded: null };
  for (const array of [head.weight, head.bias]) {
    array?.set(array.hostValues.map((value) => value / temperature));
  }
  return { loaded: { ...loaded, temperature: null }, folded: temperature };
}
