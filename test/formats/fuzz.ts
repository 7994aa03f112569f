/**
 * Structure-aware fuzzing of the three parsers, in memory.
 *
 * Bytes changed at random mostly break the outermost layer: a length, a checksum, a magic number. Here most mutations
 * change the inside (the JSON text, the pickle, a storage) and the file around it is made anew, with honest lengths,
 * offsets and checksums, so that the parser gets to see them. Case number i of a parser is always the same.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { AttuneError } from '#src/errors';
import { type ByteSource, memorySource } from '#src/formats/bytes';
import { readSafetensors } from '#src/formats/safetensors';
import { byteLength, type TensorFile } from '#src/formats/tensors';
import { readTorchLegacy } from '#src/formats/torch-legacy';
import { readTorchZip } from '#src/formats/torch-zip';
import {
  concat,
  dict,
  fixtureBytes,
  int,
  legacyHeader,
  list,
  little,
  MARK,
  named,
  NONE,
  pickle,
  safetensorsOf,
  STOP,
  tensor,
  text,
  type ZipRecordOptions,
  zip,
} from './support.js';

/** One parser and the maker of its cases. */
export interface FuzzTarget {
  readonly name: string;
  readonly parse: (source: ByteSource) => Promise<TensorFile>;
  readonly mutate: (random: Random) => Uint8Array;
  /** Cases that the quick test runs, 2,000 if it does not say. */
  readonly quickCases?: number;
  /** Matches the places that an error names once the outermost layer was accepted. */
  readonly pastHeader?: RegExp;
}

export interface FuzzReport {
  readonly cases: number;
  /** Cases that the parser opened. */
  readonly opened: number;
  /** Cases that the parser opened, or refused for something beyond the outermost layer. */
  readonly pastHeader: number;
  readonly slowestMilliseconds: number;
  readonly peakMegabytes: number;
}

/** The places that an error names once the outermost layer was accepted, unless a target says otherwise. */
const PAST_HEADER = /, (byte ranges|data\.pkl|object|storage keys|storages|state dict|.*tensor )/;

/** Most that the process may grow by, in bytes: twice a file of some kB, and 64 MiB. */
const MEMORY_LIMIT = 64 * 2 ** 20;
const TIME_LIMIT = 5_000;

/** Cases between two looks at the memory. Of a million cases V8 lets much garbage stand: half the limit is collected. */
const WINDOW = 500;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/**
 * Runs `cases` mutations, from number `from` on, and requires that each is opened or refused with an AttuneError of
 * code 'weights', in time and in bounded memory.
 */
export async function fuzz(target: FuzzTarget, cases: number, from = 0): Promise<FuzzReport> {
  const startMemory = process.memoryUsage().rss;
  let [opened, pastHeader, slowest, peak, current] = [0, 0, 0, startMemory, from];
  // A parser that waits for ever would let the process end quietly: this keeps it alive and says which case it was.
  let [seen, seenAt] = [-1, 0];
  const watchdog = setInterval(() => {
    if (current !== seen) [seen, seenAt] = [current, Date.now()];
    else if (Date.now() - seenAt > TIME_LIMIT) throw new Error(`${target.name}: case ${current} hangs`);
  }, 500);
  try {
    for (; current < from + cases; current++) {
      const bytes = target.mutate(new Random(current));
      const start = performance.now();
      const outcome = await attempt(target, bytes, current);
      slowest = Math.max(slowest, performance.now() - start);
      if (outcome.opened) opened++;
      if (outcome.pastHeader) pastHeader++;
      if (current % WINDOW === 0) {
        const { rss } = process.memoryUsage();
        peak = Math.max(peak, rss);
        if (rss - startMemory > MEMORY_LIMIT / 2) collectGarbage();
      }
    }
  } finally {
    clearInterval(watchdog);
  }
  assert.ok(slowest < TIME_LIMIT, `${target.name}: the slowest case took ${slowest} ms`);
  assert.ok(peak - startMemory < MEMORY_LIMIT, `${target.name}: memory grew by ${peak - startMemory} bytes`);
  const peakMegabytes = (peak - startMemory) / 2 ** 20;
  return { cases, opened, pastHeader, slowestMilliseconds: slowest, peakMegabytes };
}

