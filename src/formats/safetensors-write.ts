/**
 * The bytes of a safetensors file, piece by piece, as the reference writes them: tensors by descending type and then
 * by name, header padded with spaces to a multiple of 8, so that every tensor is aligned to its type.
 */

import { MAX_HEADER_BYTES, METADATA_KEY } from './safetensors.js';
import { DTYPE_BITS } from './tensors.js';
import {
  bytesToWrite,
  checkNames,
  checkText,
  notWritable,
  sizeToWrite,
  type TensorToWrite,
} from './to-write.js';

const DTYPE_ORDER = Object.keys(DTYPE_BITS);

/**
 * Yields the file from beginning to end. Names are checked before the first piece, sizes as each tensor comes.
 * @throws AttuneError 'weights' for equal names, a name that is not Unicode text, or data that does not fit its shape.
 */
export async function* safetensorsPieces(
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>> = {},
): AsyncGenerator<Uint8Array> {
  const sorted = [...tensors].sort(
    (a, b) => DTYPE_ORDER.indexOf(b.dtype) - DTYPE_ORDER.indexOf(a.dtype) || compareUtf8(a.name, b.name),
  );
  yield encodeHeader(sorted, metadata);
  for (const tensor of sorted) yield await bytesToWrite(tensor);
}

function encodeHeader(
  sorted: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const members: string[] = [];
  if (Object.keys(metadata).length > 0) members.push(`${quote(METADATA_KEY)}:${encodeMetadata(metadata)}`);
  checkNames(sorted, [METADATA_KEY]);
  let position = 0;
  for (const tensor of sorted) {
    const end = position + sizeToWrite(tensor);
    const { dtype, shape } = tensor;
    members.push(`${quote(tensor.name)}:${JSON.stringify({ dtype, shape, data_offsets: [position, end] })}`);
    position = end;
  }
  const text = new TextEncoder().encode(`{${members.join(',')}}`);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw notWritable(
      'header',
      `the header would have ${length} bytes, more than the limit of ${MAX_HEADER_BYTES}`,
    );
  }
  const header = new Uint8Array(8 + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, 8);
  return header;
}

function encodeMetadata(metadata: Readonly<Record<string, string>>): string {
  const members = Object.entries(metadata).map(([key, value]) => `${quote(key)}:${quote(value)}`);
  return `{${members.join(',')}}`;
}

function quote(text: string): string {
  checkText(text);
  return JSON.stringify(text);
}

/** Order of the UTF-8 bytes, which is the order of the code points (that of `<` is by UTF-16 units). */
function compareUtf8(a: string, b: string): number {
  const [x, y] = [Array.from(a, codePoint), Array.from(b, codePoint)];
  const differs = x.findIndex((value, i) => value !== y[i]);
  return differs < 0 ? x.length - y.length : x[differs] - (y[differs] ?? -1);
}

function codePoint(character: string): number {
  return character.codePointAt(0) as number;
}
