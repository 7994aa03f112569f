/** Whole networks: inference and training steps, as `attune predict` and `attune finetune` run them. */
import { type HostBatch, imageInput, imagenetPreprocessing, type Input } from '../../inputs/index.js';
import { commandLine } from '../../runs/command-line.js';
import type { DeviceInfo } from '../../device/backend.js';
import { AttuneError } from '../../errors.js';
import { type ImageClassifier, mobilenetV2, resnet50 } from '../../models/index.js';
import { freeze } from '../../nn/index.js';
import { sgd } from '../../optim/index.js';
import type { Device } from '../../program/device.js';
import { generator } from '../../tensor/philox.js';
import { classification } from '../../tasks/index.js';
import { recordMicroBatch } from '../../training/step/training-step.js';
import { type ModelRow, spreadOf, type StartupRow } from './results.js';

type Pass = 'inference' | 'training';

/** A network and what it is asked for. */
export interface ModelWork {
  readonly name: string;
  readonly pass: Pass;
  /** The precision of the device that it is to run on. */
  readonly precision: 'float32' | 'mixed';
  create(): ImageClassifier;
}

/** The quick ones first: what they leave of the time is the others'. */
const MODEL_WORKS: readonly ModelWork[] = (['inference', 'training'] as const).flatMap((pass) => [
  { name: `MobileNetV2 ${pass}`, pass, precision: 'float32', create: () => mobilenetV2() },
  { name: `ResNet50 ${pass}`, pass, precision: 'float32', create: () => resnet50() },
]);

/** What start-up is measured with. */
export const STARTUP_WORK: ModelWork = MODEL_WORKS[MODEL_WORKS.length - 1];

/** What is measured on a device; in mixed precision as well on a hardware GPU that has float16. */
export function modelWorks({
  kind,
  software,
  features,
}: Pick<DeviceInfo, 'kind' | 'software' | 'features'>): readonly ModelWork[] {
  if (kind === 'cpu' || software || !features.includes('shader-f16')) return MODEL_WORKS;
  const mixed = MODEL_WORKS.map((work) => ({
    ...work,
    name: `${work.name}, mixed precision`,
    precision: 'mixed' as const,
  }));
  return [...MODEL_WORKS, ...mixed];
}

const SIDE = 224;
const CLASSES = 1000;
const BATCH = { gpu: 32, processor: 2 };
const MOST_SAMPLES = 30;
/** A sample is as many batches as take about this long, queued together: a fast GPU is not busy with one. */
const SAMPLE_SECONDS = 0.25;
const MOST_BATCHES = 8;
/** Steps of start-up, the first one included. */
const STARTUP_STEPS = 10;

export function modelBatch({ kind, software }: Pick<DeviceInfo, 'kind' | 'software'>): number {
  return kind === 'cpu' || software ? BATCH.processor : BATCH.gpu;
}

/**
 * Measures one network on a device of its precision that nothing else was done on. Resolves with null when the time was over before the
 * first sample; a run that has begun is waited for. Throws AttuneError: 'device' when the device fails, 'numeric' when
 * what it computes is not finite.
 */
export async function benchModel(device: Device, work: ModelWork, seconds: number): Promise<ModelRow | null> {
  const end = performance.now() + 1000 * seconds;
  const batch = modelBatch(device.info);
  const run = await prepare(device, work, batch);
  await run(); // compiles
  if (performance.now() >= end) return null;
  const once = await timed(run);
  const times = Math.min(MOST_BATCHES, Math.ceil(SAMPLE_SECONDS / once));
  const samples = times === 1 ? [batch / once] : [];
  while (samples.length < MOST_SAMPLES && (samples.length === 0 || performance.now() < end)) {
    samples.push((batch * times) / (await timed(run, times)));
  }
  return {
    part: 'models',
    name: work.name,
    batch,
    images_per_second: spreadOf(samples),
    peak_bytes: device.counters.peakBytes,
  };
}

