/** Shared by the tests of the SIMD kernels: a seeded generator, and calls into the built module with guarded memory. */
/// <reference path="../../src/device/cpu/webassembly.d.ts" />
import { readFile } from 'node:fs/promises';
import type { SimdExports } from '#src/device/cpu/command';
import { enableRelaxedSimd } from '#src/device/cpu/node';
import { type SimdEntry, STEP_VALUES_ADDRESS } from '#src/device/kernel';
import type { Epilogue } from '#src/ops/core/epilogue';
import * as assert from 'uvu/assert';

export type Build = 'plain' | 'relaxed';
export const BUILDS: readonly Build[] = ['plain', 'relaxed'];

assert.ok(enableRelaxedSimd(), 'both builds run here');

/** Numbers 0 <= x < 1 that follow from the seed alone (a 32-bit xorshift). */
export function generator(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)]!;
}

/** `length` values between -1 and 1. */
export function randomValues(random: () => number, length: number): Float32Array {
  return Float32Array.from({ length }, () => random() * 2 - 1);
}

export function randomEpilogue(random: () => number): Epilogue {
  return {
    scale: random() < 0.5,
    shift: random() < 0.5,
    residual: random() < 0.5,
    activation: pick(random, ['none', 'relu', 'relu6'] as const),
  };
}

/** Values for scale, shift and residual, null where the epilogue has none. Large enough that relu6 cuts some. */
export function epilogueOperands(
  random: () => number,
  epilogue: Epilogue,
  channels: number,
  outputs: number,
): (Float32Array | null)[] {
  const some = (present: boolean, length: number, factor: number) =>
    present ? randomValues(random, length).map((value) => value * factor) : null;
  return [
    some(epilogue.scale, channels, 2),
    some(epilogue.shift, channels, 8),
    some(epilogue.residual, outputs, 4),
  ];
}

/** What the epilogue makes of one sum, and a bound on |value| before the activation, for tolerances. */
export function finishSum(
  epilogue: Epilogue,
  operands: readonly (Float32Array | null)[],
  channel: number,
  index: number,
  sum: number,
  magnitude: number,
): { value: number; magnitude: number } {
  const scale = operands[0]?.[channel] ?? 1;
  const shift = operands[1]?.[channel] ?? 0;
  const residual = operands[2]?.[index] ?? 0;
  let value = sum * scale + shift + residual;
  if (epilogue.activation !== 'none') value = Math.max(value, 0);
  if (epilogue.activation === 'relu6') value = Math.min(value, 6);
  return { value, magnitude: magnitude * Math.abs(scale) + Math.abs(shift) + Math.abs(residual) };
}

/** Rounding error allowed for a float32 sum of `count` terms whose absolute values add up to `magnitude`. */
export function tolerance(count: number, magnitude: number): number {
  return (8 + Math.sqrt(count)) * 2 ** -24 * magnitude + 1e-30;
}

const GUARD = -12345.5;

export class SimdHarness {
  readonly #memory: WebAssembly.Memory;
  readonly #exports: SimdExports;

  private constructor(memory: WebAssembly.Memory, exports: SimdExports) {
    this.#memory = memory;
    this.#exports = exports;
  }

  static async load(build: Build): Promise<SimdHarness> {
    const memory = new WebAssembly.Memory({ initial: 1024, maximum: 65_536, shared: true });
    const bytes = await readFile(new URL(`../../../dist/device/cpu/simd/${build}.wasm`, import.meta.url));
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    return new SimdHarness(memory, exports as SimdExports);
  }

