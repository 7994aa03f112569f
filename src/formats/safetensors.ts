/**
 * safetensors: an 8-byte header length, a JSON header that names each tensor with type, shape and byte range, and the
 * tensors' bytes.
 *
 * The reader is as strict as the format's text and stricter than its reference: the byte ranges must cover the file
 * exactly, without holes, overlaps or a tail (so that a file cannot be a second thing as well), sizes must follow from
 * type and shape without overflow, and equal keys are refused. Header space is bounded before it is read.
 */

import type { Pauses } from '../pauses.js';
import { type ByteSource, decodeText } from './bytes.js';
import { tensorEntry } from './floats.js';
import { JsonScanner } from './json.js';
import {
  byteLength,
  type Dtype,
  isDtype,
  MAX_RANK,
  MAX_TENSORS,
  type TensorEntry,
  type TensorFile,
  type TensorInfo,
  weightsError,
  quote,
} from './tensors.js';

/** The longest header that the reference reads, in bytes. */
export const MAX_HEADER_BYTES = 100_000_000;

/** The one key of the header that is not a tensor. */
export const METADATA_KEY = '__metadata__';

/** The most entries beside the tensors: millions in one header took minutes, in which no signal was heard. */
const MAX_METADATA = 100_000;

/** A tensor of the header: `begin` and `end` count bytes from the end of the header. */
interface StoredTensor extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

interface Header {
  readonly metadata: Record<string, string>;
  readonly tensors: StoredTensor[];
}

/**
 * Reads the header of a safetensors file and offers its tensors, which are read on demand.
 * @throws AttuneError 'weights' if the file breaks any rule of the format.
 */
export async function readSafetensors(source: ByteSource): Promise<TensorFile> {
  const where = `${source.name}, header`;
  const headerLength = await readHeaderLength(source, where);
  const { pauses } = source;
  const text = await decodeUtf8(await source.read(8, headerLength), pauses, where);
  const header = await parseHeader(text, pauses, where);
  const dataStart = 8 + headerLength;
  // The order of the file is the order of the bytes; a header may list its tensors in any order.
  header.tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkRanges(header.tensors, source.size - dataStart, `${source.name}, byte ranges`);
  return {
    format: 'safetensors',
    layout: 'pytorch',
    metadata: header.metadata,
    tensors: header.tensors.map((tensor) => entryOf(tensor, source, dataStart)),
    skipped: [],
    close: () => source.close(),
  };
}

async function readHeaderLength(source: ByteSource, where: string): Promise<number> {
  if (source.size < 8)
    throw weightsError(where, `the file has ${source.size} bytes, fewer than the 8 of a header`);
  const bytes = await source.read(0, 8);
  const length = new DataView(bytes.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw weightsError(
      where,
      `the header claims ${length} bytes, more than the limit of ${MAX_HEADER_BYTES}`,
    );
  }
  if (Number(length) > source.size - 8) {
    throw weightsError(
      where,
      `the header claims ${length} bytes but the file has ${source.size - 8} after its length`,
    );
  }
  return Number(length);
}

async function decodeUtf8(bytes: Uint8Array, pauses: Pauses, where: string): Promise<string> {
  try {
    return await decodeText(bytes, pauses, { ignoreBOM: true });
  } catch (error) {
    if (error instanceof TypeError) throw weightsError(where, 'the header is not UTF-8 text');
    throw error;
  }
}

async function parseHeader(text: string, pauses: Pauses, where: string): Promise<Header> {
  const json = new JsonScanner(text, pauses, (what) => weightsError(where, what));
  const metadata: [string, string][] = [];
  const tensors: StoredTensor[] = [];
  await json.object(async (key) => {
    if (key === METADATA_KEY) {
      await json.object(async (name) => {
        if (metadata.length === MAX_METADATA)
          throw weightsError(where, `there are more than ${MAX_METADATA} entries of metadata`);
        metadata.push([name, await json.text()]);
      });
    } else {
      if (tensors.length === MAX_TENSORS)
        throw weightsError(where, `there are more than ${MAX_TENSORS} tensors`);
      tensors.push(parseTensor(json, key, where));
    }
  });
  json.end();
  // fromEntries defines its keys, so even "__proto__" is plain text.
  return { metadata: Object.fromEntries(metadata), tensors };
}

function parseTensor(json: JsonScanner, name: string, file: string): StoredTensor {
  const where = `${file}, tensor ${quote(name)}`;
  let dtype: Dtype | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  for (const key of json.keys()) {
    if (key === 'dtype') {
      const text = json.string();
      if (!isDtype(text)) throw weightsError(where, `the data type ${quote(text, 40)} is unknown`);
      dtype = text;
    } else if (key === 'shape') {
      shape = parseIntegers(json, MAX_RANK, where);
    } else if (key === 'data_offsets') {
      offsets = parseIntegers(json, 2, where);
    } else {
      throw weightsError(where, `the key ${quote(key, 40)} is not part of the format`);
    }
  }
  if (dtype === undefined || shape === undefined || offsets === undefined || offsets.length !== 2) {
    throw weightsError(where, 'dtype, shape and two data_offsets are expected');
  }
  const [begin, end] = offsets;
  const size = byteLength(dtype, shape);
  if (size === undefined) throw weightsError(where, `no size in bytes follows from ${dtype} [${shape}]`);
  if (end - begin !== size) {
    throw weightsError(
      where,
      `${dtype} [${shape}] takes ${size} bytes but the offsets are ${begin} and ${end}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

function parseIntegers(json: JsonScanner, limit: number, where: string): number[] {
  const numbers: number[] = [];
  for (const _ of json.elements()) {
    if (numbers.length === limit) throw weightsError(where, `a list has more than ${limit} numbers`);
    numbers.push(json.integer());
  }
  return numbers;
}

/** Requires that the sorted ranges follow each other from 0 to the end of the file. */
function checkRanges(tensors: readonly StoredTensor[], dataSize: number, where: string): void {
  let position = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== position) {
      const fault = begin > position ? 'a hole before it' : 'an overlap';
      const tensor = quote(name);
      throw weightsError(where, `tensor ${tensor} begins at ${begin} instead of ${position}: ${fault}`);
    }
    position = end;
  }
  if (position !== dataSize) {
    throw weightsError(where, `the tensors take ${position} bytes but ${dataSize} follow the header`);
  }
}

function entryOf(tensor: StoredTensor, source: ByteSource, dataStart: number): TensorEntry {
  const { name, begin, end } = tensor;
  const where = `${source.name}, tensor ${JSON.stringify(name)}`;
  return tensorEntry(tensor, where, () => source.read(dataStart + begin, end - begin));
}
