/**
 * The slow share: how much memory a file can make the decoder take, measured as the peak of a process of its own.
 * Files that claim too much are refused with next to none; the largest pictures that are allowed, of each kind black
 * and a few kilobytes, take no more than decode.ts says.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { pixelLimit } from '#src/inputs/image/decode';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blackPng, chunk } from './black-png.js';
import { sharp } from './sharp.js';
import { fixtureBytes, inScratch } from '../support.js';

const MIB = 2 ** 20;

/** Decodes files one after the other; prints what came of each, and by how much the peak grew. */
const DECODER = `
  import { readFileSync } from 'node:fs';
  import { decodeImage } from ${JSON.stringify(import.meta.resolve('#src/inputs/image/decode'))};
  import { loadSharp } from ${JSON.stringify(import.meta.resolve('#src/inputs/image/sharp'))};
  const peak = () => {
    // The system's own peak of this process, where it keeps one that does not begin with that of the parent.
    if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
    return Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;
  };
  loadSharp();
  const before = peak();
  const results = [];
  for (const path of process.argv.slice(1)) {
    results.push(await decodeImage(path).then(({ width, height }) => width + ' x ' + height, ({ what }) => what));
  }
  console.log(JSON.stringify({ results, grown: peak() - before }));`;

function decodeApart(paths: readonly string[]): { results: string[]; grown: number } {
  const words = ['--input-type=module', '-e', DECODER, ...paths];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
}

/** A JPEG, GIF, TIFF or WebP of the fixtures that claims another size. */
function claiming(name: string, width: number, height: number): Buffer {
  const bytes = Buffer.from(fixtureBytes(name));
  if (name.endsWith('.jpg')) {
    const frame = Math.max(bytes.indexOf('\xff\xc0', 'latin1'), bytes.indexOf('\xff\xc2', 'latin1'));
    bytes.writeUInt16BE(height, frame + 5);
    bytes.writeUInt16BE(width, frame + 7);
  } else if (name.endsWith('.gif')) {
    const frame = bytes.indexOf('\x2c\0\0\0\0', 'latin1');
    for (const at of [6, frame + 5]) bytes.writeUInt16LE(width, at);
    for (const at of [8, frame + 7]) bytes.writeUInt16LE(height, at);
  } else if (name.endsWith('.webp')) {
    // The canvas of an animation: three bytes each, one less than the side.
    const canvas = bytes.indexOf('VP8X', 'latin1') + 12;
    bytes.writeUIntLE(width - 1, canvas, 3);
    bytes.writeUIntLE(height - 1, canvas + 3, 3);
  } else {
    const directory = bytes.readUInt32LE(4);
    for (let i = 0; i < bytes.readUInt16LE(directory); i++) {
      const entry = directory + 2 + 12 * i;
      const size = { 256: width, 257: height }[bytes.readUInt16LE(entry)];
      if (size === undefined) continue;
      bytes.writeUInt16LE(4, entry + 2); // a number of 32 bits
      bytes.writeUInt32LE(size, entry + 8);
    }
  }
  return bytes;
}

test('files that claim more pixels than are allowed take next to no memory', () =>
  inScratch(async (folder) => {
    const files: Record<string, Uint8Array> = {
      'whole.png': blackPng(30_000, 30_000),
      'claim.jpg': claiming('jpeg-grey.jpg', 65_500, 65_500),
      'progressive.jpg': claiming('jpeg-progressive.jpg', 65_500, 65_500),
      'claim.gif': claiming('gif-animated.gif', 65_535, 65_535),
      'claim.webp': claiming('webp-animated.webp', 16_383, 16_383),
      'claim.tif': claiming('tiff-rgb.tif', 1_000_000, 1_000_000),
      'deep.png': blackPng(8200, 8200, 'deep'),
    };
    assert.ok(files['whole.png'].length < 500_000, 'a bomb is small');
    const paths = Object.entries(files).map(([name, bytes]) => {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      return path;
    });
    const { results, grown } = decodeApart(paths);
    assert.is(results.length, paths.length);
    for (const [i, result] of results.entries()) assert.match(result, /pixels are more than/, paths[i]);
    console.log(`refused: the peak grew by ${Math.round(grown / MIB)} MiB`);
    assert.ok(grown < 32 * MIB, `${grown} bytes`);
  }));

