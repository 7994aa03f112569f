/** Writes the smallest PNG of a given size: black; a megabyte of one bit a pixel is a kilobyte. */
import { constants, deflateSync } from 'node:zlib';

/** Grey of one bit a pixel, or RGB with alpha of 16 bits a sample. */
export function blackPng(width: number, height: number, kind: 'grey' | 'deep' = 'grey'): Buffer {
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
    chunk('IDAT', pixels),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** CRC-32 bit by bit; Node 20.9 has none. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
