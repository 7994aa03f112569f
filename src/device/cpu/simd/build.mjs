/**
 * Compiles the SIMD kernels of this folder (AssemblyScript) into dist/device/cpu/simd/: plain.wasm for every
 * engine with WebAssembly SIMD, relaxed.wasm where fused multiply-add (relaxed SIMD) exists as well. Fails when a
 * module would change the memory that it is given, and when TypeScript knows other parameters than the functions have.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compileSimd } from '../../../compile-simd.mjs';
import { assertNoData } from './sections.mjs';
import { signaturesOf, tableOf } from './signatures.mjs';

const source = new URL('./', import.meta.url);
const table = new URL('../../simd-functions.ts', import.meta.url);
const target = new URL('../../../../dist/device/cpu/simd/', import.meta.url);

/** One memory, shared by all threads and made by the main one. */
const MEMORY = ['--importMemory', '--sharedMemory', '--noExportMemory', '--initialMemory', '1'];
const FLAGS = [...MEMORY, '--maximumMemory', '65536', '--enable', 'threads'];

const expected = tableOf(await signaturesOf(source));
if ((await readFile(table, 'utf8').catch(() => '')) !== expected) {
  await writeFile(table, expected);
  throw new Error('src/device/simd-functions.ts was not what the SIMD functions are; it is now: build again');
}
await build('plain.wasm', FLAGS);
await build('relaxed.wasm', [...FLAGS, '--enable', 'relaxed-simd']);

async function build(name, flags) {
  const file = new URL(name, target);
  await compileSimd(source, file, flags);
  assertNoData(await readFile(file), name);
}