  /**
   * Calls an entry once for each of the unit ranges that `splits` cuts 0 .. units into. The output and the
   * workspace start as NaN; every operand lies between guard values, which must survive.
   */
  run<A>(
    simd: SimdEntry<A>,
    attributes: A,
    operands: readonly (Float32Array | null)[],
    outputs: number,
    splits: readonly number[],
  ): Float32Array {
    const floats = new Float32Array(this.#memory.buffer, 65_536);
    let next = 16;
    const place = (length: number): number => {
      const at = next;
      next += Math.ceil((length + 16) / 16) * 16;
      assert.ok(next < floats.length, 'the test memory is large enough');
      return at;
    };
    const places = operands.map((values) => (values === null ? null : place(values.length)));
    const out = place(outputs);
    const workspaceFloats = (simd.workspaceBytes?.(attributes) ?? 0) / 4;
    const workspace = place(workspaceFloats);
    const { preparation } = simd;
    const preparedFloats = (preparation?.bytes(attributes) ?? 0) / 4;
    const prepared = place(preparedFloats);

    floats.fill(GUARD, 0, next);
    operands.forEach((values, i) => {
      if (values !== null) floats.set(values, places[i]!);
    });
    floats.fill(Number.NaN, out, out + outputs);
    floats.fill(Number.NaN, workspace, workspace + workspaceFloats);
    floats.fill(Number.NaN, prepared, prepared + preparedFloats);
    const addresses = [...places, out].map((at) => (at === null ? 0 : 65_536 + at * 4));
    const pointers = [...addresses, 65_536 + workspace * 4];
    if (preparation !== undefined) {
      const address = preparedFloats === 0 ? 0 : 65_536 + prepared * 4;
      const units = preparedFloats === 0 ? 0 : preparation.units(attributes);
      for (let unit = 0; unit < units; unit++) {
        this.#exports[preparation.entry(attributes)]!(
          ...preparation.arguments(attributes, pointers, address, unit, unit + 1),
        );
      }
      pointers.push(address);
    }
    for (let i = 0; i + 1 < splits.length; i++) {
      this.#exports[simd.entry]!(...simd.arguments(attributes, pointers, splits[i]!, splits[i + 1]!));
    }

    const result = floats.slice(out, out + outputs);
    floats.fill(GUARD, out, out + outputs);
    floats.fill(GUARD, workspace, workspace + workspaceFloats);
    floats.fill(GUARD, prepared, prepared + preparedFloats);
    operands.forEach((values, i) => {
      if (values === null) return;
      assert.ok(
        sameBytes(floats.slice(places[i]!, places[i]! + values.length), values),
        'operands are only read',
      );
      floats.fill(GUARD, places[i]!, places[i]! + values.length);
    });
    const untouched = new Float32Array(next).fill(GUARD);
    assert.ok(sameBytes(floats.subarray(0, next), untouched), 'nothing is written outside the output');
    return result;
  }

  /**
   * Calls an entry over unit ranges like `run`, for kernels that change operands in place: returns what every
   * operand holds afterwards. `step` are the run's step values. The workspace holds NaNs before each call.
   */
  launch<A>(
    simd: SimdEntry<A>,
    attributes: A,
    operands: readonly (Float32Array | Uint32Array | null)[],
    splits: readonly number[],
    step: readonly number[] = [],
  ): (Float32Array | Uint32Array | null)[] {
    const words = new Uint32Array(this.#memory.buffer, 65_536);
    const guard = 0xc640e600; // no number that a test computes
    let next = 16;
    const places = operands.map((values) => {
      const at = next;
      next += (values?.length ?? 0) + 16;
      return at;
    });
    const workspace = Math.ceil(next / 16) * 16;
    const workspaceWords = (simd.workspaceBytes?.(attributes) ?? 0) / 4;
    next = workspace + workspaceWords + 16;
    assert.ok(next < words.length, 'the test memory is large enough');
    words.fill(guard, 0, next);
    operands.forEach((values, i) => {
      if (values !== null) words.set(bitsOf(values), places[i]!);
    });
    new Float32Array(this.#memory.buffer, STEP_VALUES_ADDRESS, step.length).set(step);
    const pointers = operands.map((values, i) => (values === null ? 0 : 65_536 + places[i]! * 4));
    pointers.push(65_536 + workspace * 4);
    for (let i = 0; i + 1 < splits.length; i++) {
      words.fill(0x7fc00000, workspace, workspace + workspaceWords);
      this.#exports[simd.entry]!(...simd.arguments(attributes, pointers, splits[i]!, splits[i + 1]!));
    }
    words.fill(guard, workspace, workspace + workspaceWords);
    const results = operands.map((values, i) => {
      if (values === null) return null;
      const bits = words.slice(places[i]!, places[i]! + values.length);
      words.fill(guard, places[i]!, places[i]! + values.length);
      return values instanceof Float32Array ? new Float32Array(bits.buffer) : bits;
    });
    assert.ok(
      words.subarray(0, next).every((word) => word === guard),
      'nothing is written outside the operands',
    );
    return results;
  }
}

function bitsOf(values: Float32Array | Uint32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}

export function sameBytes(a: Float32Array | Uint32Array, b: Float32Array | Uint32Array): boolean {
  const bytes = (array: Float32Array | Uint32Array) =>
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

/** Cuts 0 .. units at random places. */
export function randomSplits(random: () => number, units: number): number[] {
  const cuts = Array.from({ length: 1 + Math.floor(random() * 4) }, () => Math.floor(random() * (units + 1)));
  return [0, ...cuts.sort((a, b) => a - b), units];
}

/** Counts how often each path was taken; `print` fails where one was taken fewer than 20 times. */
export class PathCounts {
  readonly #counts = new Map<string, number>();

  hit(...paths: string[]): void {
    for (const path of paths) this.#counts.set(path, (this.#counts.get(path) ?? 0) + 1);
  }

  print(title: string, paths: readonly string[]): void {
    const counts = paths.map((path) => [path, this.#counts.get(path) ?? 0] as const);
    console.log(`${title}: ${counts.map(([path, count]) => `${path} ${count}`).join(', ')}`);
    for (const [path, count] of counts)
      assert.ok(count >= 20, `${title}: path '${path}' taken ${count} times`);
  }
}
