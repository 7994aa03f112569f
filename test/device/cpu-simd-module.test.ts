/**
 * The built SIMD modules leave the shared memory alone when a thread instantiates them, and TypeScript calls their functions
 * by the names that AssemblyScript gives its parameters.
 */
/// <reference path="../../src/device/cpu/webassembly.d.ts" />
import { readdir, readFile } from 'node:fs/promises';
import { simdArguments, simdEntry, simdParameter } from '#src/device/simd-entry';
import { SIMD_FUNCTIONS } from '#src/device/simd-functions';
import { kernels } from '#src/ops/kernels';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { BUILDS } from './cpu-harness.js';

const ROOT = new URL('../../../', import.meta.url);
const FOLDER = new URL('src/device/cpu/simd/', ROOT);
const { assertNoData, sectionsOf } = await import(new URL('sections.mjs', FOLDER).href);
const { signaturesOf, tableOf } = await import(new URL('signatures.mjs', FOLDER).href);

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

test('the table of functions is what AssemblyScript declares, and every function of the modules is in it', async () => {
  const text = await readFile(new URL('src/device/simd-functions.ts', ROOT), 'utf8');
  assert.is(text, tableOf(await signaturesOf(FOLDER)));
  for (const build of BUILDS) {
    const bytes = await readFile(new URL(`dist/device/cpu/simd/${build}.wasm`, ROOT));
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } });
    assert.equal(
      Object.entries(exports).map(([name, run]) => [name, (run as () => void).length]),
      Object.entries(exports).map(([name]) => [
        name,
        SIMD_FUNCTIONS[name as keyof typeof SIMD_FUNCTIONS].split(', ').length,
      ]),
    );
    assert.equal(Object.keys(exports).sort(), Object.keys(SIMD_FUNCTIONS));
  }
});

test('arguments are put in the order of the parameters; what is missing does not compile', () => {
  const call = { value: 0.5, last: 3, first: 2, y: 64 };
  assert.equal(simdArguments('fill', call), [64, 2, 3, 0.5]);
  const columns = { x: 1, y: 2, first: 3, last: 4, columns: 5 };
  assert.equal(simdArguments('softmax', { ...columns, logarithm: true }), [1, 2, 3, 4, 5, 1]);
  // @ts-expect-error: a boolean is wanted
  simdArguments('softmax', { ...columns, logarithm: 1 });
  // @ts-expect-error: `value` is missing
  simdEntry('fill', { arguments: () => ({ y: 0, first: 0, last: 0 }) });
});

test('every kernel with an entry names a function, and a chain finds its arguments in both kinds of call', () => {
  const entries = Object.values(kernels).flatMap(({ simd }) => (simd === undefined ? [] : [simd.entry]));
  for (const entry of entries) assert.ok(entry in SIMD_FUNCTIONS, entry);
  for (const name of ['a', 'b', 'y', 'first', 'last', 'operation'] as const) {
    assert.is(simdParameter('binary', name), simdParameter('pointwise', name), name);
  }
});

/** The arguments of a call whose list begins at `start` of a text: cut at the commas that no bracket holds. */
function argumentsAt(text: string, start: number): string[] {
  const cuts = [start - 1];
  let depth = 1;
  for (let at = start; depth > 0; at++) {
    if ('([{'.includes(text[at]!)) depth++;
    if (')]}'.includes(text[at]!)) depth--;
    if (depth === 0 || (depth === 1 && text[at] === ',')) cuts.push(at);
  }
  return cuts.slice(1).map((cut, i) => text.slice(cuts[i]! + 1, cut).trim());
}

/** Sizes that several functions have, and hand on to each other by position. */
const GEOMETRY = /^(?:out|kernel|stride|dilation)?(?:height|width)$|^pad(?:Top|Left)$/i;
/** An input gradient is a forward convolution from outputs to images. */
const TURNED = ['outHeight as height', 'outWidth as width', 'height as outHeight', 'width as outWidth'];

test('AssemblyScript hands the numbers of a convolution on to parameters of the same name', async () => {
  const names = (await readdir(FOLDER)).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, FOLDER), 'utf8')));
  const parameters = new Map<string, string[]>();
  for (const [, name, list] of texts.join('').matchAll(/function (\w+)\(([^)]*)\)/g)) {
    parameters.set(
      name!,
      list!.split(',').map((parameter) => parameter.split(':')[0]!.trim()),
    );
  }
  const others: string[] = [];
  let found = 0;
  for (const [i, text] of texts.entries()) {
    for (const call of text.matchAll(/(?<!function )\b(\w+)\(/g)) {
      const wanted = parameters.get(call[1]!) ?? [];
      const given = argumentsAt(text, call.index + call[0].length);
      for (const [place, name] of given.entries()) {
        if (!GEOMETRY.test(name) || !wanted.includes(name)) continue;
        found++;
        if (wanted[place] !== name) others.push(`${names[i]}: ${call[1]} takes ${name} as ${wanted[place]}`);
      }
    }
  }
  assert.ok(found > 100, `${found} are compared`);
  assert.equal(
    others,
    TURNED.map((pair) => `conv2d-input-gradient.ts: winograd takes ${pair}`),
  );
});

test.run();
