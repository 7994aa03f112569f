/**
 * SHA-256 of files, and the two ways in which the catalogue checks one: in full, or by its first
 * eight digits.
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

export function matchesHash(sha256: string, { check, hex }: ExpectedHash): boolean {
  return check === 'sha256' ? sha256 === hex : sha256.startsWith(hex);
}

/** For messages: `SHA-256 0676ba61...`, or that only its beginning is known. */
export function describeHash({ check, hex }: ExpectedHash): string {
  return check === 'sha256' ? `SHA-256 ${hex}` : `a SHA-256 that begins with ${hex}`;
}
