/** Hand-made files for the tests of src/formats: valid ones, and ones that lie wherever a test wants them to. */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { AttuneError } from '#src/errors';
import { checkSiblingName, memorySource, type SiblingFiles } from '#src/formats/bytes';
import { crc32 } from '#src/formats/crc32';
import type { GroupToWrite } from '#src/formats/hdf5/write';
import { type TensorFile, weightsError } from '#src/formats/tensors';
import type { TensorToWrite } from '#src/formats/to-write';

/** Path of a checked-in fixture; tests run from build/test/formats. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../../../test/formats/fixtures/${name}`, import.meta.url));
}

export function fixtureBytes(name: string): Uint8Array {
  return new Uint8Array(readFileSync(fixture(name)));
}

/** What make-fixtures.py says that a file holds. */
export interface Expected {
  readonly name: string;
  readonly dtype: string;
  readonly shape: number[];
  readonly raw: string;
  readonly float32: string | null;
}

export function expected(name: string): Expected[] {
  return JSON.parse(readFileSync(fixture(name), 'utf8')) as Expected[];
}

/** Requires an AttuneError with this code, whose sentence matches. */
export async function rejects(action: () => unknown, pattern: RegExp, code = 'weights'): Promise<void> {
  let thrown: unknown;
  try {
    await action();
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, AttuneError, thrown === undefined ? 'nothing was thrown' : String(thrown));
  const { code: actual, message } = thrown as AttuneError;
  assert.is(actual, code, message);
  assert.match(message, pattern);
}

export function hex(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('hex');
}

export function tensorOf(file: TensorFile, name: string) {
  const tensor = file.tensors.find((entry) => entry.name === name);
  assert.ok(tensor, `no tensor ${name}`);
  return tensor!;
}

/** Requires the tensors that a fixture's description lists, in its order. */
export async function assertHolds(file: TensorFile, wanted: readonly Expected[]): Promise<void> {
  assert.equal(
    file.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    wanted.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
  );
  for (const { name, raw, float32 } of wanted) {
    const entry = tensorOf(file, name);
    assert.is(hex(await entry.readRaw()), raw, name);
    if (float32 !== null) assert.is(hex(await entry.read()), float32, name);
  }
}

/** A safetensors file with any header text and any bytes after it. */
export function safetensorsOf(header: string | Uint8Array, data: Uint8Array | number = 0): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const body = typeof data === 'number' ? new Uint8Array(data) : data;
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true);
  return concat(length, text, body);
}

export function concat(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** Little-endian bytes of an integer. */
export function little(value: number | bigint, bytes: number): number[] {
  // A BigInt takes a hundred times as long, and fuzzing writes millions of small numbers.
  if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
    const digits: number[] = [];
    for (let left = value; digits.length < bytes; left = Math.floor(left / 256)) digits.push(left % 256);
    return digits;
  }
  return Array.from({ length: bytes }, (_, i) => Number((BigInt(value) >> BigInt(8 * i)) & 255n));
}

// ---- pickles: each function returns the opcodes that push one value ----

type Code = readonly number[];

export const MARK = 0x28;
export const STOP = 0x2e;
export const NONE: Code = [0x4e];
export const TRUE: Code = [0x88];

export function pickle(...code: readonly Code[]): Uint8Array {
  return Uint8Array.from([0x80, 2, ...code.flat(), STOP]);
}

export function text(value: string): Code {
  const bytes = new TextEncoder().encode(value);
  return [0x58, ...little(bytes.length, 4), ...bytes];
}

export function int(value: number | bigint): Code {
  if (value >= 0 && value < 256) return [0x4b, Number(value)];
  return [0x8a, 9, ...little(value, 9)];
}

export function named(module: string, name: string): Code {
  return [0x63, ...new TextEncoder().encode(`${module}\n${name}\n`)];
}

export function tuple(...items: readonly Code[]): Code {
  return [MARK, ...items.flat(), 0x74];
}

export function list(...items: readonly Code[]): Code {
  return [0x5d, MARK, ...items.flat(), 0x65];
}

export function dict(entries: readonly (readonly [Code, Code])[]): Code {
  return [0x7d, MARK, ...entries.flat(2), 0x75];
}

export function call(callee: Code, ...args: readonly Code[]): Code {
  return [...callee, ...tuple(...args), 0x52];
}

export interface TensorCode {
  readonly key?: string;
  readonly type?: string;
  readonly length?: number | bigint;
  readonly offset?: number | bigint;
  readonly shape?: readonly (number | bigint)[];
  readonly strides?: readonly (number | bigint)[];
  readonly view?: Code;
}

/** A float32 vector of two elements, unless told otherwise. */
export function tensor(options: TensorCode = {}): Code {
  const {
    key = '0',
    type = 'FloatStorage',
    length = 2,
    offset = 0,
    shape = [2],
    strides = [1],
    view,
  } = options;
  const id = [
    text('storage'),
    named('torch', type),
    text(key),
    text('cpu'),
    int(length),
    ...(view ? [view] : []),
  ];
  return call(
    named('torch._utils', '_rebuild_tensor_v2'),
    [...tuple(...id), 0x51],
    int(offset),
    tuple(...shape.map(int)),
    tuple(...strides.map(int)),
    TRUE,
    call(named('collections', 'OrderedDict')),
  );
}

