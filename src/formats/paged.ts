/**
 * A source for formats whose description is scattered over the file in small pieces: they are cut from pages that are
 * read whole and kept for a while, so that a thousand small reads are a few calls of the system.
 */

import { type ByteSource, checkRange } from './bytes.js';

const PAGE_BYTES = 16_384;

/** The most pages that are kept: 1 MiB. */
const MAX_PAGES = 64;

/** The bytes of `source`; reads of at most a page come from pages that are kept, the oldest of which makes room. */
export function pagedSource(source: ByteSource): ByteSource {
  const { name, size } = source;
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

  return {
    name,
    size,
    async read(offset, length) {
      checkRange(name, size, offset, length);
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
    },
    close: () => source.close(),
  };
}
