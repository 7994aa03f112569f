/**
 * `attune tune`: measures the variants of the kernels that training and evaluating a network need on this machine's GPU,
 * and keeps the fastest for later runs (tuning-cache.ts). The launches that take longest come first.
 */
import { imageInput, imagenetPreprocessing, kindOfNetwork, refuseUnlessImages } from '../inputs/index.js';
import { refuseUnknown } from '../recipe/option-names.js';
import {
  type CandidateTime,
  type LaunchShape,
  tuneLaunch,
  type TunedLaunch,
  tuningKey,
} from '../device/tuner.js';
import { open } from '../engine/open.js';
import { AttuneError } from '../errors.js';
import { DEFAULT_MODEL, findModel } from '../models/index.js';
import type { OptionNames } from '../option-names.js';
import { backward, crossEntropy } from '../ops/index.js';
import type { Device } from '../program/device.js';
import { generator } from '../tensor/philox.js';
import { tensor } from '../tensor/tensor.js';
import { summarize } from '../runs/device.js';
import { throwIfAborted } from '../interruption.js';
import type { RunContext } from '../recipe/options.js';
import type { DeviceSummary } from '../recipe/results.js';
import {
  readTuning,
  storeTuning,
  type TuningEntries,
  type TuningEntry,
  tuningPath,
} from '../runs/tuning-cache.js';

/** The flags of `attune tune`. */
export interface TuneOptions {
  /** Default: resnet50. */
  readonly model?: string;
  /** Images that are computed at once. Default: 32. */
  readonly batchSize?: number;
  /** Side of the images in pixels. Default: 224. */
  readonly imageSize?: number;
  /** The most time; a measurement that has begun is waited for. Default: 120. */
  readonly seconds?: number;
  /**
   * 'mixed': what a run with `--precision mixed` launches. Its classes are kept beside those of float32, and what such a run
   * computes in float32 all the same is shared. Default: 'float32'.
   */
  readonly precision?: 'float32' | 'mixed';
  /** Part of the adapter's name. */
  readonly adapter?: string;
}

const NAMES: OptionNames<TuneOptions> = {
  model: true,
  batchSize: true,
  imageSize: true,
  seconds: true,
  precision: true,
  adapter: true,
};

/** One class of launches. */
export interface TunedClass {
  readonly kernel: string;
  readonly shape: string;
  /** Launches of this class in a training step. */
  readonly launches: number;
  /** What the kernel takes without measurements, and the fastest. Null where there was no time to compare. */
  readonly standard: string | null;
  readonly best: string | null;
  /** The standard variant's time, as a multiple of that of the best. */
  readonly gain: number | null;
  readonly times: readonly CandidateTime[];
}

/** The JSON document of `attune tune`. */
export interface TuneResult {
  readonly device: DeviceSummary;
  readonly driver: string;
  readonly model: string;
  readonly batch_size: number;
  readonly image_size: number;
  readonly precision: 'float32' | 'mixed';
  /** Where the choices are kept. */
  readonly cache: string;
  /** Whether there was time for all. */
  readonly complete: boolean;
  readonly classes: readonly TunedClass[];
}

const DEFAULTS = { batchSize: 32, imageSize: 224, seconds: 120, precision: 'float32' } as const;

/**
 * Measures, and stores what was found; on the signal, what was found until then, after which it throws AttuneError
 * 'interrupted'. Also throws 'device' where there is no GPU, or none with the float16 that 'mixed' needs, 'usage' for a
 * model that attune does not know, 'disk'.
 */
export async function tune(options: TuneOptions = {}, context: RunContext = {}): Promise<TuneResult> {
  refuseUnknown(options, NAMES, context, 'tune');
  const { onEvent, signal } = context;
  const { batchSize, imageSize, seconds, precision, adapter } = { ...DEFAULTS, ...options };
  const entry = findModel(options.model ?? DEFAULT_MODEL);
  refuseUnlessImages(kindOfNetwork(entry), 'attune tune');
  const deadline = performance.now() + 1000 * seconds;
  const device = await open('webgpu', { precision, ...(adapter !== undefined && { adapter }) });
  try {
    const { entries, problem } = await readTuning(device.info);
    if (problem !== null) onEvent?.({ type: 'note', text: problem });
    await storeTuning(device.info, {}); // a cache that cannot be written is told before the measuring
    const pending = inOrder(await classesOf(device, entry, batchSize, imageSize), entries);
    const tuned: TunedClass[] = [];
    try {
      for (const [index, item] of pending.entries()) {
        throwIfAborted(signal);
        onEvent?.({
          ...{ type: 'progress', task: 'measuring', done: index, total: pending.length, secondsLeft: null },
          detail: item.launch.kernel.name,
        });
        tuned.push(await tuneClass(device, item, shareOf(pending.length - index, deadline)));
      }
    } finally {
      await storeTuning(device.info, entriesOf(tuned));
    }
    return {
      device: summarize(device),
      driver: device.info.driver ?? '',
      model: entry.name,
      batch_size: batchSize,
      image_size: imageSize,
      precision,
      cache: tuningPath(device.info),
      complete: tuned.every(({ best }) => best !== null),
      classes: tuned,
    };
  } finally {
    await device.close();
  }
}

