/** Test-time augmentation: several views of each image are predicted, and what they say is averaged. */
import type { NetworkInput } from '../../nn/index.js';
import {
  type Preprocessing,
  type RgbImage,
  sampleOf,
  type SampleSource,
  TEST_VIEWS,
  type TestViews,
  testViews,
} from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { nearest } from '../../nearest.js';
import type { Tensor } from '../../tensor/tensor.js';
import { TEST_TIME_VIEWS } from '../../recipe/choices.js';
import { forEachImage, type InferenceOptions } from './inference.js';
import type { Task } from '../../tasks/index.js';

/** Images by index, prepared as `preprocessingFor` says. */
export interface ImageSource {
  readonly count: number;
  read(index: number): Promise<RgbImage>;
}

/** Throws AttuneError 'usage' unless it is absent or a kind of views. */
export function checkViews(tta: string | undefined): TestViews | null {
  if (tta === undefined) return null;
  const views = TEST_TIME_VIEWS.find((known) => known === tta);
  if (views !== undefined) return views;
  const guess = nearest(tta, TEST_TIME_VIEWS);
  throw new AttuneError({
    code: 'usage',
    what: `${JSON.stringify(tta)} is no kind of test-time augmentation`,
    where: '--tta',
    hint: guess === undefined ? `choose ${TEST_TIME_VIEWS.join(', ')}` : `did you mean ${guess}?`,
  });
}

/** How images are prepared for their views: corners need the whole image. */
export function preprocessingFor(views: TestViews | null, preprocessing: Preprocessing): Preprocessing {
  return views === null || views === 'flip' ? preprocessing : { ...preprocessing, crop: null };
}

/**
 * The views of pictures as samples, those of a picture one after another. Each picture is read once for all of its views, as
 * batches ask in order.
 */
export function viewedSamples({ count, read }: ImageSource, side: number, views: TestViews): SampleSource {
  const each = TEST_VIEWS[views];
  let last = { index: -1, cut: Promise.resolve<RgbImage[]>([]) };
  const viewsOf = (index: number) => {
    if (last.index !== index)
      last = { index, cut: read(index).then((image) => testViews(image, side, views)) };
    return last.cut;
  };
  return {
    count: count * each,
    read: async (place) => sampleOf((await viewsOf(Math.floor(place / each)))[place % each]),
  };
}

export interface ViewOptions {
  /** Whose views the samples are; null: each sample is its own. */
  readonly views: TestViews | null;
  readonly task: Task;
  /** At which probabilities will be told; null: as the network gives them. */
  readonly temperature: number | null;
  readonly inference: InferenceOptions;
}

/**
 * As `forEachImage`; with `views`, whose samples follow each other, each image's row is the mean that the task makes of the
 * rows of its views. Batches are filled whatever their number.
 */
export async function predictEach(
  source: SampleSource,
  network: (x: NetworkInput<Tensor>) => Tensor,
  take: (index: number, row: Float32Array) => void,
  { views, task, temperature, inference }: ViewOptions,
): Promise<void> {
  if (views === null) return forEachImage(source, network, take, inference);
  const each = TEST_VIEWS[views];
  let rows: Float32Array[] = [];
  await forEachImage(
    source,
    network,
    (place, row) => {
      rows.push(row);
      if (rows.length < each) return;
      take(Math.floor(place / each), task.meanOfViews(rows, temperature));
      rows = [];
    },
    inference,
  );
}
