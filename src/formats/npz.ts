/**
 * NumPy's `.npz`: a zip archive with one `.npy` file per array, stored or compressed. A `.npy` file is a short text, the
 * dictionary of type, order and shape in Python's notation, and the numbers. Arrays of Python objects are pickles and
 * are never looked into.
 */

import { type ByteSource, latin1 } from './bytes.js';
import { swapBytes, tensorEntry } from './floats.js';
import { checkInflation, inflate, inflateStart } from './inflate.js';
import { gather } from './strided.js';
import {
  byteLength,
  DTYPE_BITS,
  type Dtype,
  MAX_RANK,
  MAX_TENSORS,
  type SkippedEntry,
  type TensorEntry,
  type TensorFile,
  weightsError,
  quote,
} from './tensors.js';
import { checkedReader, checksumIn, type ZipDirectory, type ZipRecord } from './zip.js';

const EXTENSION = '.npy';

/** The bytes of a record that are read to find its header: NumPy writes 128 for all but structures. */
const HEAD_BYTES = 4_096;

/** Types by NumPy's letters and size in bytes. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  f2: 'F16',
  f4: 'F32',
  f8: 'F64',
  i1: 'I8',
  i2: 'I16',
  i4: 'I32',
  i8: 'I64',
  u1: 'U8',
  u2: 'U16',
  u4: 'U32',
  u8: 'U64',
  b1: 'BOOL',
  c8: 'C64',
};

/** The header as NumPy writes it: keys in alphabetical order, and a type that is not a structure. */
const HEADER =
  /^\{'descr': '([<>|])([a-zA-Z]\d*)', 'fortran_order': (True|False), 'shape': \(((?:\d+, ?)*(?:\d+)?)\), \}\s*$/;

/** Variables that only Keras calls so, behind the name of their layer. */
const KERAS_VARIABLE = /\/(?:kernel|depthwise_kernel|gamma|moving_mean)(?::0)?$/;

/** Whether these records are those of an `.npz` file. */
export function isNpz(names: ReadonlySet<string>): boolean {
  return names.size > 0 && [...names].every((name) => name.endsWith(EXTENSION));
}

/**
 * Reads the headers of the arrays in an `.npz` file and offers those of numbers, which are read on demand.
 * @throws AttuneError 'weights' if the archive or a header is damaged, or an array is not as large as its shape says.
 */
export async function readNpz(source: ByteSource, directory: ZipDirectory): Promise<TensorFile> {
  if (directory.names.size > MAX_TENSORS) {
    throw weightsError(source.name, `there are more than ${MAX_TENSORS} arrays`);
  }
  const tensors: TensorEntry[] = [];
  const skipped: SkippedEntry[] = [];
  let total = 0;
  for (const file of directory.names) {
    const name = file.slice(0, -EXTENSION.length);
    const where = `${source.name}, array ${quote(name)}`;
    const record = await directory.locateAny(file);
    total += record.stored;
    // Honest records lie beside each other; overlapping ones would make a small file endless work.
    if (total > source.size) {
      throw weightsError(source.name, `arrays of ${total} bytes overlap in ${source.size} bytes`);
    }
    if (record.isCompressed) checkInflation(record.size, record.stored, where);
    const header = parseHeader(await readHead(source, record, where), where);
    if (header.array === undefined) skipped.push({ name, kind: header.kind });
    else tensors.push(entryOf(name, header.array, source, record, where));
  }
  const layout = tensors.some(({ name }) => KERAS_VARIABLE.test(name)) ? 'keras' : 'pytorch';
  return { format: 'npz', layout, metadata: {}, tensors, skipped, close: () => source.close() };
}

async function readHead(source: ByteSource, record: ZipRecord, where: string): Promise<Uint8Array> {
  const bytes = await source.read(record.offset, Math.min(record.stored, HEAD_BYTES));
  return record.isCompressed ? inflateStart(bytes, where) : bytes;
}

interface NpyArray {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly bigEndian: boolean;
  /** First index fastest. */
  readonly fortranOrder: boolean;
  /** Where the numbers begin in the record. */
  readonly start: number;
}

/** An array of numbers, or what it is instead. */
type NpyHeader = { readonly array: NpyArray } | { readonly array: undefined; readonly kind: string };

function parseHeader(head: Uint8Array, where: string): NpyHeader {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const text = latin1(head.subarray(0, 6));
  const major = head[6];
  // The length has 2 bytes in version 1 and 4 since; version 3 allows UTF-8 in the names of structures.
  const start = major === 1 ? 10 : 12;
  if (text !== '\x93NUMPY' || !(major >= 1 && major <= 3) || head.length < start) {
    throw weightsError(where, 'the record is not an array of NumPy, of version 1 to 3');
  }
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > Math.min(head.length, HEAD_BYTES)) {
    throw weightsError(where, `the header claims ${length} bytes, more than that of an array of numbers has`);
  }
  const header = latin1(head.subarray(start, start + length));
  if (/^\{'descr': (?:'\|O'|\[)/.test(header)) {
    return { array: undefined, kind: 'array of Python objects or structures' };
  }
  const [, order, type, fortran, dimensions] = HEADER.exec(header) ?? [];
  if (dimensions === undefined) throw weightsError(where, 'the header is not as NumPy writes it');
  if (!Object.hasOwn(DTYPES, type)) return { array: undefined, kind: `array of type ${type}` };
  const shape = dimensions.split(',').flatMap((text) => (text.trim() === '' ? [] : [Number(text)]));
  if (shape.length > MAX_RANK) throw weightsError(where, `there are more than ${MAX_RANK} dimensions`);
  const array = { dtype: DTYPES[type], shape, bigEndian: order === '>', fortranOrder: fortran === 'True' };
  return { array: { ...array, start: start + length } };
}

function entryOf(
  name: string,
  { dtype, shape, bigEndian, fortranOrder, start }: NpyArray,
  source: ByteSource,
  record: ZipRecord,
  where: string,
): TensorEntry {
  const size = byteLength(dtype, shape);
  if (size === undefined || start + size !== record.size) {
    throw weightsError(
      where,
      `${dtype} [${shape}] takes ${size} bytes but ${record.size - start} follow the header`,
    );
  }
  const itemSize = DTYPE_BITS[dtype] / 8;
  const { pauses } = source;
  const readStored = storedReader(source, record, start, size, where);
  return tensorEntry({ name, dtype, shape }, where, async () => {
    const bytes = await readStored();
    // A complex number is two real ones.
    if (bigEndian) await swapBytes(bytes, dtype === 'C64' ? 4 : itemSize, pauses);
    return fortranOrder ? gather(bytes, shape, fortranStrides(shape), itemSize, pauses) : bytes;
  });
}

/** Reads the numbers of a record, whose checksum it checks. */
function storedReader(
  source: ByteSource,
  record: ZipRecord,
  start: number,
  size: number,
  where: string,
): () => Promise<Uint8Array> {
  if (!record.isCompressed) {
    const read = checkedReader(source, record);
    return () => read(start, size);
  }
  return async () => {
    const compressed = await source.read(record.offset, record.stored);
    const bytes = await inflate('raw', compressed, record.size, where);
    if ((await checksumIn(bytes, 0, source.pauses)) !== record.crc32) {
      throw weightsError(where, 'the array does not have its checksum (CRC-32)');
    }
    return bytes.subarray(start);
  };
}

/** Elements between neighbours along each axis, if the first index runs fastest. */
function fortranStrides(shape: readonly number[]): number[] {
  let stride = 1;
  return shape.map((length) => {
    const current = stride;
    stride *= length;
    return current;
  });
}
