/**
 * Attributes: small named values beside a group or a dataset. Weights need only texts, one or a list of them, which lie
 * in the attribute itself or in a global heap. A group with many attributes keeps them in a fractal heap.
 */

import { elementCount, quote } from '../tensors.js';
import { RECORD_TYPE, readBTree2 } from './b-tree.js';
import { type Fields, textOf } from './fields.js';
import { FractalHeap, type GlobalHeap } from './heaps.js';
import { findMessage, MESSAGE, type Message } from './object-header.js';
import type { Hdf5Storage } from './storage.js';
import { type ElementType, readShape, readType } from './types.js';

/** The most texts of one attribute: names of layers or of weights. */
const MAX_TEXTS = 100_000;

interface Attribute {
  readonly type: ElementType;
  readonly shape: readonly number[] | undefined;
  readonly values: Fields;
}

/** The attributes of one object, by name. */
export class Attributes {
  readonly #storage: Hdf5Storage;
  readonly #heap: GlobalHeap;
  readonly #attributes: ReadonlyMap<string, Attribute>;

  private constructor(storage: Hdf5Storage, heap: GlobalHeap, attributes: ReadonlyMap<string, Attribute>) {
    this.#storage = storage;
    this.#heap = heap;
    this.#attributes = attributes;
  }

  static async read(
    storage: Hdf5Storage,
    heap: GlobalHeap,
    messages: readonly Message[],
  ): Promise<Attributes> {
    const inHeader = messages.filter(({ type }) => type === MESSAGE.attribute).map(({ fields }) => fields);
    const attributes = new Map<string, Attribute>();
    for (const fields of [...inHeader, ...(await attributesInHeap(storage, messages))]) {
      if (storage.pauses.due) await storage.pauses.take();
      const [name, attribute] = readAttribute(fields);
      if (attributes.has(name)) {
        throw fields.error(`the attribute ${quote(name, 100)} appears twice`);
      }
      attributes.set(name, attribute);
    }
    return new Attributes(storage, heap, attributes);
  }

  get names(): string[] {
    return [...this.#attributes.keys()];
  }

  /** The texts of an attribute; undefined if there is none of this name. */
  async texts(name: string): Promise<string[] | undefined> {
    const attribute = this.#attributes.get(name);
    if (attribute === undefined) return undefined;
    const { type, shape, values } = attribute;
    const count = shape === undefined ? 0 : (elementCount(shape) as number);
    if (count > MAX_TEXTS || type.size * count > values.left) {
      throw values.error(`the attribute ${name} has ${count} values, which are not there`);
    }
    const texts: string[] = [];
    const { pauses } = this.#storage;
    for (let i = 0; i < count; i++) {
      if (pauses.due) await pauses.take();
      if (type.kind === 'text') texts.push(textOf(values.bytes(type.size), values.where));
      else if (type.kind === 'text reference') texts.push(await this.#heap.text(values.fields(16)));
      // An empty list has no texts, and h5py gives it the type float64.
      else throw values.error(`the attribute ${name} does not hold texts`);
    }
    return texts;
  }

  /** The text of an attribute that has one; undefined if there is none of this name, or it is no text. */
  async text(name: string): Promise<string | undefined> {
    const type = this.#attributes.get(name)?.type.kind;
    return type === 'text' || type === 'text reference' ? (await this.texts(name))?.[0] : undefined;
  }
}

async function attributesInHeap(storage: Hdf5Storage, messages: readonly Message[]): Promise<Fields[]> {
  const info = findMessage(messages, MESSAGE.attributeInfo);
  if (info === undefined) return [];
  info.version(0);
  if (info.u8() & 1) info.skip(2);
  const heapAddress = info.address();
  const tree = info.address();
  if (heapAddress === undefined || tree === undefined) return [];
  const heap = await FractalHeap.open(storage, heapAddress);
  const found: Fields[] = [];
  for (const record of await readBTree2(storage, tree, RECORD_TYPE.attribute)) {
    found.push(await heap.object(record.fields(8)));
  }
  return found;
}

function readAttribute(fields: Fields): [name: string, attribute: Attribute] {
  const version = fields.version(1, 2, 3);
  const flags = fields.u8();
  if (version > 1 && flags & 3) {
    throw fields.error('an attribute has a shared type, which Keras never writes');
  }
  const nameBytes = fields.u16();
  const typeBytes = fields.u16();
  const shapeBytes = fields.u16();
  if (version === 3) fields.skip(1);
  // Version 1 pads each of them to 8 bytes.
  const padded = (length: number) => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const name = fields.text(padded(nameBytes));
  const type = readType(fields.fields(padded(typeBytes)));
  const shape = readShape(fields.fields(padded(shapeBytes)));
  return [name, { type, shape, values: fields.fields(fields.left) }];
}
