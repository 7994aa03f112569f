/** Decoding against Pillow's pixels, and what hostile or broken files come to. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { decodeImage, pixelLimit, reasonOf } from '#src/inputs/image/decode';
import type { Sharp } from 'sharp';
import { sharp } from './sharp.js';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { expected, fails, fixture, fixtureBytes, inScratch, sha256 } from '../support.js';

for (const [name, { width, height, sha256: hash }] of Object.entries(expected.decode)) {
  test(`${name}: exactly the expected pixels`, async () => {
    const image = await decodeImage(fixture(name));
    assert.equal([image.width, image.height], [width, height]);
    assert.is(image.pixels.length, width * height * 3);
    assert.is(sha256(image.pixels), hash);
  });
}

test('the fixtures cover every kind of picture that the contract names', () => {
  const names = Object.keys(expected.decode).join(' ');
  const inks = ['cmyk', 'cmyk-unmarked', 'ycck'];
  const animations = ['gif-animated', 'webp-animated', 'png-animated'];
  const kinds = ['grey16', 'rgb16', 'alpha16', 'palette-transparent', '1bit', 'interlaced'];
  for (const kind of [...inks, ...animations, ...kinds]) assert.ok(names.includes(kind), kind);
  assert.is(names.match(/exif-[1-8]\.jpg|exif-6\.(png|webp|tif)/g)?.length, 11);
});

test('EXIF orientation turns pictures: four of the eight stand upright', async () => {
  for (let orientation = 1; orientation <= 8; orientation++) {
    const { width, height } = await decodeImage(fixture(`exif-${orientation}.jpg`));
    assert.equal([width, height], orientation <= 4 ? [19, 11] : [11, 19]);
  }
});

test('a wide colour profile becomes sRGB, with 8 bits as with 16', async () => {
  for (const name of ['png-p3.png', 'png-p3-16.png']) {
    const { pixels } = await decodeImage(fixture(name));
    assert.is(pixels.length, expected.profile.length);
    pixels.forEach((value, i) => {
      assert.ok(Math.abs(value - expected.profile[i]) <= 1, `${name}: ${pixels} and ${expected.profile}`);
    });
    assert.is.not(pixels[0], 200, 'the profile changes the first colour');
  }
});

test('a wide colour profile in a JPEG becomes sRGB', async () => {
  const { pixels } = await decodeImage(fixture('jpeg-p3.jpg'));
  assert.is(pixels.length, expected.profile_jpeg.length);
  const worst = Math.max(...pixels.map((value, i) => Math.abs(value - expected.profile_jpeg[i])));
  assert.ok(worst <= 1, `off by ${worst}`);
  assert.ok(Math.abs(pixels[0] - 200) > 5, 'the profile changes the first colour');
});

test('an Ultra HDR JPEG gives the picture that screens without HDR show', async () => {
  const linear = sharp(fixture('chain-landscape.jpg')).toColourspace('scrgb').tiff({ compression: 'none' });
  const encoder = sharp(await linear.toBuffer()) as Sharp & { withGainMap(): Sharp }; // the types lack it
  const hdr = await encoder.withGainMap().jpeg().toBuffer();
  const plain = Buffer.from(hdr);
  plain[plain.indexOf('MPF\0')] ^= 1; // the list of the pictures in the file
  const [withMap, without] = await Promise.all([hdr, plain].map((bytes) => sharp(bytes).metadata()));
  assert.equal([withMap.gainMap !== undefined, without.gainMap !== undefined], [true, false]);
  assert.equal(await decodeImage(hdr), await decodeImage(plain));
});

/** Has no fixture: Pillow writes none. */
async function makeAvif() {
  const { data, info } = await sharp(fixture('png-rgb.png')).raw().toBuffer({ resolveWithObject: true });
  const image = sharp(data, { raw: info }).avif({ lossless: true, chromaSubsampling: '4:4:4' });
  return { avif: await image.toBuffer(), data, info };
}

test('AVIF', async () => {
  const { avif, data, info } = await makeAvif();
  const image = await decodeImage(avif);
  assert.equal([image.width, image.height], [info.width, info.height]);
  const worst = Math.max(...image.pixels.map((value, i) => Math.abs(value - data[i])));
  assert.ok(worst <= 3, `off by ${worst}`); // AVIF keeps luma and chroma, not RGB
});

test('bytes and paths give the same pixels', async () => {
  const fromBytes = await decodeImage(fixtureBytes('jpeg-420.jpg'));
  assert.equal(fromBytes, await decodeImage(fixture('jpeg-420.jpg')));
});

test('a file name that lies about the format does no harm', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'photo.jpg');
    writeFileSync(path, fixtureBytes('png-rgb.png'));
    assert.is(sha256((await decodeImage(path)).pixels), expected.decode['png-rgb.png'].sha256);
  }));

test('stray bytes between the segments of a JPEG do not make it unreadable', async () => {
  const jpeg = fixtureBytes('jpeg-444.jpg');
  const scan = jpeg.indexOf(Buffer.from([0xff, 0xda]));
  const stray = Buffer.concat([jpeg.subarray(0, scan), Buffer.from([1, 2, 3]), jpeg.subarray(scan)]);
  assert.is(sha256((await decodeImage(stray)).pixels), expected.decode['jpeg-444.jpg'].sha256);
});