async function attempt(target: FuzzTarget, bytes: Uint8Array, number: number) {
  try {
    const file = await target.parse(memorySource(bytes, 'fuzz'));
    for (const entry of file.tensors) {
      const raw = await entry.readRaw();
      assert.is(raw.length, byteLength(entry.dtype, entry.shape), `${target.name}: case ${number}`);
    }
    return { opened: true, pastHeader: true };
  } catch (error) {
    if (!(error instanceof AttuneError) || error.code !== 'weights') {
      throw new Error(`${target.name}: case ${number} threw something else: ${String(error)}`, {
        cause: error,
      });
    }
    const { pastHeader = PAST_HEADER } = target;
    return { opened: false, pastHeader: pastHeader.test(error.where ?? '') };
  }
}

export function describe(name: string, report: FuzzReport): string {
  const share = (count: number) => `${((100 * count) / report.cases).toFixed(1)} %`;
  return (
    `${name}: ${report.cases} mutations, ${share(report.pastHeader)} past the header, ${share(report.opened)} opened, ` +
    `slowest ${report.slowestMilliseconds.toFixed(0)} ms, memory +${report.peakMegabytes.toFixed(0)} MB`
  );
}

/** Deterministic random numbers (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed + 1, 0x9e3779b1);
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean {
    return this.below(100) < percent;
  }
}

// ---- bytes ----

export const INTERESTING = [
  0,
  1,
  2,
  8,
  127,
  128,
  255,
  256,
  65535,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53 - 1,
  2 ** 53,
  -1,
];

/** One to four changes anywhere. */
export function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  let mutant: Uint8Array = bytes.slice();
  for (let left = 1 + random.below(4); left > 0; left--) mutant = changeOnce(random, mutant);
  return mutant;
}

function changeOnce(random: Random, bytes: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  const span = random.below(Math.min(16, bytes.length - at) + 1);
  switch (random.below(7)) {
    case 0: // flip a bit
      if (at < bytes.length) bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1: // overwrite a number
      bytes.set(little(random.pick(INTERESTING), random.pick([1, 2, 4, 8])).slice(0, bytes.length - at), at);
      return bytes;
    case 2: // cut something out
      return concat(bytes.subarray(0, at), bytes.subarray(at + span));
    case 3: // say something twice
      return concat(bytes.subarray(0, at + span), bytes.subarray(at));
    case 4: // insert
      return concat(bytes.subarray(0, at), [random.below(256)], bytes.subarray(at));
    case 5: // cut off
      return random.chance(30) ? bytes.slice(0, at) : bytes;
    default: // move something
      return concat(bytes.subarray(at, at + span), bytes.subarray(0, at), bytes.subarray(at + span));
  }
}

// ---- safetensors ----

const HEADERS = [
  '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"I64","shape":[],"data_offsets":[24,32]}}',
  '{"__metadata__":{"format":"pt"},"x":{"dtype":"F16","shape":[4],"data_offsets":[24,32]},"y":{"dtype":"U8","shape":[3,8],"data_offsets":[0,24]}}',
  '{"e":{"dtype":"BF16","shape":[0,7],"data_offsets":[0,0]},"f":{"dtype":"F4","shape":[2,32],"data_offsets":[0,32]}}',
];
const DATA_BYTES = 32;

const JSON_TOKENS = [
  ...[
    '"dtype"',
    '"shape"',
    '"data_offsets"',
    '"__metadata__"',
    '"F32"',
    '"F64"',
    '"F4"',
    '"BOOL"',
    '"__proto__"',
    '"a"',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '{}',
    '[]',
    'null',
    'true',
    '-1',
    '1e9',
    '0.5',
    '" "',
    ' ',
    '\\',
    '"\\u0061"',
    '"\\ud800"',
  ],
  ...INTERESTING.map(String),
];

