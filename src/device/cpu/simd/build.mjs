/**
 * Compiles the SIMD kernels of this folder (AssemblyScript) into dist/device/cpu/simd/: plain.wasm for every
 * engine with WebAssembly SIMD, relaxed.wasm where fused multiply-add (relaxed SIMD) exists as well. Fails when a
 * module would change the memory that it is given.
 */
import { readFile } from 'node:fs/promises';
import { compileSimd } from '../../../compile-simd.mjs';
import { assertNoData } from './sections.mjs';

const source = new URL('./', import.meta.url);
const target = new URL('../../../../dist/device/cpu/simd/', import.meta.url);

/** One memory, shared by all threads and made by the main one. */
const MEMORY = ['--importMemory', '--sharedMemory', '--noExportMemory', '--initialMemory', '1'];
const FLAGS = [...MEMORY, '--maximumMemory', '65536', '--enable', 'threads'];

await build('plain.wasm', FLAGS);
await build('relaxed.wasm', [...FLAGS, '--enable', 'relaxed-simd']);

async function build(name, flags) {
  const file = new URL(name, target);
  await compileSimd(source, file, flags);
  assertNoData(await readFile(file), name);
}
