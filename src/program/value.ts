/** A value of a program: storage with a shape. Tensors (src/tensor) add the tape to it. */
import type { DType, TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import type { Recording } from './recording.js';
import type { Storage } from './storage.js';

export class Value {
  readonly recording: Recording;
  readonly storage: Storage;
  readonly shape: readonly number[];

  constructor(recording: Recording, storage: Storage, shape: readonly number[]) {
    this.recording = recording;
    this.storage = storage;
    this.shape = shape;
  }

  get dtype(): DType {
    return this.storage.dtype;
  }

  /** Number of elements. */
  get length(): number {
    return this.storage.length;
  }

  /** Throws when the value belongs to a program that has ended, or to another one. */
  assertUsable(recording: Recording): void {
    if (this.recording === recording && recording.open) return;
    throw new AttuneError({
      code: 'program',
      what: `a tensor of shape [${this.shape.join(', ')}] was used after its program had ended`,
      hint: 'return it from device.run to read it, or keep it on the device with assign(state, tensor)',
    });
  }
}

/** What `device.run` resolves with: each tensor that the body returned, as host values. */
export type HostValues<T> = T extends Value & { readonly shape: readonly [] }
  ? number
  : T extends Value
    ? TypedArray
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: HostValues<T[K]> }
      : T extends object
        ? { [K in keyof T]: HostValues<T[K]> }
        : T;

/** All values inside a body's result, in a fixed order. */
export function collectValues(result: unknown, found: Value[] = []): Value[] {
  if (result instanceof Value) found.push(result);
  else if (Array.isArray(result)) for (const item of result) collectValues(item, found);
  else if (isPlainObject(result)) for (const item of Object.values(result)) collectValues(item, found);
  return found;
}

/** Where in a body's result a value stood: the place of its host values among those that are read. */
class Place {
  readonly index: number;
  readonly scalar: boolean;

  constructor(index: number, { shape }: Value) {
    this.index = index;
    this.scalar = shape.length === 0;
  }
}

/** The body's result with a place in place of every value, which are `values`: nothing in it leads to the recording. */
export function placesOf(result: unknown, values: readonly Value[]): unknown {
  return replaced(result, Value, (value) => new Place(values.indexOf(value), value));
}

/** What `placesOf` gave, with host values in their places: numbers for values of rank 0. */
export function fillPlaces(places: unknown, hosts: readonly TypedArray[]): unknown {
  return replaced(places, Place, ({ index, scalar }) => (scalar ? hosts[index][0] : hosts[index]));
}

function replaced<Part>(
  result: unknown,
  kind: abstract new (...parts: never[]) => Part,
  replacement: (part: Part) => unknown,
): unknown {
  if (result instanceof kind) return replacement(result);
  if (Array.isArray(result)) return result.map((item) => replaced(item, kind, replacement));
  if (isPlainObject(result)) {
    const entries = Object.entries(result).map(([key, item]) => [key, replaced(item, kind, replacement)]);
    return Object.fromEntries(entries);
  }
  return result;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
