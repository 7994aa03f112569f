/** Writes the smallest PNG of a given size: black; a megabyte of one bit a pixel is a kilobyte. */
import { constants, deflateSync } from 'node:zlib';
import { crc32 } from '#src/formats/crc32';

/** Grey of one bit a pixel, or RGB with alpha of 16 bits a sample; `more` are chunks to stand before the pixels. */
export function blackPng(
  width: number,
  height: number,
  kind: 'grey' | 'deep' = 'grey',
  more: readonly Buffer[] = [],
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = kind === 'grey' ? 1 : 16; // bits a sample
  header[9] = kind === 'grey' ? 0 : 6; // the kind of colour; the rest: deflate, no filter, not interlaced
  const bitsPerPixel = kind === 'grey' ? 1 : 64;
  const rows = Buffer.alloc(height * (1 + Math.ceil((width * bitsPerPixel) / 8)));
  const pixels = deflateSync(rows, { level: constants.Z_BEST_SPEED });
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    ...more,
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** A chunk of a PNG file: its length, its kind of four letters, its data and their checksum. */
export function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
