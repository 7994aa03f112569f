/**
 * A source for formats whose description is scattered over the file in small pieces: they are cut from pages that are
 * read whole and kept for a while, so that a thousand small reads are a few calls of the system.
 */

import { type ByteSource, checkRange } from './bytes.js';

const PAGE_BYTES = 16_384;

/** The most pages that are kept: 1 MiB. */
const MAX_PAGES = 64;

/** A source of which small pieces can also be looked at. */
export interface PagedSource extends ByteSource {
  /** As `read`, but the bytes may be part of a page: they are not to be changed. */
  view(offset: number, length: number): Promise<Uint8Array>;
}

/** The bytes of `source`; reads of at most a page come from pages that are kept, the oldest of which makes room. */
export function pagedSource(source: ByteSource): PagedSource {
  const { name, size, pauses } = source;
  const pages = new Map<number, Uint8Array>();

  async function page(index: number): Promise<Uint8Array> {
    const known = pages.get(index);
    if (known !== undefined) return known;
    const start = index * PAGE_BYTES;
    const bytes = await source.read(start, Math.min(PAGE_BYTES, size - start));
    if (pages.size >= MAX_PAGES) pages.delete(pages.keys().next().value as number);
    pages.set(index, bytes);
    return bytes;
  }

  async function read(offset: number, length: number): Promise<Uint8Array> {
    checkRange(name, size, offset, length);
    if (pauses.due) await pauses.take();
    if (length > PAGE_BYTES) return source.read(offset, length);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const index = Math.floor((offset + done) / PAGE_BYTES);
      const from = offset + done - index * PAGE_BYTES;
      const piece = (await page(index)).subarray(from, from + length - done);
      bytes.set(piece, done);
      done += piece.length;
    }
    return bytes;
  }

  return {
    name,
    size,
    pauses,
    read,
    async view(offset, length) {
      checkRange(name, size, offset, length);
      if (pauses.due) await pauses.take();
      const index = Math.floor(offset / PAGE_BYTES);
      const from = offset - index * PAGE_BYTES;
      if (length === 0 || from + length > PAGE_BYTES) return read(offset, length);
      return (await page(index)).subarray(from, from + length);
    },
    close: () => source.close(),
  };
}
