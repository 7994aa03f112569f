/**
 * HDF5 files: a tree of groups and arrays with attributes, as far as weights use it.
 *
 * Written here and not taken from a library, because what weights need is a small part of HDF5, and the rest of it is
 * what attacks use. The two libraries there are do something else: `jsfive` reads the whole file into memory and throws
 * strings, `h5wasm` is the C library with access to all files, follows links out of the file, prints its own messages,
 * and ends the process's module on damaged files. This reader looks at pieces of the file when they are needed, follows
 * nothing that leaves it, and stops at a budget.
 *
 * Read: superblocks 0 to 3, both forms of object headers, groups and attributes, compact, contiguous and (as HDF5 1.8
 * writes them) chunked arrays with gzip and shuffle. The checksums of the newer structures are not looked at, since
 * every field is checked anyway and the older structures have none.
 */

import type { Pauses } from '../../pauses.js';
import type { ByteSource } from '../bytes.js';
import { weightsError, quote } from '../tensors.js';
import { Attributes } from './attributes.js';
import { type Hdf5Array, readDataset } from './dataset.js';
import { GlobalHeap } from './heaps.js';
import { type Links, readLinks } from './links.js';
import { type Message, readObjectHeader } from './object-header.js';
import { Hdf5Storage } from './storage.js';

/** The first bytes of every HDF5 file. */
export const HDF5_SIGNATURE = '\x89HDF\r\n\x1a\n';

interface Context {
  readonly storage: Hdf5Storage;
  readonly heap: GlobalHeap;
}

/** A group or an array. Its path is for errors. */
export class Hdf5Object {
  readonly path: string;
  readonly #context: Context;
  readonly #address: number;
  readonly #messages: readonly Message[];
  /** Where the members are; undefined for an array. */
  readonly #links: Links | undefined;
  #attributes: Promise<Attributes> | undefined;

  private constructor(
    context: Context,
    path: string,
    address: number,
    messages: readonly Message[],
    links: Links | undefined,
  ) {
    this.#context = context;
    this.path = path;
    this.#address = address;
    this.#messages = messages;
    this.#links = links;
  }

  static async open(context: Context, path: string, address: number): Promise<Hdf5Object> {
    const messages = await readObjectHeader(context.storage, address);
    const links = await readLinks(context.storage, messages);
    return new Hdf5Object(context, path, address, messages, links);
  }

  get isGroup(): boolean {
    return this.#links !== undefined;
  }

  /** Identifies the object: one that is reached by two paths has one address. */
  get address(): number {
    return this.#address;
  }

  get pauses(): Pauses {
    return this.#context.storage.pauses;
  }

  get where(): string {
    return `${this.#context.storage.source.name}, ${quote(this.path)}`;
  }

  /** Names of a group's members, in the order of the file; none for an array. */
  get names(): string[] {
    return [...(this.#links?.keys() ?? [])];
  }

  attributes(): Promise<Attributes> {
    const { storage, heap } = this.#context;
    return (this.#attributes ??= Attributes.read(storage, heap, this.#messages));
  }

  /** The object at a path below this group, such as `conv/kernel:0`; undefined if there is none. */
  async find(path: string): Promise<Hdf5Object | undefined> {
    let object: Hdf5Object = this;
    for (const name of path.split('/')) {
      if (name === '') continue;
      const address = object.#links?.get(name);
      if (address === undefined) return undefined;
      const longer = object.path === '/' ? `/${name}` : `${object.path}/${name}`;
      object = await Hdf5Object.open(this.#context, longer, address);
    }
    return object;
  }

  /** The array that this object is. */
  async array(): Promise<Hdf5Array> {
    if (this.isGroup) throw weightsError(this.where, 'a group stands where an array is expected');
    return readDataset(this.#context.storage, this.#messages, this.where);
  }
}

/**
 * The root group of an HDF5 file.
 * @throws AttuneError 'weights' if the file is damaged, cut off, or of a form that nobody writes any more.
 */
export async function openHdf5(source: ByteSource): Promise<Hdf5Object> {
  const storage = new Hdf5Storage(source);
  const address = await rootAddress(storage);
  return Hdf5Object.open({ storage, heap: new GlobalHeap(storage) }, '/', address);
}

async function rootAddress(storage: Hdf5Storage): Promise<number> {
  const start = await storage.fields(0, Math.min(storage.source.size, 96), 'superblock');
  start.skip(HDF5_SIGNATURE.length);
  const version = start.version(0, 1, 2, 3);
  const isOld = version < 2;
  if (isOld) start.skip(4);
  const [offsetBytes, lengthBytes] = [start.u8(), start.u8()];
  if (offsetBytes !== 8 || lengthBytes !== 8) {
    throw start.error(`the file has offsets of ${offsetBytes} and lengths of ${lengthBytes} bytes, not 8`);
  }
  // Sizes of nodes and flags; version 1 has one more size.
  start.skip(isOld ? 9 + (version === 1 ? 4 : 0) : 1);
  const base = start.address();
  // Where free space is listed, or the superblock continues.
  start.skip(8);
  const end = start.address() ?? 0;
  if (base !== 0 || end > storage.source.size) {
    throw start.error(`the file should have ${end} bytes from ${base} on, and has ${storage.source.size}`);
  }
  // Old files go on with the address of the driver's information and with the name of the root, which it has none.
  if (isOld) start.skip(16);
  const root = start.address();
  if (root === undefined) throw start.error('the file has no root group');
  return root;
}