// ---- zip archives ----

export interface ZipRecordOptions {
  readonly name: string;
  readonly data: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  readonly crc?: number;
  /** Sizes as the directory claims them. */
  readonly size?: number;
  readonly compressedSize?: number;
  readonly localOffset?: number;
  /** Extra fields in the directory, for ZIP64. */
  readonly extra?: readonly number[];
}

export interface ZipOptions {
  /** Number of records that the end of the directory claims. */
  readonly count?: number;
  /** Where the directory is, as its end claims it. */
  readonly directoryOffset?: number;
  /** Bytes between directory and its end: ZIP64 records. They are told where the directory is. */
  readonly beforeEnd?: (directoryOffset: number, count: number, position: number) => readonly number[];
}

export function zip(records: readonly ZipRecordOptions[], options: ZipOptions = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let position = 0;
  for (const { name, data, method = 0, flags = 0, ...record } of records) {
    const nameBytes = new TextEncoder().encode(name);
    const common = [
      ...little(flags, 2),
      ...little(method, 2),
      0,
      0,
      0,
      0,
      ...little(record.crc ?? crc32(data), 4),
    ];
    const compressed = record.compressedSize ?? record.size ?? data.length;
    const sizes = [...little(compressed, 4), ...little(record.size ?? data.length, 4)];
    const lengths = little(nameBytes.length, 2);
    const local = concat([0x50, 0x4b, 3, 4, 20, 0], common, sizes, lengths, [0, 0], nameBytes, data);
    const offset = little(record.localOffset ?? position, 4);
    const extra = record.extra ?? [];
    directory.push(
      concat([0x50, 0x4b, 1, 2, 20, 0, 20, 0], common, sizes, lengths, little(extra.length, 2)),
      concat([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], offset, nameBytes, extra),
    );
    parts.push(local);
    position += local.length;
  }
  const central = concat(...directory);
  const start = options.directoryOffset ?? position;
  const count = options.count ?? records.length;
  const before = options.beforeEnd?.(position, records.length, position + central.length) ?? [];
  const end = [
    0x50,
    0x4b,
    5,
    6,
    0,
    0,
    0,
    0,
    ...little(count, 2),
    ...little(count, 2),
    ...little(central.length, 4),
  ];
  return concat(...parts, central, before, end, little(start, 4), [0, 0]);
}

/** A valid zip-format file: one float32 vector [1, 2] named `weight`, or another pickle and other records. */
export function torchZip(
  data = pickle(dict([[text('weight'), tensor()]])),
  records = [storage()],
): Uint8Array {
  return zip([{ name: 'archive/data.pkl', data }, ...records]);
}

export function storage(key = '0', values: ArrayBufferView = new Float32Array([1, 2])): ZipRecordOptions {
  return { name: `archive/data/${key}`, data: concat(new Uint8Array(values.buffer)) };
}

/** A legacy-format file with this object, whose storages follow. */
export function torchLegacy(
  object = pickle(dict([[text('weight'), tensor()]])),
  keys: readonly string[] = ['0'],
  storages: readonly ArrayBufferView[] = [new Float32Array([1, 2])],
): Uint8Array {
  const bytes = storages.map((values) =>
    concat(
      little('length' in values ? (values as Float32Array).length : values.byteLength, 8),
      new Uint8Array(values.buffer),
    ),
  );
  return concat(legacyHeader(), object, pickle(list(...keys.map(text))), ...bytes);
}

export function legacyHeader(littleEndian: Code = TRUE, protocol = 1001): Uint8Array {
  return concat(
    pickle([0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]),
    pickle(int(protocol)),
    pickle(dict([[text('little_endian'), littleEndian]])),
  );
}

// ---- HDF5 ----

/** What a writer yields, as one file. */
export async function fileOf(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return new Uint8Array(Buffer.concat(all));
}

/** Keras's older file with one layer, `layer`, whose weights are these members. */
export function kerasLayer(members: Readonly<Record<string, GroupToWrite | TensorToWrite>>): GroupToWrite {
  const attributes = { weight_names: Object.keys(members) };
  const layer = { attributes, members: new Map(Object.entries(members)) };
  return { attributes: { layer_names: ['layer'] }, members: new Map([['layer', layer]]) };
}

// ---- files that consist of several ----

/** Files in memory as those beside another. */
export function memorySiblings(files: Readonly<Record<string, Uint8Array>>): SiblingFiles {
  return {
    async open(name) {
      checkSiblingName(name, 'memory');
      if (!Object.hasOwn(files, name)) throw weightsError('memory', `there is no file ${name}`);
      return memorySource(files[name], name);
    },
  };
}
