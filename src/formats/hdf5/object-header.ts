/**
 * Object headers: every group and dataset is a list of messages (shape, type, where its bytes are, links, attributes),
 * in one block or several that continue each other. Version 1 is what HDF5 wrote by default until 2.0, version 2 since.
 */

import { latin1 } from '../bytes.js';
import type { Fields } from './fields.js';
import type { Hdf5Storage } from './storage.js';

/** The kinds of messages that are read; all others do not concern weights. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  datatype: 0x03,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  filters: 0x0b,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

/** One message: its kind and its fields. */
export interface Message {
  readonly type: number;
  readonly fields: Fields;
}

const KNOWN_TYPES: readonly number[] = Object.values(MESSAGE);

/** A block of a header: messages and where they lie. */
interface Block {
  readonly address: number;
  readonly length: number;
}

/** The most blocks of one header. */
const MAX_BLOCKS = 1_000;

const SIGNATURE_2 = 'OHDR';

/** The messages of the object whose header is at `address`. */
export async function readObjectHeader(storage: Hdf5Storage, address: number): Promise<Message[]> {
  const start = await storage.fields(address, 4, 'object header');
  return latin1(start.bytes(4)) === SIGNATURE_2
    ? readVersion2(storage, address)
    : readVersion1(storage, address);
}

async function readVersion1(storage: Hdf5Storage, address: number): Promise<Message[]> {
  const prefix = await storage.fields(address, 16, 'object header');
  prefix.version(1);
  prefix.skip(7);
  const messages: Message[] = [];
  const blocks: Block[] = [{ address: address + 16, length: prefix.u32() }];
  for (let i = 0; i < blocks.length; i++) {
    const fields = await storage.fields(blocks[i].address, blocks[i].length, 'object header');
    // Fewer bytes than a message has are a gap.
    while (fields.left >= 8) {
      if (storage.pauses.due) await storage.pauses.take();
      const type = fields.u16();
      const length = fields.u16();
      const flags = fields.u8();
      fields.skip(3);
      addMessage(storage, messages, blocks, type, flags, messageFields(storage, fields, length));
    }
  }
  return messages;
}

async function readVersion2(storage: Hdf5Storage, address: number): Promise<Message[]> {
  const prefix = await storage.fields(address, 6, 'object header');
  prefix.signature(SIGNATURE_2);
  prefix.version(2);
  const flags = prefix.u8();
  // Four times of change, and the limits at which attributes move to a heap.
  const optional = (flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0);
  const width = 1 << (flags & 3);
  const sizes = await storage.fields(address + 6, optional + width, 'object header');
  sizes.skip(optional);
  const messages: Message[] = [];
  const blocks: Block[] = [{ address: address + 6 + optional + width, length: sizes.uint(width) }];
  for (let i = 0; i < blocks.length; i++) {
    const fields = await readBlock2(storage, blocks[i], i > 0);
    const prefixBytes = flags & 4 ? 6 : 4;
    while (fields.left >= prefixBytes) {
      if (storage.pauses.due) await storage.pauses.take();
      const type = fields.u8();
      const length = fields.u16();
      const messageFlags = fields.u8();
      if (flags & 4) fields.skip(2);
      addMessage(storage, messages, blocks, type, messageFlags, messageFields(storage, fields, length));
    }
  }
  return messages;
}

/** The messages of a block: only continuations carry a signature and their checksum within their length. */
async function readBlock2(storage: Hdf5Storage, block: Block, isContinuation: boolean): Promise<Fields> {
  if (!isContinuation) return storage.fields(block.address, block.length, 'object header');
  const fields = await storage.fields(block.address, block.length, 'object header');
  fields.signature('OCHK');
  return storage.fields(block.address + 4, Math.max(block.length - 8, 0), 'object header');
}

function messageFields(storage: Hdf5Storage, fields: Fields, length: number): Fields {
  storage.count(1, fields.where);
  return fields.fields(length);
}

function addMessage(
  storage: Hdf5Storage,
  messages: Message[],
  blocks: Block[],
  type: number,
  flags: number,
  fields: Fields,
): void {
  if (!KNOWN_TYPES.includes(type)) return;
  if (flags & 2) {
    throw fields.error('a message is shared between objects, which Keras never writes');
  }
  if (type !== MESSAGE.continuation) {
    messages.push({ type, fields });
    return;
  }
  const address = fields.address();
  if (address === undefined || blocks.length === MAX_BLOCKS) {
    throw fields.error(`the header continues nowhere, or in more than ${MAX_BLOCKS} blocks`);
  }
  storage.count(1, fields.where);
  blocks.push({ address, length: fields.u64() });
}

/** The message of this kind that an object has once; undefined if it has none. */
export function findMessage(messages: readonly Message[], type: number): Fields | undefined {
  return messages.find((message) => message.type === type)?.fields.fromStart();
}
