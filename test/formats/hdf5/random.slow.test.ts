/**
 * Files of random structure that h5py wrote, in the older and the newer forms of HDF5, hold here what they hold there.
 * Needs h5py: npm run setup:torch.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { openByteSource } from '#src/formats/file';
import { swapBytes } from '#src/formats/floats';
import { Pauses } from '#src/pauses';
import { type Hdf5Object, openHdf5 } from '#src/formats/hdf5/file';
import { hex } from '../support.js';

const FILES = 200;
const script = fileURLToPath(new URL('../../../../test/formats/hdf5/make-random.py', import.meta.url));

interface Contents {
  readonly arrays: readonly { readonly path: string; readonly shape: number[]; readonly raw: string }[];
  readonly texts: readonly { readonly path: string; readonly attribute: string; readonly texts: string[] }[];
}

async function assertSame(root: Hdf5Object, { arrays, texts }: Contents): Promise<void> {
  for (const { path, shape, raw } of arrays) {
    const array = await (await root.find(path))!.array();
    const bytes = await array.readBytes();
    const { type } = array;
    assert.equal(array.shape, shape, path);
    const swapped = type.kind === 'number' && type.bigEndian;
    const found = swapped ? await swapBytes(bytes, type.size, new Pauses()) : bytes;
    assert.is(hex(found), raw, path);
  }
  for (const { path, attribute, texts: wanted } of texts) {
    const attributes = await (await root.find(path))!.attributes();
    assert.equal(await attributes.texts(attribute), wanted, `${path}, ${attribute}`);
  }
}

test(`${FILES} files`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'attune-hdf5-'));
  try {
    execFileSync('/usr/bin/python3', [script, folder, String(FILES)], { stdio: 'pipe' });
    let values = 0;
    for (let i = 0; i < FILES; i++) {
      const contents: Contents = JSON.parse(readFileSync(join(folder, `${i}.json`), 'utf8'));
      const source = await openByteSource(join(folder, `${i}.h5`));
      try {
        await assertSame(await openHdf5(source), contents);
      } finally {
        await source.close();
      }
      values += contents.arrays.length + contents.texts.length;
    }
    console.log(`# ${values} arrays and attributes`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.run();
