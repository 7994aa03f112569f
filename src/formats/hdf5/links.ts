/**
 * The members of a group: a B-tree and a heap of names (the older form), or links in the header or, if there are many,
 * in a fractal heap. Only hard links are followed: a soft one may lead in a circle, and an external one leads out of
 * the file.
 */

import { NODE_TYPE, RECORD_TYPE, readBTree1, readBTree2 } from './b-tree.js';
import { MAX_TENSORS, quote } from '../tensors.js';
import type { Fields } from './fields.js';
import { FractalHeap, readLocalHeap } from './heaps.js';
import { findMessage, MESSAGE, type Message } from './object-header.js';
import type { Hdf5Storage } from './storage.js';

/** Where the members of a group have their headers, by name. */
export type Links = ReadonlyMap<string, number>;

const LINK_KIND = { hard: 0, soft: 1, external: 64 } as const;

/** Bytes of an entry of a symbol table. */
const ENTRY_BYTES = 40;

/** What the entry of a soft link has as its kind of cache. */
const SOFT_LINK_CACHE = 2;

/** The members of the object with these messages; undefined if it is no group. */
export async function readLinks(
  storage: Hdf5Storage,
  messages: readonly Message[],
): Promise<Links | undefined> {
  const table = findMessage(messages, MESSAGE.symbolTable);
  if (table !== undefined) return readSymbolTable(storage, table);
  const info = findMessage(messages, MESSAGE.linkInfo);
  if (info === undefined) return undefined;
  const links = new Map<string, number>();
  const found = messages.filter(({ type }) => type === MESSAGE.link).map(({ fields }) => fields);
  for (const fields of [...found, ...(await linksInHeap(storage, info))]) {
    if (storage.pauses.due) await storage.pauses.take();
    addLink(links, fields);
  }
  return links;
}

async function readSymbolTable(storage: Hdf5Storage, table: Fields): Promise<Links> {
  const tree = table.address();
  const heap = table.address();
  if (tree === undefined || heap === undefined) throw table.error('the group has no table of its members');
  const nameAt = await readLocalHeap(storage, heap);
  const links = new Map<string, number>();
  for (const { address } of await readBTree1(storage, tree, NODE_TYPE.group, 8)) {
    const head = await storage.fields(address, 8, 'symbol table');
    head.signature('SNOD');
    head.version(1);
    head.skip(1);
    const count = head.u16();
    const node = await storage.fields(address + 8, count * ENTRY_BYTES, 'symbol table');
    storage.count(count, node.where);
    for (let i = 0; i < count; i++) {
      if (storage.pauses.due) await storage.pauses.take();
      const entry = node.fields(ENTRY_BYTES);
      const name = nameAt(entry.u64());
      const target = entry.address();
      if (entry.u32() === SOFT_LINK_CACHE) throw refusal(entry, name, 'a soft');
      setLink(links, entry, name, target);
    }
  }
  return links;
}

async function linksInHeap(storage: Hdf5Storage, info: Fields): Promise<Fields[]> {
  info.version(0);
  if (info.u8() & 1) info.skip(8);
  const heapAddress = info.address();
  const tree = info.address();
  if (heapAddress === undefined || tree === undefined) return [];
  const heap = await FractalHeap.open(storage, heapAddress);
  const found: Fields[] = [];
  for (const record of await readBTree2(storage, tree, RECORD_TYPE.link)) {
    // The hash of the name, by which the tree is ordered.
    record.skip(4);
    found.push(await heap.object(record.fields(7)));
  }
  return found;
}

function addLink(links: Map<string, number>, fields: Fields): void {
  fields.version(1);
  const flags = fields.u8();
  const kind = flags & 8 ? fields.u8() : LINK_KIND.hard;
  // The order of creation, and the encoding of the name, which is UTF-8 or its subset ASCII.
  if (flags & 4) fields.skip(8);
  if (flags & 16) fields.skip(1);
  const name = fields.text(fields.uint(1 << (flags & 3)));
  if (kind !== LINK_KIND.hard) {
    const words: Readonly<Record<number, string>> = {
      [LINK_KIND.soft]: 'a soft',
      [LINK_KIND.external]: 'an external',
    };
    throw refusal(fields, name, words[kind] ?? 'a user-defined');
  }
  setLink(links, fields, name, fields.address());
}

function setLink(
  links: Map<string, number>,
  fields: Fields,
  name: string,
  address: number | undefined,
): void {
  // A slash is what paths are cut at, so HDF5 has no member with one.
  if (name === '' || name.includes('/')) {
    throw fields.error(`the member ${quote(name, 100)} has no name that can be`);
  }
  if (address === undefined || links.has(name)) {
    throw fields.error(`the member ${quote(name, 100)} points nowhere or appears twice`);
  }
  if (links.size === MAX_TENSORS) throw fields.error(`a group has more than ${MAX_TENSORS} members`);
  links.set(name, address);
}

function refusal(fields: Fields, name: string, kind: string): Error {
  return fields.error(`the member ${quote(name, 100)} is ${kind} link, which attune never follows`);
}
