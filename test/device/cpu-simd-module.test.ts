/** The built SIMD modules leave the shared memory alone when a thread instantiates them. */
/// <reference path="../../src/device/cpu/webassembly.d.ts" />
import { readFile } from 'node:fs/promises';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUILDS } from './cpu-harness.js';

const ROOT = new URL('../../../', import.meta.url);
const { assertNoData, sectionsOf } = await import(new URL('src/device/cpu/simd/sections.mjs', ROOT).href);

/** The header of a module, and sections given as [number, ...content]. */
function moduleOf(...sections: readonly (readonly number[])[]): Uint8Array {
  const bytes = sections.flatMap(([id, ...content]) => [id!, content.length, ...content]);
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes]);
}

const MEMORY = [5, 1, 0, 1];
const DATA = [11, 1, 0, 0x41, 0, 0x0b, 1, 7]; // a 7 at address 0

for (const build of BUILDS) {
  test(`${build}: no data section, and no byte of the memory changes`, async () => {
    const bytes = await readFile(new URL(`dist/device/cpu/simd/${build}.wasm`, ROOT));
    assertNoData(bytes, build);
    const ids = Array.from(sectionsOf(bytes), ({ id }) => id);
    assert.ok(ids.includes(10), `code is found among the sections ${ids}`);
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    const words = new Uint32Array(memory.buffer).fill(0x5a5a5a5a);
    new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    assert.ok(words.every((word) => word === 0x5a5a5a5a));
  });
}

test('a module with data is refused', () => {
  assertNoData(moduleOf(MEMORY), 'empty.wasm');
  const module = moduleOf(MEMORY, DATA);
  new WebAssembly.Module(module); // it is one
  assert.throws(() => assertNoData(module, 'full.wasm'), /full\.wasm has a data section/);
});

test.run();
