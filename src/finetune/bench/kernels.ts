/** Operations alone: matrix products, and the convolutions that ResNet50 and MobileNetV2 have most of their work in. */
import type { DeviceInfo, LaunchTime } from '../../device/backend.js';
import { type Ceilings, measureCeilings } from '../../device/ceilings.js';
import { conv2dOperation } from '../../ops/conv2d/conv2d.js';
import { assign, conv2d, matmul } from '../../ops/index.js';
import { pairOf, paddingOf } from '../../ops/conv2d/window.js';
import type { Device } from '../../program/device.js';
import { asTensor, type Tensor } from '../../tensor/tensor.js';
import { filled } from './filled.js';
import { type CeilingRow, type KernelRow, spreadOf } from './results.js';

type Direction = 'forward' | 'input gradient' | 'weight gradient';

/** An operation with its operands' shapes. */
interface KernelWork {
  readonly name: string;
  readonly flops: number;
  /** Numbers in its operands and its result. */
  readonly floats: number;
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
  record(inputs: readonly Tensor[]): Tensor;
}

interface Convolution {
  readonly side: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly groups?: number;
}

const MOST_SAMPLES = 50;
/** Share of the time that the ceilings get, and the most seconds: they are the best of some runs. */
const CEILINGS_SHARE = 0.25;
const CEILINGS_SECONDS = 4;

/** What is measured on a device; a processor gets less of it. */
export function kernelWorks({ kind, software }: Pick<DeviceInfo, 'kind' | 'software'>): KernelWork[] {
  const processor = kind === 'cpu' || software;
  const batch = processor ? 2 : 32;
  const narrow: Convolution = { side: 56, channels: 256, filters: 64, kernel: 1 };
  const wide: Convolution = { side: 14, channels: 256, filters: 256, kernel: 3 };
  const halving: Convolution = { side: 56, channels: 128, filters: 128, kernel: 3, stride: 2 };
  const depthwise: Convolution = { side: 56, channels: 144, filters: 144, kernel: 3, groups: 144 };
  return [
    product(1152),
    ...(processor ? [] : [product(4096)]),
    convolution(batch, narrow, 'forward'),
    convolution(batch, wide, 'forward'),
    convolution(batch, wide, 'input gradient'),
    convolution(batch, wide, 'weight gradient'),
    convolution(batch, halving, 'forward'),
    convolution(batch, halving, 'input gradient'),
    convolution(batch, depthwise, 'forward'),
  ];
}

/**
 * Measures the ceilings, then every operation; a run that has begun is waited for. Throws AttuneError 'device' when the
 * device fails.
 * @param seconds for all together
 * @param onRow called with each row as soon as it is known; what there was no time for has none
 */
export async function benchKernels(
  device: Device,
  seconds: number,
  onRow: (row: CeilingRow | KernelRow) => void,
): Promise<void> {
  const end = performance.now() + 1000 * seconds;
  const ceilings = await measureCeilings(
    device.backend,
    Math.min(seconds * CEILINGS_SHARE, CEILINGS_SECONDS),
  );
  const { gflops, gigabytesPerSecond } = ceilings;
  onRow({ part: 'ceilings', gflops, gigabytes_per_second: gigabytesPerSecond });
  const works = kernelWorks(device.info);
  for (const [i, work] of works.entries()) {
    const now = performance.now();
    if (now >= end) return;
    onRow(await measure(device, work, ceilings, now + (end - now) / (works.length - i)));
  }
}

async function measure(
  device: Device,
  work: KernelWork,
  ceilings: Ceilings,
  end: number,
): Promise<KernelRow> {
  const states = [...work.inputs.map((shape) => filled(device, shape)), device.createState(work.output)];
  const out = states[states.length - 1];
  const inputs = states.slice(0, -1);
  try {
    const body = () => assign(out, work.record(inputs.map(asTensor)));
    await device.run(body); // compiles
    const samples: number[] = [];
    let variant = '';
    do {
      const run = await timed(device, body);
      samples.push(run.milliseconds);
      ({ variant } = run);
    } while (samples.length < MOST_SAMPLES && performance.now() < end);
    return rowOf(work, variant, samples, ceilings, device.backend.elementBytes('float32'));
  } finally {
    for (const state of states) device.releaseState(state);
  }
}