for (const name of [
  'jpeg-420.jpg',
  'jpeg-progressive.jpg',
  'jpeg-cmyk.jpg',
  'png-rgb.png',
  'png-rgb16.png',
  'webp-lossy.webp',
  'webp-lossless.webp',
  'tiff-rgb.tif',
  'tiff-lzw.tif',
  'jpeg-ycck.jpg',
  'exif-6.jpg',
  'png-interlaced.png',
  'picture.avif',
]) {
  test(`${name} cut off at every tenth is refused`, async () => {
    const bytes = name === 'picture.avif' ? (await makeAvif()).avif : fixtureBytes(name);
    for (let tenth = 1; tenth < 10; tenth++) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * tenth) / 10));
      const error = await fails(decodeImage(cut, `cut/${name}`), 'input', /cannot be decoded/);
      assert.is(error.where, `cut/${name}`);
      assert.not.match(error.what, /\n/);
    }
  });
}

for (const name of ['gif-animated.gif', 'png-animated.png', 'webp-animated.webp']) {
  test(`${name} cut off gives its first frame or fails, never a partial picture`, async () => {
    const bytes = fixtureBytes(name);
    for (let tenth = 1; tenth < 10; tenth++) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * tenth) / 10));
      try {
        const { pixels } = await decodeImage(cut);
        assert.is(sha256(pixels), expected.decode[name].sha256, `at ${tenth}0 %`);
      } catch (error) {
        assert.match(String(error), /cannot be decoded/);
      }
    }
  });
}

test('not a picture: each cause has its sentence', () =>
  inScratch(async (folder) => {
    const at = (name: string, content: string | Uint8Array) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    };
    mkdirSync(join(folder, 'x.jpg'));
    const svg = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>';
    const bareSvg = svg.split('\n')[1];
    const heic = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic')]);
    const cases: [string, RegExp][] = [
      [join(folder, 'none.jpg'), /there is no such image/],
      [join(folder, 'x.jpg'), /this is not a file/],
      [at('zero.jpg', ''), /the image file is empty/],
      [at('drawing.jpg', svg), /looks like an SVG or XML document/],
      [at('bare.jpg', `\ufeff  ${bareSvg}`), /looks like an SVG or XML document/],
      [at('comment.jpg', `<!--ftypavif-->${bareSvg}`), /looks like an SVG or XML document/],
      [at('wide.jpg', Buffer.from(`\ufeff${bareSvg}`, 'utf16le')), /looks like something else/],
      [at('packed.jpg', gzipSync(bareSvg)), /looks like something else/],
      [at('gif.jpg', `GIF89a${bareSvg}`), /cannot be decoded/],
      [at('webp.jpg', `RIFF    WEBP${bareSvg}`), /cannot be decoded/],
      [at('paper.jpg', '%PDF-1.7\n'), /looks like a PDF document/],
      [at('jpeg.jpg', Buffer.from('\xff\xd8\xff%PDF-1.7\n', 'latin1')), /cannot be decoded/],
      [at('page.jpg', '<!DOCTYPE html><html>404</html>'), /looks like a web page/],
      [at('phone.jpg', heic), /looks like a HEIC picture.*convert it to JPEG/],
      [at('old.jpg', 'BM1234'), /looks like a BMP picture/],
      [at('noise.jpg', 'hello'), /looks like something else/],
    ];
    for (const [path, words] of cases) {
      assert.is((await fails(decodeImage(path), 'input', words)).where, path);
    }
  }));

test('what is neither a path nor bytes is refused', async () => {
  const words =
    /^the image is neither a path nor the bytes of a file \(decodeImage\): give a path, or what readFile/;
  for (const given of [null, undefined, 3, [255, 216], new ArrayBuffer(4)])
    await fails(decodeImage(given as never), 'usage', words);
});

test('a named pipe or a device called x.jpg does not hang the reader, nor does a link to itself', () =>
  inScratch(async (folder) => {
    if (process.platform === 'win32') return; // it has none of these in folders
    const at = (name: string) => join(folder, name);
    execFileSync('mkfifo', [at('pipe.jpg')]);
    symlinkSync('/dev/zero', at('zero.jpg'));
    symlinkSync('loop.jpg', at('loop.jpg'));
    for (const name of ['pipe.jpg', 'zero.jpg']) {
      await fails(decodeImage(at(name)), 'input', /this is not a file/);
    }
    await fails(decodeImage(at('loop.jpg')), 'input', /cannot be read, ELOOP/);
  }));

test('a file above 1 GiB is refused before it is read', () =>
  inScratch(async (folder) => {
    const path = join(folder, 'huge.jpg');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 30 + 1); // sparse: takes no space
    await fails(decodeImage(path), 'input', /above 1 GiB/);
  }));

test('float pixels are refused rather than guessed', async () => {
  const raw = { width: 2, height: 2, channels: 3 } as const;
  const tiff = await sharp(Buffer.alloc(12), { raw }).toColourspace('scrgb').tiff({ compression: 'none' });
  const depth = (await sharp(await tiff.toBuffer()).metadata()).depth;
  if (depth === 'float') await fails(decodeImage(await tiff.toBuffer()), 'input', /type float/);
  else assert.unreachable(`the encoder wrote ${depth}`);
});

test('a JPEG header that claims 65,500 x 65,500 pixels is refused', async () => {
  const jpeg = Buffer.from(fixtureBytes('jpeg-grey.jpg'));
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(65500, frame + 5);
  jpeg.writeUInt16BE(65500, frame + 7);
  assert.ok(65500 * 65500 > pixelLimit);
  await fails(decodeImage(jpeg, 'claim.jpg'), 'input', /65500 x 65500 pixels are more than .*claim\.jpg/);
});

test('a reason that the decoder does not know is none', () => {
  assert.is(
    reasonOf(new Error('Input buffer has corrupt header: x\nmore')),
    ', the file has corrupt header: x',
  );
  assert.is(reasonOf(new Error('Input buffer has corrupt header: ')), ', the file has corrupt header');
  // Two threads that fail at once share the decoder's memory of what went wrong.
  assert.is(reasonOf(new Error('Unknown error')), '');
  assert.is(reasonOf(new Error('')), '');
});

test.run();
