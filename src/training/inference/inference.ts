/**
 * Running a network over many images: batches of bytes go in, one row per image comes out.
 *
 * The next batch is read from disk while the device computes. The first batches compile and are not counted when
 * the time left is estimated.
 */
import type { Preprocessing } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import { normalizeImages } from '../../ops/image/normalize-images.js';
import type { Device } from '../../program/device.js';
import { isTooLarge, quickBatch } from '../../runs/device.js';
import { type Tensor, tensor } from '../../tensor/tensor.js';
import { Estimator } from '../../recipe/events.js';
import { throwIfAborted } from '../../interruption.js';
import type { RunContext } from '../../recipe/options.js';

/** Images by index, as bytes [side, side, 3]. */
export interface PixelSource {
  readonly count: number;
  read(index: number): Promise<Uint8Array>;
}

export interface InferenceOptions extends RunContext {
  readonly device: Device;
  readonly preprocessing: Preprocessing;
  /** Images computed at once; null: as many as the device is quick with, halved until they fit. */
  readonly batch: number | null;
  /** What the progress bar says. */
  readonly task: string;
}

/** Batches that are not counted in the estimate. */
const WARM_UP_BATCHES = 1;

/**
 * Calls `network` on every image and `take` with each image's index and its row of the result, in order. Throws
 * AttuneError 'numeric' when a value is not finite, 'interrupted' when the signal is aborted.
 */
export async function forEachImage(
  source: PixelSource,
  network: (images: Tensor) => Tensor,
  take: (index: number, row: Float32Array) => void | Promise<void>,
  options: InferenceOptions,
): Promise<void> {
  const { device, preprocessing, task, onEvent, signal } = options;
  const side = sideOf(preprocessing);
  const batch = options.batch ?? (await fittingBatch(source.count, network, options));
  const estimator = new Estimator(source.count, WARM_UP_BATCHES * batch);
  const report = (done: number) => {
    const secondsLeft = estimator.secondsLeft(done, performance.now());
    onEvent?.({ type: 'progress', task, done, total: source.count, secondsLeft });
  };
  report(0);
  // A failed read is reported when its turn comes; it must not end the process before, nor when that never comes.
  const read = (start: number) => {
    const pixels = readBatch(source, start, batch, side);
    pixels.catch(() => undefined);
    return pixels;
  };
  let next = read(0);
  for (let start = 0; start < source.count; start += batch) {
    throwIfAborted(signal);
    const pixels = await next;
    const size = Math.min(batch, source.count - start);
    const running = device.run(() => recordForward(network, pixels, side, preprocessing));
    next = read(start + batch);
    const rows = await running;
    const length = rows.length / size;
    for (let i = 0; i < size; i++) {
      const row = Float32Array.from(rows.subarray(i * length, (i + 1) * length));
      if (!row.every(Number.isFinite)) {
        throw new AttuneError({
          code: 'numeric',
          what: `the network's output for image ${start + i} is not finite`,
          where: task,
          hint: 'check the weights',
        });
      }
      await take(start + i, row);
    }
    report(start + size);
  }
}

/** Images of a batch: those that the device is quick with, or fewer, where its plan says that so many do not fit. */
async function fittingBatch(
  count: number,
  network: (images: Tensor) => Tensor,
  { device, preprocessing }: InferenceOptions,
): Promise<number> {
  const side = sideOf(preprocessing);
  let batch = Math.min(Math.max(1, count), quickBatch(device));
  while (count > 0) {
    try {
      const pixels = new Uint8Array(batch * side * side * 3);
      await device.prepare(() => recordForward(network, pixels, side, preprocessing));
      break;
    } catch (error) {
      if (!isTooLarge(error, device) || batch === 1) throw error;
      batch = Math.ceil(batch / 2);
    }
  }
  return batch;
}

/** Records what the network makes of images, given as bytes [images, side, side, 3]. */
export function recordForward(
  network: (images: Tensor) => Tensor,
  pixels: Uint8Array,
  side: number,
  { mean, std }: Pick<Preprocessing, 'mean' | 'std'>,
): Tensor {
  const images = tensor(pixels, [pixels.length / (side * side * 3), side, side, 3], 'uint8');
  return network(normalizeImages(images, mean, std));
}

/** The side of a network's input. Throws when images are not cropped to one size. */
export function sideOf({ crop }: Preprocessing): number {
  if (crop === null)
    throw new AttuneError({
      code: 'usage',
      what: 'a network needs images of one size',
      where: 'preprocessing',
    });
  return crop;
}

async function readBatch(
  source: PixelSource,
  start: number,
  batch: number,
  side: number,
): Promise<Uint8Array> {
  const size = Math.max(0, Math.min(batch, source.count - start));
  const length = side * side * 3;
  const pixels = new Uint8Array(size * length);
  await Promise.all(
    Array.from({ length: size }, async (_, i) => pixels.set(await source.read(start + i), i * length)),
  );
  return pixels;
}