/** Launches of one class, one of which stands for all. */
interface Pending {
  readonly key: string;
  readonly launch: LaunchShape;
  launches: number;
}

/** What a training step and an evaluation of the network launch that has variants to measure. */
async function classesOf(
  device: Device,
  { create }: ReturnType<typeof findModel>,
  batch: number,
  side: number,
): Promise<Pending[]> {
  const model = create({ classes: 10 });
  await model.to(device);
  const images = () => {
    // A network's own settings change no shape.
    const input = imageInput(imagenetPreprocessing(side));
    return input.record(input.blank(batch));
  };
  const random = generator(1);
  const step = () => {
    const logits = model.forward(images(), { random });
    const loss = crossEntropy(logits, tensor(new Int32Array(batch), [batch], 'int32'));
    backward(loss);
    return loss;
  };
  const classes = new Map<string, Pending>();
  const add = (body: () => unknown, counts: 0 | 1) => {
    for (const launch of device.launchesOf(body)) {
      const key = tuningKey(launch);
      if (key === null) continue;
      const known = classes.get(key);
      if (known === undefined) classes.set(key, { key, launch, launches: counts });
      else known.launches += counts;
    }
  };
  add(step, 1);
  add(() => model.forward(images()), 0);
  model.memory.close();
  return [...classes.values()];
}

/** What was never measured comes first, and of that what probably takes longest: what is left over matters least. */
function inOrder(classes: readonly Pending[], entries: TuningEntries): Pending[] {
  const known = ({ key }: Pending) => Number(Object.hasOwn(entries, key));
  return [...classes].sort((a, b) => known(a) - known(b) || work(b) - work(a));
}

/** The multiplications, if it is a matrix product: m, n and k are each a side of two of its three largest operands. */
function work({ launch, launches }: Pending): number {
  const lengths = launch.operands.map((operand) => operand?.length ?? 0).sort((a, b) => b - a);
  return (
    Math.max(1, launches) * Math.sqrt(lengths.slice(0, 3).reduce((product, length) => product * length, 1))
  );
}

/** When the next of so many is over: it may take twice its share, as what comes later is smaller. */
export function shareOf(left: number, deadline: number, now = performance.now()): number {
  return Math.min(deadline, now + (2 * Math.max(0, deadline - now)) / Math.max(2, left));
}

async function tuneClass(
  device: Device,
  { key, launch, launches }: Pending,
  deadline: number,
): Promise<TunedClass> {
  const [kernel] = key.split(' ', 1);
  const shape = key.slice(kernel.length + 1);
  const known = { kernel, shape, launches };
  const nothing = { standard: null, best: null, gain: null };
  try {
    const tuned = await tuneLaunch(device.backend, launch, deadline);
    return tuned === null ? { ...known, ...nothing, times: [] } : { ...known, ...tuned, gain: gainOf(tuned) };
  } catch (error) {
    if (device.lost || !(error instanceof AttuneError) || error.code !== 'device') throw error;
    return { ...known, ...nothing, times: [{ variant: '', milliseconds: null, fault: error.what }] };
  }
}

function gainOf({ standard, best, times }: TunedLaunch): number | null {
  const timeOf = (name: string) => times.find(({ variant }) => variant === name)?.milliseconds ?? null;
  const [from, to] = [timeOf(standard), timeOf(best)];
  return from === null || to === null ? null : from / to;
}

function entriesOf(tuned: readonly TunedClass[]): Record<string, TuningEntry> {
  return Object.fromEntries(
    tuned.flatMap(({ kernel, shape, best, times }) =>
      best === null
        ? []
        : [
            [
              `${kernel} ${shape}`,
              {
                variant: best,
                milliseconds: Object.fromEntries(
                  times.map(({ variant, milliseconds }) => [variant, milliseconds]),
                ),
              },
            ],
          ],
    ),
  );
}
