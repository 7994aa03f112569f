import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hintForMissing, openByteSource } from '#src/formats/file';
import { openTensorFile } from '#src/formats/any-format/open';
import { concat, fixture, fixtureBytes, rejects, zip } from '../support.js';

const test = suite<{ folder: string }>('open');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-open-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

test('the content decides, not the name', async ({ folder }) => {
  for (const [name, format] of [
    ['reference.safetensors', 'safetensors'],
    ['tensors-zip.pth', 'pytorch-zip'],
    ['tensors-legacy.pth', 'pytorch-legacy'],
  ]) {
    const path = join(folder, 'weights.jpg');
    writeFileSync(path, fixtureBytes(name));
    const file = await openTensorFile(path);
    assert.is(file.format, format);
    await file.close();
  }
});

test('safetensors are recognised whatever the low bytes of their length are', async ({ folder }) => {
  const path = join(folder, 'any.safetensors');
  // 0x80 begins a pickle, PK a zip archive, 0x1f 0x8b gzip, 0x08 and what follows ONNX.
  for (const length of [0x0280, 0x4b50, 0x8b1f, 0x120108]) {
    const header = '{"__metadata__":{"a":"b"}}'.padEnd(length);
    const start = new Uint8Array(8);
    new DataView(start.buffer).setUint32(0, length, true);
    writeFileSync(path, concat(start, new TextEncoder().encode(header)));
    const file = await openTensorFile(path);
    assert.is(file.format, 'safetensors', `length ${length}`);
    assert.equal({ ...file.metadata }, { a: 'b' });
    await file.close();
  }
});

