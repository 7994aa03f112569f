/**
 * B-trees, from their root to the records of their leaves. Version 1 lists the members of a group and the chunks of a
 * dataset, version 2 the links or attributes that lie in a heap. A child's level must be one less than its parent's, so
 * no tree is deeper than its root says; that one is shared between parents is left to the budget.
 */

import type { Fields } from './fields.js';
import type { Hdf5Storage } from './storage.js';

/** A leaf of a tree of version 1: the key before it, and where it points. */
export interface Child {
  readonly key: Fields;
  readonly address: number;
}

/** What the nodes of a tree of version 1 point at. */
export const NODE_TYPE = { group: 0, chunks: 1 } as const;

/** Levels of a tree of version 1 above its leaves; a group of weights has none or one. */
const MAX_LEVEL = 16;

/** All leaves below the node at `address`, in order. */
export async function readBTree1(
  storage: Hdf5Storage,
  address: number,
  type: number,
  keyBytes: number,
): Promise<Child[]> {
  const leaves: Child[] = [];
  const visit = async (at: number, expectedLevel: number | undefined): Promise<void> => {
    const head = await storage.fields(at, 24, 'B-tree');
    head.signature('TREE');
    if (head.u8() !== type) throw head.error('the B-tree belongs to something else');
    const level = head.u8();
    const entries = head.u16();
    if (expectedLevel === undefined ? level > MAX_LEVEL : level !== expectedLevel) {
      throw head.error(`the node has level ${level}, which is not below its parent's`);
    }
    const body = await storage.fields(at + 24, entries * (keyBytes + 8), 'B-tree');
    storage.count(entries, body.where);
    for (let i = 0; i < entries; i++) {
      const key = body.fields(keyBytes);
      const child = body.address();
      if (child === undefined) throw body.error('a node points nowhere');
      if (level === 0) leaves.push({ key, address: child });
      else await visit(child, level - 1);
    }
  };
  await visit(address, undefined);
  return leaves;
}

/** Bytes of a node of version 2 that are no records: signature, version, type and checksum. */
const NODE_OVERHEAD = 10;

/** What the records of a tree of version 2 are. */
export const RECORD_TYPE = { link: 5, attribute: 8 } as const;

/** Levels of a tree of version 2 above its leaves. */
const MAX_DEPTH = 8;

/** All records of the tree whose header is at `address`, in order. */
export async function readBTree2(storage: Hdf5Storage, address: number, type: number): Promise<Fields[]> {
  const header = await storage.fields(address, 38, 'B-tree');
  header.signature('BTHD');
  header.version(0);
  if (header.u8() !== type) throw header.error('the B-tree belongs to something else');
  const nodeBytes = header.u32();
  const recordBytes = header.u16();
  const depth = header.u16();
  header.skip(2);
  const root = header.address();
  const rootRecords = header.u16();
  if (root === undefined) return [];
  if (depth > MAX_DEPTH || recordBytes === 0 || nodeBytes < NODE_OVERHEAD + recordBytes) {
    throw header.error(`a B-tree of depth ${depth} with nodes of ${nodeBytes} bytes is not readable`);
  }
  const widths = pointerWidths(nodeBytes, recordBytes, depth);

  const records: Fields[] = [];
  const visit = async (at: number, count: number, level: number): Promise<void> => {
    const node = await storage.fields(at, nodeBytes, 'B-tree');
    node.signature(level === 0 ? 'BTLF' : 'BTIN');
    node.version(0);
    if (node.u8() !== type) throw node.error('the node belongs to something else');
    storage.count(count, node.where);
    // Records of an inner node lie between its children; their order does not matter to anyone here.
    for (let i = 0; i < count; i++) records.push(node.fields(recordBytes));
    if (level === 0) return;
    for (let i = 0; i <= count; i++) {
      const child = node.address();
      const childRecords = node.uint(widths.count);
      node.skip(widths.total[level - 1]);
      if (child === undefined) throw node.error('a node points nowhere');
      await visit(child, childRecords, level - 1);
    }
  };
  await visit(root, rootRecords, depth);
  return records;
}

/**
 * How wide the counts in a pointer to a child are: as wide as the most records of a leaf need, and as the most records
 * of the whole subtree need, which is left out where the child is a leaf.
 */
function pointerWidths(nodeBytes: number, recordBytes: number, depth: number) {
  const leafRecords = Math.floor((nodeBytes - NODE_OVERHEAD) / recordBytes);
  const count = bytesFor(leafRecords);
  /** By the level of the child. */
  const total = [0];
  let subtree = leafRecords;
  for (let level = 1; level <= depth; level++) {
    const pointer = 8 + count + total[level - 1];
    const records = Math.floor((nodeBytes - NODE_OVERHEAD - pointer) / (recordBytes + pointer));
    subtree = (records + 1) * subtree + records;
    total.push(bytesFor(subtree));
  }
  return { count, total };
}

/** Bytes that hold numbers up to `limit`. */
export function bytesFor(limit: number): number {
  return Math.max(1, Math.ceil(Math.log2(limit + 1) / 8));
}
