/**
 * Running a network over many samples: batches go in, one row for each sample comes out.
 *
 * The next batch is read from disk while the device computes. The first batches compile and are not counted when
 * the time left is estimated.
 */
import type { NetworkInput } from '../../nn/index.js';
import type { HostBatch, Input, SampleSource } from '../../inputs/index.js';
import { AttuneError } from '../../errors.js';
import type { Device } from '../../program/device.js';
import { isTooLarge, quickBatch } from '../../runs/device.js';
import type { Tensor } from '../../tensor/tensor.js';
import { Estimator } from '../../recipe/events.js';
import { throwIfAborted } from '../../interruption.js';
import type { RunContext } from '../../recipe/options.js';

export interface InferenceOptions extends RunContext {
  readonly device: Device;
  readonly input: Input;
  /** Images computed at once; null: as many as the device is quick with, halved until they fit. */
  readonly batch: number | null;
  /** What the progress bar says is done. */
  readonly activity: string;
}

/** Batches that are not counted in the estimate. */
const WARM_UP_BATCHES = 1;

/**
 * Calls `network` on every image and `take` with each image's index and its row of the result, in order. Throws
 * AttuneError 'numeric' when a value is not finite, 'interrupted' when the signal is aborted.
 */
export async function forEachImage(
  source: SampleSource,
  network: (x: NetworkInput<Tensor>) => Tensor,
  take: (index: number, row: Float32Array) => void | Promise<void>,
  options: InferenceOptions,
): Promise<void> {
  const { device, input, activity, onEvent, signal } = options;
  const batch = options.batch ?? (await fittingBatch(source.count, network, options));
  const estimator = new Estimator(source.count, WARM_UP_BATCHES * batch);
  const report = (done: number) => {
    const secondsLeft = estimator.secondsLeft(done, performance.now());
    onEvent?.({ type: 'progress', task: activity, done, total: source.count, secondsLeft });
  };
  report(0);
  // A failed read is reported when its turn comes; it must not end the process before, nor when that never comes.
  const read = (start: number) => {
    const samples = readBatch(source, start, batch, input);
    samples.catch(() => undefined);
    return samples;
  };
  let next = read(0);
  for (let start = 0; start < source.count; start += batch) {
    throwIfAborted(signal);
    const samples = await next;
    const { size } = samples;
    const running = device.run(() => network(input.record(samples)));
    next = read(start + batch);
    const rows = await running;
    const length = rows.length / size;
    for (let i = 0; i < size; i++) {
      const row = Float32Array.from(rows.subarray(i * length, (i + 1) * length));
      if (!row.every(Number.isFinite)) {
        throw new AttuneError({
          code: 'numeric',
          what: `the network's output for sample ${start + i} is not finite`,
          where: activity,
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
  network: (x: NetworkInput<Tensor>) => Tensor,
  { device, input }: InferenceOptions,
): Promise<number> {
  let batch = Math.min(Math.max(1, count), quickBatch(device));
  while (count > 0) {
    try {
      await device.prepare(() => network(input.record(input.blank(batch))));
      break;
    } catch (error) {
      if (!isTooLarge(error, device) || batch === 1) throw error;
      batch = Math.ceil(batch / 2);
    }
  }
  return batch;
}

async function readBatch(
  { count, read }: SampleSource,
  start: number,
  batch: number,
  input: Input,
): Promise<HostBatch> {
  const size = Math.max(0, Math.min(batch, count - start));
  return input.batch(await Promise.all(Array.from({ length: size }, (_, i) => read(start + i))));
}