/** Runs a program once. Its time is that of its launches, without the gaps between them. */
async function timed(device: Device, body: () => void): Promise<{ milliseconds: number; variant: string }> {
  let launches: readonly LaunchTime[] | null = null;
  device.observe((run) => {
    ({ launches } = run);
  });
  const started = performance.now();
  await device.run(body);
  const elapsed = performance.now() - started;
  device.observe(null);
  const all = (launches ?? []) as readonly LaunchTime[];
  const times = all.at(-1)?.kernel === 'stridedCopy' ? all.slice(0, -1) : all; // without the copy that is `assign`
  const nanoseconds = times.reduce((sum, time) => sum + time.nanoseconds, 0);
  // No clock, or one that stands still.
  if (!(nanoseconds > 0)) return { milliseconds: elapsed, variant: 'timed by the host' };
  const longest = times.reduce((most, time) => (time.nanoseconds > most.nanoseconds ? time : most));
  return { milliseconds: nanoseconds / 1e6, variant: `${longest.kernel} ${longest.variant}` };
}

function rowOf(
  { name, flops, floats }: KernelWork,
  variant: string,
  samples: readonly number[],
  ceilings: Ceilings,
  elementBytes: number,
): KernelRow {
  const milliseconds = spreadOf(samples);
  const bytes = elementBytes * floats;
  const nanoseconds = 1e6 * milliseconds.median;
  const byArithmetic = flops / ceilings.gflops;
  const byMemory = bytes / ceilings.gigabytesPerSecond;
  return {
    part: 'kernels',
    name,
    variant,
    milliseconds,
    gflops: flops / nanoseconds,
    gigabytes_per_second: bytes / nanoseconds,
    bound: byArithmetic >= byMemory ? 'arithmetic' : 'memory',
    share: Math.max(byArithmetic, byMemory) / nanoseconds,
  };
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function product(size: number): KernelWork {
  const shape = [size, size];
  return {
    name: `matmul ${size} x ${size} x ${size}`,
    flops: 2 * size ** 3,
    floats: 3 * size ** 2,
    inputs: [shape, shape],
    output: shape,
    record: ([a, b]) => matmul(a, b),
  };
}

function convolution(batch: number, sizes: Convolution, direction: Direction): KernelWork {
  const { side, channels, filters, kernel, stride = 1, groups = 1 } = sizes;
  const outSide = Math.ceil(side / stride);
  const images = [batch, side, side, channels];
  const weights = [kernel, kernel, channels / groups, filters];
  const results = [batch, outSide, outSide, filters];
  const padding = (kernel - 1) / 2;
  const kind = groups > 1 ? 'depthwise' : 'conv2d';
  const step = stride > 1 ? ` /${stride}` : '';
  const work = {
    name: `${kind} ${kernel}x${kernel}${step}, ${batch}x${side}x${side}x${channels} to ${filters}, ${direction}`,
    flops: 2 * sizeOf(results) * kernel * kernel * (channels / groups),
    floats: [images, weights, results].reduce((sum, shape) => sum + sizeOf(shape), 0),
  };
  if (direction === 'forward') {
    const record = ([x, w]: readonly Tensor[]) => conv2d(x, w, { stride, padding, groups });
    return { ...work, inputs: [images, weights], output: results, record };
  }
  const attributes = { stride: pairOf(stride), padding: paddingOf(padding), dilation: pairOf(1), groups };
  const wanted = [direction === 'input gradient', direction === 'weight gradient'];
  return {
    ...work,
    inputs: [images, weights, results],
    output: wanted[0] ? images : weights,
    record([x, w, dy]) {
      const call = { attributes, inputs: [x, w], output: dy, gradient: dy, wanted };
      return conv2dGradient(call).find((tensor) => tensor !== null) as Tensor;
    },
  };
}

/** The launches of the gradient alone: `gradients` would record those of a loss, too. */
const conv2dGradient = conv2dOperation.gradient as Exclude<
  typeof conv2dOperation.gradient,
  { notDifferentiable: string }
>;