/** One to three changes of tokens of the JSON text: mostly its numbers, for there a parser computes. */
export function mutateJson(random: Random, json: string): string {
  const tokens = json.match(/"[^"]*"|\d+|./g) ?? [];
  const numbers = tokens.flatMap((token, i) => (/^\d+$/.test(token) ? [i] : []));
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(tokens.length);
    if (random.chance(75)) {
      const number = random.chance(60) ? random.below(40) : random.pick(INTERESTING);
      tokens[random.pick(numbers)] = String(number);
    } else if (random.chance(60)) {
      tokens[at] = random.pick(JSON_TOKENS);
    } else {
      // Not removed, so that the positions of the numbers stay.
      tokens[at] = random.chance(50) ? '' : tokens[at] + tokens[at];
    }
  }
  return tokens.join('');
}

function mutateSafetensors(random: Random): Uint8Array {
  const header = random.pick(HEADERS);
  if (random.chance(10))
    return mutateBytes(random, random.pick([safetensorsOf(header, DATA_BYTES), REFERENCE]));
  const data = random.chance(15) ? random.below(2 * DATA_BYTES) : DATA_BYTES;
  if (random.chance(25)) return safetensorsOf(mutateBytes(random, new TextEncoder().encode(header)), data);
  return safetensorsOf(mutateJson(random, header), data);
}

const REFERENCE = fixtureBytes('reference.safetensors');

// ---- pickles ----

/** Two tensors over two storages, of 6 float32 and 2 int64 values. */
const FLOATS = new Float32Array([1, 2, 3, 4, 5, 6]);
const LONGS = new BigInt64Array([7n, 8n]);
const FLOAT_TENSOR = tensor({ key: '0', length: 6, shape: [2, 3], strides: [3, 1] });
const LONG_TENSOR = tensor({ key: '1', type: 'LongStorage', length: 2, offset: 1, shape: [], strides: [] });
const ENTRIES = [
  [text('w'), FLOAT_TENSOR],
  [text('n'), LONG_TENSOR],
  [text('t'), tensor({ key: '0', length: 6, shape: [3, 2], strides: [1, 3] })],
  [text('epoch'), int(3)],
] as const;
const OBJECTS = [
  pickle(dict(ENTRIES)),
  pickle(
    dict([
      [text('model'), dict(ENTRIES)],
      [text('args'), NONE],
    ]),
  ),
  pickle([
    ...named('collections', 'OrderedDict'),
    0x29,
    0x52,
    0x71,
    0,
    MARK,
    ...ENTRIES.flat(2),
    0x75,
    0x7d,
    0x62,
  ]),
];

/** Opcodes with operands, as a hostile program would use them. */
const FRAGMENTS: readonly (readonly number[])[] = [
  ...[0x28, 0x29, 0x2e, 0x30, 0x4e, 0x51, 0x52, 0x5d, 0x61, 0x62, 0x65, 0x73, 0x74, 0x75, 0x7d].map(
    (opcode) => [opcode],
  ),
  ...[0x81, 0x85, 0x86, 0x87, 0x88, 0x89].map((opcode) => [opcode]),
  ...INTERESTING.map((number) => int(number)),
  ...[0x68, 0x71].map((opcode) => [opcode, 0]),
  ...[
    [0x68, 200],
    [0x6a, 255, 255, 255, 255],
    [0x72, 255, 255, 255, 255],
    [0x8a, 255],
    [0x58, 255, 255, 255, 255],
  ],
  ...[NONE, FLOAT_TENSOR, LONG_TENSOR, dict([]), list(), text('state_dict'), text('')],
  ...[
    named('os', 'system'),
    named('torch', 'Size'),
    named('torch', 'DoubleStorage'),
    named('torch._utils', '_rebuild_parameter'),
  ],
];

function mutatePickle(random: Random, bytes: Uint8Array): Uint8Array {
  if (random.chance(40)) return mutateBytes(random, bytes);
  let mutant: Uint8Array = bytes;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const fragment = random.pick(FRAGMENTS);
    const numbers = positionsOfNumbers(mutant);
    if (random.chance(50) && numbers.length > 0) {
      // Another number: shapes, strides, offsets and lengths.
      const at = random.pick(numbers);
      const number = random.chance(60) ? int(random.below(8)) : int(random.pick(INTERESTING));
      mutant = concat(mutant.subarray(0, at), number, mutant.subarray(at + 2));
    } else {
      const at = 2 + random.below(mutant.length - 2);
      mutant = concat(
        mutant.subarray(0, at),
        fragment,
        mutant.subarray(at + (random.chance(50) ? fragment.length : 0)),
      );
    }
  }
  return random.chance(5) ? concat(mutant, [STOP]) : mutant;
}

