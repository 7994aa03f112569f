/**
 * How fast a device is, in a few seconds: a matrix product, a convolution of ResNet50, and a small training step, the
 * same on every device. Each is run until there are enough samples or its share of the time is over.
 */
import { imageInput, imagenetPreprocessing } from '../inputs/index.js';
import { resnetSmall } from '../models/index.js';
import { assign, conv2d, matmul } from '../ops/index.js';
import { sgd } from '../optim/index.js';
import type { Device } from '../program/device.js';
import type { State } from '../program/state.js';
import { generator } from '../tensor/philox.js';
import { filled } from './bench/filled.js';
import { classification } from '../tasks/index.js';
import { recordMicroBatch } from '../training/step/training-step.js';

/** What is measured, the least telling first. */
export const MEASUREMENTS = ['matmul_gflops', 'convolution_gflops', 'training_images_per_second'] as const;

export type MeasurementName = (typeof MEASUREMENTS)[number];

/** Larger is faster; null is what there was no time for. */
export type Measurements = Readonly<Record<MeasurementName, number | null>>;

/** Work to time, and how much there is of it. */
interface Workload {
  /** In the unit of the measurement: 10^9 operations (a multiply-add is two), or images. */
  readonly amount: number;
  /** Does it `times` times over and waits for the end. */
  run(times: number): Promise<unknown>;
  close(): void;
}

const SAMPLES = 5;
/** A sample is the work as often as takes about this long: a fast GPU is not busy with it once. */
const SAMPLE_SECONDS = 0.05;
const MOST_TIMES = 50;

/** Side of the square matrices. */
const MATRIX = 1152;
/** The 3 x 3 convolution that ResNet50 has most of the work in: its third stage at 224 pixels. */
const CONVOLUTION = { batch: 8, side: 14, channels: 256 };
/** A step of the small ResNet, all layers, SGD with momentum. */
const TRAINING = { batch: 32, side: 32, classes: 10 };

const WORKLOADS: Readonly<Record<MeasurementName, (device: Device) => Promise<Workload>>> = {
  matmul_gflops: matrixProducts,
  convolution_gflops: convolutions,
  training_images_per_second: trainingSteps,
};

/**
 * Measures a device. A run that has begun is waited for, so that the time may be exceeded by one run and what it
 * compiles. Throws AttuneError 'device' when the device fails.
 * @param seconds the time for all measurements together
 * @param onMeasured called with each measurement as soon as it is known
 */
export async function measureDevice(
  device: Device,
  seconds: number,
  onMeasured: (name: MeasurementName, value: number) => void = () => {},
): Promise<Measurements> {
  const end = performance.now() + 1000 * seconds;
  const measured: Record<MeasurementName, number | null> = {
    matmul_gflops: null,
    convolution_gflops: null,
    training_images_per_second: null,
  };
  for (const [index, name] of MEASUREMENTS.entries()) {
    const now = performance.now();
    if (now >= end) break;
    const share = (end - now) / (MEASUREMENTS.length - index);
    const workload = await WORKLOADS[name](device);
    try {
      const seconds = await secondsFor(workload, now + share);
      if (seconds === null) continue;
      measured[name] = workload.amount / seconds;
      onMeasured(name, workload.amount / seconds);
    } finally {
      workload.close();
    }
  }
  return measured;
}

/** The median over some samples; null when the time was over before the first. */
async function secondsFor(workload: Workload, end: number): Promise<number | null> {
  await workload.run(1); // compiles
  if (performance.now() >= end) return null;
  const once = await timed(workload, 1);
  const times = Math.min(MOST_TIMES, Math.ceil(SAMPLE_SECONDS / once));
  const samples = [times === 1 ? once : await timed(workload, times)];
  while (samples.length < SAMPLES && performance.now() < end) samples.push(await timed(workload, times));
  return samples.sort((a, b) => a - b)[samples.length >> 1];
}

/** Seconds for the work once, of `times` times together. */
async function timed(workload: Workload, times: number): Promise<number> {
  const started = performance.now();
  await workload.run(times);
  return (performance.now() - started) / 1000 / times;
}

/** Calls `work` some times. */
function repeat(times: number, work: () => unknown): void {
  for (let i = 0; i < times; i++) work();
}

async function matrixProducts(device: Device): Promise<Workload> {
  const shape = [MATRIX, MATRIX];
  const [a, b, out] = [filled(device, shape), filled(device, shape), device.createState(shape)];
  return {
    amount: (2 * MATRIX ** 3) / 1e9,
    run: (times) => device.run(() => repeat(times, () => assign(out, matmul(a, b)))),
    close: () => releaseStates(device, [a, b, out]),
  };
}

async function convolutions(device: Device): Promise<Workload> {
  const { batch, side, channels } = CONVOLUTION;
  const images = filled(device, [batch, side, side, channels]);
  const weights = filled(device, [3, 3, channels, channels]);
  const out = device.createState(images.shape);
  return {
    amount: (2 * 9 * batch * side ** 2 * channels ** 2) / 1e9,
    run: (times) =>
      device.run(() => repeat(times, () => assign(out, conv2d(images, weights, { padding: 1 })))),
    close: () => releaseStates(device, [images, weights, out]),
  };
}

async function trainingSteps(device: Device): Promise<Workload> {
  const { batch, side, classes } = TRAINING;
  const model = resnetSmall({ classes });
  await model.to(device);
  const optimizer = sgd(model.memory, { lr: 0.01, momentum: 0.9 });
  const random = generator(1);
  const input = imageInput({
    ...imagenetPreprocessing(side),
    mean: [0.5, 0.5, 0.5],
    std: [0.25, 0.25, 0.25],
  });
  const blank = input.blank(batch);
  const images = {
    size: batch,
    arrays: { images: blank.arrays.images.map((_, i) => (i * 37) % 251) },
    targets: Int32Array.from({ length: batch }, (_, i) => i % classes),
    shares: new Float32Array(batch).fill(1 / batch),
  };
  const task = classification(Array.from({ length: classes }, String));
  const options = {
    model,
    task,
    loss: { labelSmoothing: 0 },
    classWeights: null,
    input,
    random,
  };
  const step = () => [
    device.run(() => recordMicroBatch(images, options)),
    device.run(() => {
      optimizer.step();
      optimizer.zeroGradients();
    }),
  ];
  return {
    amount: batch,
    run: (times) => Promise.all(Array.from({ length: times }, step).flat()),
    close() {
      optimizer.close();
      model.memory.close();
    },
  };
}

function releaseStates(device: Device, states: readonly State[]): void {
  for (const state of states) device.releaseState(state);
}