test('other formats are named', async ({ folder }) => {
  const text = (value: string) => new TextEncoder().encode(value);
  const tar = new Uint8Array(1024);
  tar.set(text('ustar'), 257);
  const record = (name: string) => ({ name, data: new Uint8Array(1) });
  const others: [Uint8Array, RegExp][] = [
    [new Uint8Array(0), /the file is empty/],
    [concat([0x89], text('HDF\r\n\x1a\n'), [0, 0]), /the structure ends early.*superblock/],
    [text('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), /Git LFS pointer.*git lfs pull/],
    [text('\n<!DOCTYPE html><html><head>'), /a web page.*direct link/],
    [text('<HTML>'), /a web page/],
    [text('<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'), /a web page/],
    [tar, /tar archive.*save the weights again/],
    [Uint8Array.of(0x1f, 0x8b, 8, 0), /gzip archive/],
    [concat([8, 7, 0x12, 7], text('pytorch')), /the model has no graph/],
    [concat([8, 1, 0x12, 3], text('abc')), /SavedModel.*save it as \.keras/],
    [concat([0x1c, 0, 0, 0], text('TFL3')), /TensorFlow Lite/],
    [text('GGUF\x03\0\0\0'), /GGUF/],
    [concat([0x93], text('NUMPY\x01\0')), /NumPy/],
    [
      zip([record('metadata.json'), record('config.json'), record('model.weights.h5')]),
      /is expected.*config\.json/,
    ],
    [zip([record('readme.txt')]), /no weights/],
    [text('PK'), /zip directory/],
    [text('hello, world'), /format of the file is not known/],
    [Uint8Array.of(1), /format of the file is not known/],
    [Uint8Array.of(0x80), /ends early/],
    [concat([2, 0, 0, 0, 0, 0, 0, 0], text('{}'), [1]), /1 follow the header/],
  ];
  for (const [bytes, sentence] of others) {
    const path = join(folder, 'weights.pth');
    writeFileSync(path, bytes);
    await rejects(() => openTensorFile(path), sentence);
    await rejects(() => openTensorFile(path), /weights\.pth/);
  }
});

test('a path without a readable file', async ({ folder }) => {
  await rejects(
    () => openTensorFile(join(folder, 'no.pth')),
    /there is no such file.*no\.pth.*check the path/,
    'input',
  );
  writeFileSync(join(folder, 'file'), 'x');
  await rejects(() => openTensorFile(join(folder, 'file', 'in')), /no such file/, 'input');
  mkdirSync(join(folder, 'model'));
  await rejects(
    () => openTensorFile(join(folder, 'model')),
    /this is a folder.*name the weights file in it/,
    'input',
  );
  if (process.platform !== 'win32')
    await rejects(() => openTensorFile('/dev/null'), /not a regular file/, 'input');
});

test('a hint for a missing path: the nearest name beside it, or the name with another ending', async ({
  folder,
}) => {
  mkdirSync(join(folder, 'Fotos für Mila'));
  for (const name of ['model.safetensors', 'other.pth', 'Fotos für Mila/1.jpg']) {
    writeFileSync(join(folder, name), '');
  }
  const hint = async (path: string) => (await hintForMissing(join(folder, path), 'look')).replace(folder, '');
  assert.is(await hint('model.safetensor'), `did you mean ${sep}model.safetensors?`);
  assert.is(await hint('model.pth'), `did you mean ${sep}model.safetensors?`);
  assert.is(await hint('Fotos fur Mila'), `did you mean ${sep}Fotos für Mila?`);
  assert.is(await hint(join('Fotos fur Mila', '1.jpg')), `did you mean ${sep}Fotos für Mila?`);
  assert.is(
    await hint(join('Fotos für Mila', '2.jpg')),
    `did you mean ${sep}${join('Fotos für Mila', '1.jpg')}?`,
  );
  assert.is(await hint('weights.bin'), 'look');
  assert.is(await hint(join('model.safetensors', 'in')), 'look');
  assert.is(await hint(join('none', 'at', 'all')), 'look');
  await rejects(
    () => openTensorFile(join(folder, 'model.safetensor')),
    /did you mean .*model\.safetensors\?/,
    'input',
  );
});

test('a file without permission', async ({ folder }) => {
  // The superuser may read everything, so the file is opened by another process that is not the superuser.
  if (process.platform === 'win32' || process.getuid === undefined) return;
  const path = join(folder, 'secret.pth');
  writeFileSync(path, 'x', { mode: 0o000 });
  if (process.getuid() !== 0) return rejects(() => openTensorFile(path), /may not be read/, 'disk');
  const script = `
    const { openTensorFile } = await import(${JSON.stringify(import.meta.resolve('#src/formats/any-format/open'))});
    process.setuid(65534);
    await openTensorFile(${JSON.stringify(path)}).catch((error) => console.log(error.code, error.message));`;
  execFileSync('chmod', ['755', folder]);
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    // Through io_uring, early Nodes 20 open files with the rights that were given up.
    env: { ...process.env, UV_USE_IO_URING: '0' },
  });
  assert.match(output, /^disk the file may not be read .*secret\.pth/);
});

test('reads beyond the file, and a file that shrinks', async ({ folder }) => {
  const path = join(folder, 'file');
  writeFileSync(path, 'abcdef');
  const source = await openByteSource(path);
  assert.equal(await source.read(2, 3), new TextEncoder().encode('cde'));
  assert.is((await source.read(6, 0)).length, 0);
  for (const [offset, length] of [
    [5, 2],
    [7, 0],
    [-1, 1],
    [0, -1],
    [0.5, 1],
    [0, 2 ** 53],
    [Number.NaN, 1],
  ]) {
    await rejects(() => source.read(offset, length), /outside the file of 6 bytes/);
  }
  writeFileSync(path, 'abc');
  await rejects(() => source.read(2, 3), /became shorter while it was read/);
  await source.close();
});

test('a file that is refused is closed again', async () => {
  if (process.platform !== 'linux') return;
  const before = readdirSync('/proc/self/fd').length;
  for (let i = 0; i < 20; i++) await openTensorFile(fixture('attack-hub.pth')).catch(() => undefined);
  assert.ok(readdirSync('/proc/self/fd').length <= before + 1);
});

test.run();