/**
 * Measures the first steps on a device that `open` opens; as `benchModel`, and null also when there was no time for a
 * second step.
 */
export async function benchStartup(open: () => Promise<Device>, seconds: number): Promise<StartupRow | null> {
  const started = performance.now();
  const end = started + 1000 * seconds;
  const device = await open();
  const openSeconds = (performance.now() - started) / 1000;
  const batch = modelBatch(device.info);
  const step = await prepare(device, STARTUP_WORK, batch);
  const steps: number[] = [];
  while (steps.length < STARTUP_STEPS && (steps.length === 0 || performance.now() < end)) {
    steps.push(await timed(step));
  }
  await device.close();
  if (steps.length < 2) return null;
  return {
    part: 'startup',
    name: STARTUP_WORK.name,
    batch,
    open_seconds: openSeconds,
    first_seconds: steps[0],
    later_seconds: spreadOf(steps.slice(1)),
  };
}

/** Seconds for `times` runs together. */
async function timed(run: () => Promise<void>, times = 1): Promise<number> {
  const started = performance.now();
  await Promise.all(Array.from({ length: times }, run));
  return (performance.now() - started) / 1000;
}

/** The network on the device; what it answers with runs a batch to its end. */
async function prepare(
  device: Device,
  { create, name, pass }: ModelWork,
  batch: number,
): Promise<() => Promise<void>> {
  const model = create();
  fillWeights(model);
  const input = imageInput(imagenetPreprocessing(SIDE));
  const blank = input.blank(batch);
  const images = blank.arrays.images.map((_, i) => (i * 37 + (i >> 8)) % 251);
  const filled = { ...blank, arrays: { images } };
  if (pass === 'inference') await freeze(model);
  await model.to(device);
  return pass === 'inference'
    ? async () => {
        const logits = await device.run(() => model.forward(input.record(filled)));
        assertFinite(name, logits);
      }
    : trainingStep(device, { model, name, input, samples: filled });
}

function trainingStep(
  device: Device,
  {
    model,
    name,
    input,
    samples,
  }: {
    readonly model: ImageClassifier;
    readonly name: string;
    readonly input: Input;
    readonly samples: HostBatch;
  },
): () => Promise<void> {
  const optimizer = sgd(model.memory, { lr: 0.001, momentum: 0.9 });
  const random = generator(1);
  const batch = samples.size;
  const microBatch = {
    ...samples,
    targets: Int32Array.from({ length: batch }, (_, i) => (i * 337 + 11) % CLASSES),
    shares: new Float32Array(batch).fill(1 / batch),
  };
  const task = classification(Array.from({ length: CLASSES }, (_, i) => String(i)));
  const { scaling } = optimizer; // null in float32
  const common = { model, task, loss: { labelSmoothing: 0 }, classWeights: null };
  const options = { ...common, input, random, scaling };
  return async () => {
    const [{ loss }] = await Promise.all([
      device.run(() => recordMicroBatch(microBatch, options)),
      device.run(() => {
        optimizer.step();
        optimizer.zeroGradients();
      }),
    ]);
    random.step++;
    assertFinite(name, [loss]);
  };
}

/** Numbers that keep the variance behind a ReLU: those of an untrained network take seconds to draw. */
function fillWeights(model: ImageClassifier): void {
  for (const parameter of model.parameters()) {
    const { shape, length } = parameter;
    if (shape.length < 2) continue; // norms and biases
    const bound = Math.sqrt((6 * shape[shape.length - 1]) / length);
    const values = new Float32Array(length);
    for (let i = 0; i < length; i++) values[i] = (((i * 7919) % 10007) / 5003 - 1) * bound;
    parameter.set(values);
  }
}

/** The time of a wrong answer is none. */
function assertFinite(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new AttuneError({
      code: 'numeric',
      what: `a result of ${name} is ${values[i]}`,
      where: 'attune bench',
      hint: `run ${commandLine(['doctor'])}: the device or its driver computes something wrong`,
    });
  }
}
