/** What the tests of operations share: input data, seeded shapes, devices to run on, and how results compare. */
import * as assert from 'uvu/assert';
import type { TypedArray } from '#src/device/dtype';
import { openCpu } from '#src/device/cpu/node';
import { FUSIONS } from '#src/ops/fusions';
import { Device } from '#src/program/device';
import { philox } from '#src/tensor/philox';
import { sizeOf } from '#src/tensor/shape';
import { sharedWebGPU } from '../device/shared-webgpu.js';

/** Numbers in (-scale, scale) + shift, the same as `values` in make-golden.py. */
export function formulaValues(shape: readonly number[], seed: number, scale = 1, shift = 0): Float64Array {
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    const value = (((i + 1) * 7919 + seed * 1291) % 10007) / 5003.5 - 1;
    return value * scale + shift;
  });
}

/** A source of random test data that is the same every time. */
export class Random {
  private readonly seed: number;
  private drawn = 0;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** In [0, 1). */
  unit(): number {
    return philox([this.drawn++, 0, 0, 0], [this.seed, 77])[0] / 2 ** 32;
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.whole(0, choices.length - 1)];
  }

  /** Numbers in [low, high). */
  values(count: number, low = -1, high = 1): Float64Array {
    return Float64Array.from({ length: count }, () => low + this.unit() * (high - low));
  }

  wholes(count: number, low: number, high: number): Int32Array {
    return Int32Array.from({ length: count }, () => this.whole(low, high));
  }
}

const opened = new Map<'float32' | 'float64', Promise<Device>>();

/** One CPU device of each precision for all tests of a file; an idle one does not keep the process alive. */
export function cpuDevice(precision: 'float32' | 'float64'): Promise<Device> {
  let device = opened.get(precision);
  if (device === undefined) {
    device = openCpu({ precision }).then((backend) => new Device(backend, FUSIONS));
    opened.set(precision, device);
  }
  return device;
}

let gpu: Promise<Device> | undefined;

/** The WebGPU device that all WGSL tests of the process share. */
export function webgpuDevice(): Promise<Device> {
  gpu ??= sharedWebGPU().then((backend) => new Device(backend, FUSIONS));
  return gpu;
}

/** |found - expected| <= absolute + relative |expected|, element by element; infinities and NaN must be equal. */
export function assertClose(
  found: TypedArray | readonly number[] | number,
  expected: ArrayLike<number>,
  { absolute, relative }: { readonly absolute: number; readonly relative: number },
  what: string,
): void {
  const values = typeof found === 'number' ? [found] : found;
  assert.is(values.length, expected.length, `${what}: number of elements`);
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(values[i], expected[i])) continue;
    const difference = Math.abs(values[i] - expected[i]);
    const limit = absolute + relative * Math.abs(expected[i]);
    if (difference <= limit) continue;
    assert.unreachable(
      `${what}: element ${i} is ${values[i]}, not ${expected[i]} (off by ${difference}, limit ${limit})`,
    );
  }
}

/**
 * Bytes that a formula in floats was cut off to: one in a hundred may be one lower or higher, as where a product and a
 * sum are rounded together a whole number may be missed.
 */
export function assertSameBytes(found: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.is(found.length, expected.length, `${what}: number of elements`);
  let different = 0;
  for (let i = 0; i < expected.length; i++) {
    if (found[i] === expected[i]) continue;
    different++;
    if (Math.abs(found[i] - expected[i]) > 1)
      assert.unreachable(`${what}: byte ${i} is ${found[i]}, not ${expected[i]}`);
  }
  if (different > expected.length / 100)
    assert.unreachable(`${what}: ${different} of ${expected.length} bytes differ by one`);
}

/** The largest magnitude, at least 1: what rounding errors of a sum are measured against. */
export function magnitude(values: ArrayLike<number>): number {
  let largest = 1;
  for (let i = 0; i < values.length; i++)
    if (Number.isFinite(values[i])) largest = Math.max(largest, Math.abs(values[i]));
  return largest;
}

/** Rounding of a sum of `terms` products in float32, each of them off by a few units in the last place. */
export function float32Tolerance(expected: ArrayLike<number>, terms: number) {
  return { absolute: (terms + 16) * 2 ** -24 * magnitude(expected), relative: 1e-5 };
}

/** Asserts that `body` throws an AttuneError of this code whose sentence matches. */
export async function assertThrows(body: () => unknown, code: string, sentence: RegExp): Promise<void> {
  try {
    await body();
  } catch (error) {
    assert.is((error as { code?: string }).code, code, String(error));
    assert.match((error as Error).message, sentence);
    // Whoever reads that shapes do not fit wants to know what would.
    if (code === 'shape') assert.ok((error as { hint?: string }).hint, `no hint: ${error}`);
    return;
  }
  assert.unreachable(`nothing was thrown; ${code} ${sentence} was expected`);
}
