/**
 * Checksums of 32 bits: CRC-32 as zip uses it, polynomial 0xEDB88320, and CRC-32C as event files do, 0x82F63B78. Both
 * are reflected, with inverted start and result.
 *
 * CRC-32 takes four bytes at a time: table k has what a byte makes of the remainder k bytes later, so that the four
 * look-ups do not wait for each other; in 0.4 of the time of single bytes.
 */

const TABLES = [remaindersOf(0xedb88320), ...Array.from({ length: 3 }, () => new Uint32Array(256))];
for (let byte = 0; byte < 256; byte++) {
  for (let k = 1; k < 4; k++) {
    const before = TABLES[k - 1][byte];
    TABLES[k][byte] = TABLES[0][before & 255] ^ (before >>> 8);
  }
}
const [TABLE, TABLE_1, TABLE_2, TABLE_3] = TABLES;

/** CRC-32 of `bytes`, or of everything so far if `previous` is the checksum of what came before. */
export function crc32(bytes: Uint8Array, previous = 0): number {
  let crc = ~previous;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    crc ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    crc = TABLE_3[crc & 255] ^ TABLE_2[(crc >>> 8) & 255] ^ TABLE_1[(crc >>> 16) & 255] ^ TABLE[crc >>> 24];
  }
  for (; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

const CASTAGNOLI = remaindersOf(0x82f63b78);

/** CRC-32C (RFC 3720, B.4) of `bytes`, of which there are few. */
export function crc32c(bytes: Uint8Array): number {
  let crc = ~0;
  for (let i = 0; i < bytes.length; i++) crc = CASTAGNOLI[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** What each byte leaves when it is divided by a polynomial. */
function remaindersOf(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    return remainder;
  });
}
