/**
 * Writing HDF5: groups, float32 arrays, and attributes of text. In the newer of the two forms (HDF5 1.8 and later), since
 * it has the fewer structures: a superblock; one object header per group or array, with its links and attributes in it;
 * heaps for long texts; and the values, each array in one piece.
 *
 * Sizes follow from the content, so all addresses are known before the first byte is written.
 */

import { bytesToWrite, notWritable, sizeToWrite, type TensorToWrite } from '../to-write.js';
import { lookup3 } from './checksum.js';
import { HDF5_SIGNATURE } from './file.js';
import { MESSAGE } from './object-header.js';

/** A text, or a list of texts. */
export type AttributeToWrite = string | readonly string[];

/** A group and what is in it: groups and arrays by name. The names of arrays are not those of their tensors. */
export interface GroupToWrite {
  readonly attributes: Readonly<Record<string, AttributeToWrite>>;
  readonly members: ReadonlyMap<string, GroupToWrite | TensorToWrite>;
}

const SUPERBLOCK_BYTES = 48;
const UNDEFINED = new Uint8Array(8).fill(0xff);
const ALIGNMENT = 8;

/** The most bytes of one message of an object header. */
const MAX_MESSAGE = 2 ** 16 - 1;

/** The library refuses smaller heaps. */
const LEAST_HEAP = 4096;

/** Yields the file from beginning to end. Throws AttuneError 'weights' for what does not fit. */
export async function* hdf5Pieces(root: GroupToWrite): AsyncGenerator<Uint8Array> {
  const file = new Layout();
  const object = file.place(root);
  file.placeHeapsAndValues();
  yield superblock(object.address, file.end);
  for (const { header } of file.objects) yield header();
  for (const { text } of file.heaps) yield heap(text);
  for (const { tensor } of file.values) {
    const bytes = await bytesToWrite(tensor);
    yield bytes;
    yield new Uint8Array(aligned(bytes.length) - bytes.length);
  }
}

/** A group or array in the file; its header can be made when all addresses are known. */
interface Placed {
  readonly address: number;
  readonly header: () => Uint8Array;
}

/** A long text outside of the headers. */
interface Heap {
  readonly text: Uint8Array;
  address: number;
}

interface Values {
  readonly tensor: TensorToWrite;
  address: number;
}

/** Gives everything its place: headers, then heaps, then values. */
class Layout {
  readonly objects: Placed[] = [];
  readonly heaps: Heap[] = [];
  readonly values: Values[] = [];
  end = SUPERBLOCK_BYTES;

  /** A group after all that is in it, or an array. */
  place(object: GroupToWrite | TensorToWrite): Placed {
    return 'members' in object ? this.#group(object) : this.#array(object);
  }

  placeHeapsAndValues(): void {
    for (const heapToPlace of this.heaps) heapToPlace.address = this.#take(heapBytes(heapToPlace.text));
    for (const values of this.values) values.address = this.#take(aligned(sizeToWrite(values.tensor)));
  }

  #group({ attributes, members }: GroupToWrite): Placed {
    const links = [...members].map(([name, member]) => ({ name, to: this.place(member) }));
    const heaps = new Map<string, Heap>();
    for (const [name, value] of Object.entries(attributes)) {
      if (typeof value !== 'string') continue;
      const added = { text: utf8(value), address: 0 };
      heaps.set(name, added);
      this.heaps.push(added);
    }
    return this.#object(() => [
      message(MESSAGE.linkInfo, concat([0, 0], UNDEFINED, UNDEFINED)),
      ...links.map(({ name, to }) => message(MESSAGE.link, link(name, to.address))),
      ...Object.entries(attributes).map(([name, value]) => {
        const heapOfText = heaps.get(name);
        const content =
          heapOfText === undefined ? textList(name, value as readonly string[]) : longText(heapOfText);
        return message(MESSAGE.attribute, attribute(name, content));
      }),
    ]);
  }

  #array(tensor: TensorToWrite): Placed {
    const { name, dtype, shape } = tensor;
    if (dtype !== 'F32') throw notWritable(name, `the type ${dtype} is not written to HDF5 files`);
    const values = { tensor, address: 0 };
    this.values.push(values);
    const size = sizeToWrite(tensor);
    return this.#object(() => [
      message(MESSAGE.dataspace, dataspace(shape)),
      message(MESSAGE.datatype, FLOAT32),
      // Version 3, contiguous.
      message(MESSAGE.layout, concat([3, 1], size === 0 ? UNDEFINED : u64(values.address), u64(size))),
    ]);
  }

  /** Takes the space of a header; the messages have the same length whatever the addresses in them. */
  #object(messages: () => readonly Uint8Array[]): Placed {
    const header = () => objectHeader(messages());
    const placed = { address: this.#take(aligned(header().length)), header: () => padded(header()) };
    this.objects.push(placed);
    return placed;
  }

  #take(bytes: number): number {
    const address = this.end;
    this.end += bytes;
    return address;
  }
}