/** Where BININT1 seems to be: an opcode and one byte. */
function positionsOfNumbers(bytes: Uint8Array): number[] {
  const positions: number[] = [];
  for (let i = 2; i < bytes.length - 1; i++) if (bytes[i] === 0x4b) positions.push(i);
  return positions;
}

// ---- PyTorch, zip ----

const ZIP_FIXTURE = fixtureBytes('module-zip.pth');

function mutateTorchZip(random: Random): Uint8Array {
  const object = random.pick(OBJECTS);
  const inside = random.chance(70);
  const records: ZipRecordOptions[] = [
    { name: 'a/data.pkl', data: inside ? mutatePickle(random, object) : object },
    { name: 'a/byteorder', data: new TextEncoder().encode('little') },
    { name: 'a/data/0', data: concat(new Uint8Array(FLOATS.buffer)) },
    { name: 'a/data/1', data: concat(new Uint8Array(LONGS.buffer)) },
  ];
  if (!inside && random.chance(50)) {
    for (let left = 1 + random.below(2); left > 0; left--) mutateRecord(random, records);
    return zip(records);
  }
  if (inside) return zip(records);
  return mutateBytes(random, random.chance(80) ? zip(records) : ZIP_FIXTURE);
}

/** Lets one record lie, vanish or appear twice. */
export function mutateRecord(random: Random, records: ZipRecordOptions[]): void {
  const at = random.below(records.length);
  const record = records[at];
  switch (random.below(8)) {
    case 0:
      records.splice(at, 1, record, record);
      break;
    case 1:
      if (records.length > 1) records.splice(at, 1);
      break;
    case 2:
      records[at] = {
        ...record,
        name: random.pick(['../a', 'a/data/2', 'b/data.pkl', '', 'a/constants.pkl', '/a']),
      };
      break;
    case 3:
      records[at] = { ...record, size: random.pick(INTERESTING) };
      break;
    case 4:
      records[at] = { ...record, method: random.pick([8, 14, 99]), flags: random.pick([0, 1, 8, 0x800]) };
      break;
    case 5:
      records[at] = { ...record, crc: random.below(2 ** 32) };
      break;
    case 6:
      records[at] = { ...record, localOffset: random.pick(INTERESTING) };
      break;
    default: {
      const sizes = [random.pick(INTERESTING), random.pick(INTERESTING)].flatMap((size) => little(size, 8));
      records[at] = { ...record, size: 0xffffffff, extra: [1, 0, random.pick([0, 8, 16, 24]), 0, ...sizes] };
    }
  }
}

// ---- PyTorch, legacy ----

const LEGACY_HEADER = legacyHeader();
const KEYS = pickle(list(text('0'), text('1')));
const STORAGES = [
  concat(little(6, 8), new Uint8Array(FLOATS.buffer)),
  concat(little(2, 8), new Uint8Array(LONGS.buffer)),
];
const LEGACY_FIXTURE = fixtureBytes('module-legacy.pth');

function mutateTorchLegacy(random: Random): Uint8Array {
  const object = random.pick(OBJECTS);
  if (random.chance(10)) return mutateBytes(random, LEGACY_FIXTURE);
  const part = random.below(10);
  return concat(
    part === 0 ? mutateBytes(random, LEGACY_HEADER) : LEGACY_HEADER,
    part >= 1 && part <= 6 ? mutatePickle(random, object) : object,
    part === 7 ? mutatePickle(random, KEYS) : KEYS,
    part === 8 ? mutateBytes(random, STORAGES[0]) : STORAGES[0],
    part === 9 ? mutateBytes(random, STORAGES[1]) : STORAGES[1],
  );
}

export const TARGETS: readonly FuzzTarget[] = [
  { name: 'safetensors', parse: readSafetensors, mutate: mutateSafetensors },
  { name: 'torch-zip', parse: readTorchZip, mutate: mutateTorchZip },
  { name: 'torch-legacy', parse: readTorchLegacy, mutate: mutateTorchLegacy },
];
