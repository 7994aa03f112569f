import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FileOperations, replaceFile } from '#src/formats/file';
import { openTensorFile } from '#src/formats/any-format/open';
import { writeSafetensors } from '#src/formats/any-format/save';
import { rejects } from '../support.js';

const test = suite<{ folder: string }>('save');
test.before.each((context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'attune-save-'));
});
test.after.each(({ folder }) => rmSync(folder, { recursive: true }));

const real: FileOperations = { open, rename, remove: (path) => rm(path, { force: true }) };

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

/** Operations of which one fails: from its call number `from` on, `times` times. */
function failing(
  operation: 'open' | 'write' | 'sync' | 'rename',
  code: string,
  times = Infinity,
  from = 0,
): FileOperations {
  let calls = 0;
  const fail = (name: string) => {
    if (name !== operation) return;
    const call = calls++;
    if (call >= from && call < from + times) throw systemError(code);
  };
  return {
    ...real,
    async open(path, flags) {
      fail('open');
      const handle = await open(path, flags);
      return {
        close: () => handle.close(),
        async sync() {
          fail('sync');
          await handle.sync();
        },
        write: (async (...args: Parameters<typeof handle.write>) => {
          fail('write');
          return handle.write(...args);
        }) as typeof handle.write,
      };
    },
    async rename(from, to) {
      fail('rename');
      await rename(from, to);
    },
  };
}

const pieces = (...texts: string[]) => texts.map((text) => new TextEncoder().encode(text));

test('a saved file is read back, and nothing else is left in the folder', async ({ folder }) => {
  const path = join(folder, 'model.safetensors');
  const data = new Float32Array([1, -2, 0.5]);
  let made = 0;
  const make = async () => {
    made++;
    return data;
  };
  await writeSafetensors(path, [{ name: 'w', dtype: 'F32', shape: [3], data: make }], { model: 'tiny' });
  assert.is(made, 1);
  assert.equal(readdirSync(folder), ['model.safetensors']);
  const file = await openTensorFile(path);
  assert.equal(file.metadata, { model: 'tiny' });
  assert.equal(await file.tensors[0].read(), data);
  await file.close();
  await rejects(() => file.tensors[0].read(), /cannot be read/, 'disk');
});

test('an old file is replaced', async ({ folder }) => {
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  await replaceFile(path, pieces('n', '', 'ew'));
  assert.is(readFileSync(path, 'utf8'), 'new');
});

for (const [code, sentence] of [
  ['ENOSPC', /the disk is full.*free some space/],
  ['EDQUOT', /quota/],
  ['EIO', /cannot be written: EIO/],
] as const) {
  for (const operation of ['write', 'sync'] as const) {
    test(`${code} at ${operation} leaves the old file and no temporary`, async ({ folder }) => {
      const path = join(folder, 'file');
      writeFileSync(path, 'old');
      const files = failing(operation, code, Infinity, operation === 'write' ? 1 : 0);
      await rejects(() => replaceFile(path, pieces('a', 'b', 'c'), files), sentence, 'disk');
      assert.is(readFileSync(path, 'utf8'), 'old');
      assert.equal(readdirSync(folder), ['file']);
    });
  }
}

test('no permission', async ({ folder }) => {
  const path = join(folder, 'file');
  await rejects(
    () => replaceFile(path, pieces('a'), failing('open', 'EACCES')),
    /may not be written here/,
    'disk',
  );
  await rejects(() => replaceFile(path, pieces('a'), failing('open', 'EROFS')), /read-only/, 'disk');
});

test('a folder that does not exist', async ({ folder }) => {
  await rejects(
    () => replaceFile(join(folder, 'no', 'file'), pieces('a')),
    /the folder does not exist \(.*no\): create it first$/,
    'disk',
  );
});

test('a rename that is held up for a moment is tried again', async ({ folder }) => {
  const path = join(folder, 'file');
  for (const code of ['EPERM', 'EBUSY']) {
    await replaceFile(path, pieces(code), failing('rename', code, 3));
    assert.is(readFileSync(path, 'utf8'), code);
  }
  await rejects(
    () => replaceFile(path, pieces('x'), failing('rename', 'EBUSY')),
    /another program holds/,
    'disk',
  );
  await rejects(() => replaceFile(path, pieces('x'), failing('rename', 'EXDEV', 1)), /EXDEV/, 'disk');
  assert.is(readFileSync(path, 'utf8'), 'EBUSY');
  assert.equal(readdirSync(folder), ['file']);
});

test('a folder that cannot be flushed does not undo the file', async ({ folder }) => {
  const path = join(folder, 'file');
  await replaceFile(path, pieces('a'), failing('open', 'EISDIR', 1, 1));
  await replaceFile(path, pieces('b'), failing('sync', 'EINVAL', 1, 1));
  assert.is(readFileSync(path, 'utf8'), 'b');
});

test('a short write is continued', async ({ folder }) => {
  const path = join(folder, 'file');
  const files: FileOperations = {
    ...real,
    async open(name, flags) {
      const handle = await open(name, flags);
      const write = (bytes: Uint8Array, offset: number) => handle.write(bytes, offset, 1);
      return { write: write as typeof handle.write, sync: () => handle.sync(), close: () => handle.close() };
    },
  };
  await replaceFile(path, pieces('slow', 'ly'), files);
  assert.is(readFileSync(path, 'utf8'), 'slowly');
});

test('an error while the pieces are made is passed on and leaves nothing', async ({ folder }) => {
  const path = join(folder, 'model.safetensors');
  const data = () => Promise.reject(new RangeError('made on purpose'));
  await writeSafetensors(path, [{ name: 'w', dtype: 'F32', shape: [3], data }]).then(
    () => assert.unreachable(),
    (error) => assert.instance(error, RangeError),
  );
  const short = new Float32Array(2);
  await rejects(
    () => writeSafetensors(path, [{ name: 'w', dtype: 'F32', shape: [3], data: short }]),
    /takes 12 bytes/,
  );
  assert.equal(readdirSync(folder), []);
});

test.run();
