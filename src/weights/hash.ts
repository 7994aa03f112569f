/**
 * SHA-256 of files, and the ways in which the catalogue checks one: in full, by its first eight digits, or not at
 * all.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { ExpectedHash } from './catalogue.js';

/** The SHA-256 of a file, 64 lower-case hex digits. Throws Node's error if it cannot be read. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20, signal })) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

/** Whether a file may be the one that is expected: any may where no hash is known. */
export function matchesHash(sha256: string, expected: ExpectedHash): boolean {
  if (expected.check === 'none') return true;
  return expected.check === 'sha256' ? sha256 === expected.hex : sha256.startsWith(expected.hex);
}

/** For messages: `SHA-256 0676ba61...`, or that only its beginning is known. */
export function describeHash(expected: ExpectedHash): string {
  if (expected.check === 'none') return 'any SHA-256';
  return expected.check === 'sha256'
    ? `SHA-256 ${expected.hex}`
    : `a SHA-256 that begins with ${expected.hex}`;
}