/** Version 2: addresses and lengths of 8 bytes, no extension, and where the root group is. */
function superblock(root: number, end: number): Uint8Array {
  const signature = Uint8Array.from(HDF5_SIGNATURE, (character) => character.charCodeAt(0));
  return withChecksum(concat(signature, [2, 8, 8, 0], u64(0), UNDEFINED, u64(end), u64(root)));
}

/** Version 2, with a length of 4 bytes and no times. */
function objectHeader(messages: readonly Uint8Array[]): Uint8Array {
  const body = joined(messages);
  return withChecksum(concat(utf8('OHDR'), [2, 2], u32(body.length), body));
}

function message(type: number, body: Uint8Array): Uint8Array {
  if (body.length > MAX_MESSAGE) {
    throw notWritable('attributes', `a message of ${body.length} bytes is longer than HDF5's ${MAX_MESSAGE}`);
  }
  return concat([type], u16(body.length), [0], body);
}

/** A hard link with a name in UTF-8 whose length has 2 bytes. */
function link(name: string, address: number): Uint8Array {
  const text = utf8(name);
  return concat([1, 0x11, 1], u16(text.length), text, u64(address));
}

/** The type, shape and values of an attribute. */
interface AttributeContent {
  readonly datatype: Uint8Array;
  readonly dataspace: Uint8Array;
  readonly data: Uint8Array;
}

function attribute(name: string, { datatype, dataspace: space, data }: AttributeContent): Uint8Array {
  const text = concat(utf8(name), [0]);
  const sizes = concat(u16(text.length), u16(datatype.length), u16(space.length));
  return concat([3, 0], sizes, [1], text, datatype, space, data);
}

/** Texts of one length, filled up with zeros: what NumPy makes of a list of them. */
function textList(name: string, texts: readonly string[]): AttributeContent {
  const encoded = texts.map(utf8);
  const length = encoded.reduce((most, text) => Math.max(most, text.length), 1);
  if (length * texts.length > MAX_MESSAGE) {
    throw notWritable(name, `${texts.length} names of up to ${length} bytes do not fit into an attribute`);
  }
  const data = new Uint8Array(length * texts.length);
  for (const [i, text] of encoded.entries()) data.set(text, i * length);
  // Class 3, filled with zeros, UTF-8.
  const datatype = concat([0x13, 0x11, 0, 0], u32(length));
  return { datatype, dataspace: dataspace([texts.length]), data };
}

/** A text of any length: its length, and its place in a heap of its own. */
function longText({ text, address }: Heap): AttributeContent {
  // Class 9, a text in UTF-8, of bytes.
  const bytes = [0x10, 0, 0, 0, 1, 0, 0, 0, 0, 0, 8, 0];
  const datatype = concat([0x19, 1, 1, 0], u32(16), bytes);
  return { datatype, dataspace: dataspace(null), data: concat(u32(text.length), u64(address), u32(1)) };
}

/** Version 2; null for a single value. */
function dataspace(shape: readonly number[] | null): Uint8Array {
  const isSingle = shape === null || shape.length === 0;
  return joined([[2, isSingle ? 0 : shape.length, 0, isSingle ? 0 : 1], ...(shape ?? []).map(u64)]);
}

/** Class 1, IEEE 754, little-endian: sign at bit 31, exponent of 8 bits at 23 with bias 127, fraction of 23 bits. */
const FLOAT32 = concat([0x11, 0x20, 31, 0], u32(4), u16(0), u16(32), [23, 8, 0, 23], u32(127));

/** A global heap with one object, and what is left of it as object 0. */
function heap(text: Uint8Array): Uint8Array {
  const size = heapBytes(text);
  const object = concat(u16(1), u16(1), u32(0), u64(text.length), padded(text));
  const free = size - 16 - object.length;
  const rest = free < 16 ? [] : concat(u16(0), u16(0), u32(0), u64(free));
  const out = new Uint8Array(size);
  out.set(concat(utf8('GCOL'), [1, 0, 0, 0], u64(size), object, rest));
  return out;
}

function heapBytes(text: Uint8Array): number {
  return Math.max(LEAST_HEAP, 16 + 16 + aligned(text.length));
}

function withChecksum(bytes: Uint8Array): Uint8Array {
  return concat(bytes, u32(lookup3(bytes)));
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(aligned(bytes.length));
  out.set(bytes);
  return out;
}

function concat(...pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return joined(pieces);
}

function joined(pieces: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

function u16(value: number): Uint8Array {
  return little(value, 2);
}

function u32(value: number): Uint8Array {
  return little(value, 4);
}

function u64(value: number): Uint8Array {
  return little(value, 8);
}

function little(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
