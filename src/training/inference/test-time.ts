/** Test-time augmentation: several views of each image are predicted, and what they say is averaged. */
import {
  type Preprocessing,
  type RgbImage,
  sampleOf,
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

export interface ViewOptions {
  readonly views: TestViews | null;
  readonly task: Task;
  /** At which probabilities will be told; null: as the network gives them. */
  readonly temperature: number | null;
  readonly inference: InferenceOptions;
}

/**
 * As `forEachImage`; with `views`, each image's row is the mean that the task makes of the rows of its views. The views
 * of an image follow each other, so that batches are filled whatever their number.
 */
export async function predictEach(
  source: ImageSource,
  network: (images: Tensor) => Tensor,
  take: (index: number, row: Float32Array) => void,
  { views, task, temperature, inference }: ViewOptions,
): Promise<void> {
  if (views === null) {
    const read = async (index: number) => sampleOf(await source.read(index));
    return forEachImage({ count: source.count, read }, network, take, inference);
  }
  const each = TEST_VIEWS[views];
  const [side] = inference.input.shape;
  // Read once for all of its views: batches ask in order.
  let last = { index: -1, cut: Promise.resolve<RgbImage[]>([]) };
  const viewsOf = (index: number) => {
    if (last.index !== index)
      last = { index, cut: source.read(index).then((image) => testViews(image, side, views)) };
    return last.cut;
  };
  const read = async (place: number) => sampleOf((await viewsOf(Math.floor(place / each)))[place % each]);
  let rows: Float32Array[] = [];
  await forEachImage(
    { count: source.count * each, read },
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
