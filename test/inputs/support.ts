/** What the tests of the data folder share: fixtures, scratch folders, and expected failures. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RgbImage } from '#src/inputs/picture';
import { AttuneError, type ErrorCode } from '#src/errors';
import * as assert from 'uvu/assert';

const fixtures = fileURLToPath(new URL('../../../test/inputs/image/fixtures/', import.meta.url));

export const fixture = (name: string): string => join(fixtures, name);
export const fixtureBytes = (name: string): Buffer => readFileSync(fixture(name));

interface Expected {
  decode: Record<string, { width: number; height: number; sha256: string }>;
  profile: number[];
  profile_jpeg: number[];
  resize: {
    seed: number;
    from: [number, number];
    to: [number, number];
    interpolation: 'bilinear' | 'bicubic';
    sha256: string;
  }[];
  preprocess: {
    name: string;
    resize: number;
    crop: number;
    normalized_sha256: string;
    rows: number[][];
    sha256: string;
  }[];
}

/** What Pillow and torchvision computed; see make-fixtures.py. */
export const expected: Expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8'));

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Noise from the linear congruential generator of make-fixtures.py. */
export function generated(width: number, height: number, seed: number): RgbImage {
  const pixels = new Uint8Array(width * height * 3);
  let state = seed;
  for (let i = 0; i < pixels.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels[i] = state >>> 24;
  }
  return { width, height, pixels };
}

/** Runs `body` with a folder of its own, which is removed afterwards. */
export async function inScratch(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'attune-data-'));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes files below a folder; a value is a fixture's name, or the bytes. */
export function makeFiles(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? fixtureBytes(content) : content);
  }
}

/** Asserts that a promise fails with this code and a sentence that matches; returns the error. */
export async function fails(promise: Promise<unknown>, code: ErrorCode, words: RegExp): Promise<AttuneError> {
  const outcome = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  assert.instance(outcome, AttuneError, `expected a failure with ${words}, got ${outcome}`);
  const error = outcome as AttuneError;
  assert.is(error.code, code, error.message);
  assert.match(error.message, words);
  return error;
}
