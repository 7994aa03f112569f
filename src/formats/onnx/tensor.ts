/**
 * Tensors of ONNX (TensorProto): type, dimensions and name, and their numbers in one of several places: as raw bytes, as
 * a list of numbers by type, or in a file beside the model.
 */

import type { ByteSource } from '../bytes.js';
import { tensorEntry } from '../floats.js';
import { type Field, type ProtobufReader, varintsToBytes, WIRE } from '../protobuf-read.js';
import {
  byteLength,
  DTYPE_BITS,
  type Dtype,
  elementCount,
  MAX_RANK,
  type TensorEntry,
  weightsError,
  quote,
} from '../tensors.js';

/** Numbers of fields. */
const FIELD = {
  dims: 1,
  dataType: 2,
  floatData: 4,
  int32Data: 5,
  int64Data: 7,
  name: 8,
  rawData: 9,
  doubleData: 10,
  uint64Data: 11,
  externalData: 13,
  dataLocation: 14,
} as const;

const DTYPES: Readonly<Record<number, Dtype>> = {
  1: 'F32',
  2: 'U8',
  3: 'I8',
  4: 'U16',
  5: 'I16',
  6: 'I32',
  7: 'I64',
  9: 'BOOL',
  10: 'F16',
  11: 'F64',
  12: 'U32',
  13: 'U64',
  14: 'C64',
  16: 'BF16',
  17: 'F8_E4M3',
  19: 'F8_E5M2',
};

/** What `data_location` says of numbers in another file. */
const EXTERNAL = 1;

/** Lists whose bytes are the numbers as they are, and what they may be the numbers of. */
const PLAIN_LISTS: Readonly<Record<number, readonly Dtype[]>> = {
  [FIELD.floatData]: ['F32', 'C64'],
  [FIELD.doubleData]: ['F64'],
};

/** Lists of varints, likewise. */
const VARINT_LISTS: Readonly<Record<number, readonly Dtype[]>> = {
  [FIELD.int32Data]: ['I32', 'I16', 'I8', 'U16', 'U8', 'BOOL', 'F16', 'BF16', 'F8_E4M3', 'F8_E5M2'],
  [FIELD.int64Data]: ['I64'],
  [FIELD.uint64Data]: ['U64', 'U32'],
};

/** A file beside the model, and how many bytes tensors may still have in it. */
export interface ExternalFile {
  readonly source: ByteSource;
  bytesLeft: number;
}

/** Where the model's file and those beside it are. */
export interface OnnxFiles {
  readonly reader: ProtobufReader;
  readonly source: ByteSource;
  /** Opens a file beside the model, once. */
  readonly external: (location: string) => Promise<ExternalFile>;
}

/** A tensor of numbers, or the kind of what it is instead. */
export type OnnxTensor = TensorEntry | { readonly name: string; readonly kind: string };

/**
 * Reads the description of the tensor in a field.
 * @param fallbackName for one that has no name of its own
 */
export async function readTensor(files: OnnxFiles, field: Field, fallbackName = ''): Promise<OnnxTensor> {
  const { reader, source } = files;
  let where = `${source.name}, tensor at byte ${field.start}`;
  let name = fallbackName;
  let dataType = 0;
  let isExternal = false;
  let data: Field | undefined;
  const dims: number[] = [];
  const location = new Map<string, string>();
  for await (const inner of reader.fields(field.start, field.length, where)) {
    if (inner.number === FIELD.dims) await reader.counts(inner, dims, MAX_RANK, where);
    else if (inner.number === FIELD.dataType) dataType = inner.value;
    else if (inner.number === FIELD.name) name = (await reader.text(inner, where)) || fallbackName;
    else if (inner.number === FIELD.dataLocation) isExternal = inner.value === EXTERNAL;
    else if (inner.number === FIELD.externalData) await readLocation(reader, inner, location, where);
    else if (isData(inner.number)) {
      if (data !== undefined || inner.wire !== WIRE.bytes) {
        throw weightsError(where, 'the numbers of a tensor are in several places, or one by one');
      }
      data = inner;
    }
  }
  where = `${source.name}, tensor ${quote(name)}`;
  const dtype = DTYPES[dataType];
  if (dtype === undefined) return { name, kind: `tensor of ONNX's type ${dataType}` };
  const size = byteLength(dtype, dims);
  if (size === undefined) throw weightsError(where, `no size in bytes follows from ${dtype} [${dims}]`);
  const info = { name, dtype, shape: dims };
  if (isExternal) {
    return tensorEntry(info, where, await externalReader(files, location, size, where));
  }
  return tensorEntry(info, where, dataReader(source, data, info, size, where));
}

function isData(number: number): boolean {
  return number === FIELD.rawData || number in PLAIN_LISTS || number in VARINT_LISTS;
}

function dataReader(
  source: ByteSource,
  data: Field | undefined,
  { dtype, shape }: { dtype: Dtype; shape: readonly number[] },
  size: number,
  where: string,
): () => Promise<Uint8Array> {
  if (data === undefined) {
    if (size > 0) throw weightsError(where, `the tensor of ${size} bytes has no numbers`);
    return async () => new Uint8Array(0);
  }
  const { number, start, length } = data;
  const holds = PLAIN_LISTS[number] ?? VARINT_LISTS[number];
  if (holds !== undefined && !holds.includes(dtype)) {
    throw weightsError(where, `the numbers of a tensor of type ${dtype} are in the list of another type`);
  }
  if (number in VARINT_LISTS) {
    const count = elementCount(shape) as number;
    const itemSize = DTYPE_BITS[dtype] / 8;
    return async () =>
      varintsToBytes(await source.read(start, length), count, itemSize, where, source.pauses);
  }
  if (length !== size) {
    throw weightsError(where, `${dtype} [${shape}] takes ${size} bytes but ${length} are there`);
  }
  return () => source.read(start, length);
}

/** Scans one of `location`, `offset`, `length` and `checksum` with its value. */
async function readLocation(
  reader: ProtobufReader,
  field: Field,
  location: Map<string, string>,
  where: string,
): Promise<void> {
  let [key, value] = ['', ''];
  for await (const inner of reader.fields(field.start, field.length, where)) {
    if (inner.number === 1) key = await reader.text(inner, where);
    else if (inner.number === 2) value = await reader.text(inner, where);
  }
  if (location.has(key)) throw weightsError(where, `the place of a tensor has two of ${JSON.stringify(key)}`);
  location.set(key, value);
}

async function externalReader(
  files: OnnxFiles,
  location: ReadonlyMap<string, string>,
  size: number,
  where: string,
): Promise<() => Promise<Uint8Array>> {
  const file = await files.external(location.get('location') ?? '');
  const { source } = file;
  const offset = wholeNumber(location.get('offset') ?? '0', where);
  const length = wholeNumber(location.get('length') ?? String(source.size - offset), where);
  if (length !== size || offset + length > source.size) {
    throw weightsError(
      where,
      `the tensor of ${size} bytes has ${length} bytes at ${offset} of ${source.name}, which has ${source.size}`,
    );
  }
  file.bytesLeft -= length;
  if (file.bytesLeft < 0) throw weightsError(where, 'the tensors of the file share their bytes too often');
  return () => source.read(offset, length);
}

function wholeNumber(text: string, where: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw weightsError(where, 'the place of a tensor is no whole number');
  return value;
}