/** What packs to a thousandth: so much is hidden where a reader of the picture need not look. */
const zeros = deflateSync(Buffer.alloc(256 * MIB), { level: 1 });
const packed = (kind: string, start: string) =>
  chunk(kind, Buffer.concat([Buffer.from(start, 'latin1'), zeros]));

/** A GIF of 64 x 64 pixels with very many frames, each of one pixel. */
function manyFrames(frames: number): Buffer {
  const size = Buffer.from([64, 0, 64, 0]);
  const start = Buffer.concat([
    Buffer.from('GIF89a'),
    size,
    Buffer.from([0x80, 0, 0, 0, 0, 0, 255, 255, 255]),
  ]);
  const frame = Buffer.from([0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0]);
  return Buffer.concat([start, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}

/** A TIFF whose only directory names itself as the next one. */
function endlessPages(): Buffer {
  const bytes = Buffer.from(fixtureBytes('tiff-rgb.tif'));
  const directory = bytes.readUInt32LE(4);
  bytes.writeUInt32LE(directory, directory + 2 + 12 * bytes.readUInt16LE(directory));
  return bytes;
}

/** None claims many pixels; what came of each is the first frame, or a refusal. */
const HIDDEN: Record<string, () => Buffer> = {
  'text.png': () => blackPng(64, 64, 'grey', [packed('zTXt', 'comment\0\0')]),
  'international.png': () => blackPng(64, 64, 'grey', [packed('iTXt', 'comment\0\x01\0\0\0')]),
  'profile.png': () => blackPng(64, 64, 'grey', [packed('iCCP', 'profile\0\0')]),
  'texts.png': () =>
    blackPng(
      64,
      64,
      'grey',
      Array.from({ length: 50_000 }, () => chunk('tEXt', Buffer.from('a\0b'))),
    ),
  'frames.gif': () => manyFrames(200_000),
  'endless.tif': endlessPages,
};

for (const [name, make] of Object.entries(HIDDEN)) {
  test(`${name}: what is hidden beside the pixels takes next to no memory`, () =>
    inScratch(async (folder) => {
      const path = join(folder, name);
      const bytes = make();
      writeFileSync(path, bytes);
      const { results, grown } = decodeApart([path]);
      console.log(
        `# ${name}, ${bytes.length} bytes: ${results[0]}; the peak grew by ${Math.round(grown / MIB)} MiB`,
      );
      assert.match(results[0], /^\d+ x \d+$|cannot be decoded/);
      assert.ok(grown < 64 * MIB + 2 * bytes.length, `${grown} bytes`);
    }));
}

const [width, height] = [13_377, 13_377];
const black = (side: number) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#000' } });

const LARGEST: Record<string, () => Promise<Uint8Array> | Uint8Array> = {
  'deep.png': () => blackPng(8190, 8190, 'deep'),
  'turned.jpg': () => black(width).withMetadata({ orientation: 6 }).jpeg({ progressive: true }).toBuffer(),
  'lossless.webp': () => black(width).webp({ lossless: true, effort: 0 }).toBuffer(),
  'small.avif': () => black(9450).avif({ quality: 10, effort: 0 }).toBuffer(),
};

for (const [name, make] of Object.entries(LARGEST)) {
  test(`${name}: the largest picture allowed takes at most 1.6 GiB`, () =>
    inScratch(async (folder) => {
      assert.ok(width * height <= pixelLimit && (width + 1) * (height + 1) > pixelLimit);
      const path = join(folder, name);
      writeFileSync(path, await make());
      const { results, grown } = decodeApart([path]);
      assert.match(results[0], /^\d+ x \d+$/);
      console.log(`${name}, ${results[0]}: the peak grew by ${Math.round(grown / MIB)} MiB`);
      assert.ok(grown > 256 * MIB, 'the picture itself was measured');
      assert.ok(grown < 1640 * MIB, `${grown} bytes`);
    }));
}

test.run();
