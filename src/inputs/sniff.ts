/**
 * What a file holds, told from its first bytes, never from its name.
 *
 * Only the six formats of the contract may reach the decoder. The decoder itself would also open
 * SVG, PDF and others, which run far more code on hostile input than a photograph needs.
 */

export type ImageFormat = 'jpeg' | 'png' | 'webp' | 'gif' | 'tiff' | 'avif';

/** How file names of these formats end, lower case. */
export const imageExtensions: ReadonlySet<string> = new Set([
  '.jpg',
  '.jpeg',
  '.jpe',
  '.jfif',
  '.png',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.avif',
]);

/** Either a format that attune decodes, or the best name for what it is instead. */
export type Sniffed =
  | { readonly format: ImageFormat }
  | { readonly format: null; readonly looksLike: string };

/** Tells the format from the first bytes of a file; 512 are enough. */
export function sniffImage(bytes: Uint8Array): Sniffed {
  const head = latin1(bytes.subarray(0, 512));
  if (head.startsWith('\xff\xd8\xff')) return { format: 'jpeg' };
  if (head.startsWith('\x89PNG\r\n\x1a\n')) return { format: 'png' };
  if (head.startsWith('RIFF') && head.slice(8, 12) === 'WEBP') return { format: 'webp' };
  if (head.startsWith('GIF87a') || head.startsWith('GIF89a')) return { format: 'gif' };
  if (/^(II[*+]\0|MM\0[*+])/.test(head)) return { format: 'tiff' };
  // A first box below 64 KiB, as all are: `<!--ftypavif-->` begins a comment, and an SVG may follow it.
  if (/^\0\0..ftyp/s.test(head)) return sniffIsoMedia(head);
  return { format: null, looksLike: nameOfOther(head) };
}

/** AVIF and HEIC are the same container; the brands in its first box tell them apart. */
function sniffIsoMedia(head: string): Sniffed {
  const boxSize = head.charCodeAt(2) * 256 + head.charCodeAt(3);
  const brands = head.slice(8, Math.max(12, Math.min(boxSize, head.length)));
  if (/avi[fs]/.test(brands)) return { format: 'avif' };
  if (/he[iv][cxms]/.test(brands)) return { format: null, looksLike: 'a HEIC picture' };
  return { format: null, looksLike: 'a film' };
}

function nameOfOther(head: string): string {
  if (head.startsWith('%PDF')) return 'a PDF document';
  if (head.startsWith('BM')) return 'a BMP picture';
  if (head.startsWith('PK\x03\x04')) return 'a zip archive';
  const text = head
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase();
  if (/^(<\?xml|<!--|<!doctype svg|<svg)/.test(text)) return 'an SVG or XML document';
  if (/^<(!doctype html|html|head|body)/.test(text)) return 'a web page';
  return 'something else';
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}
