/**
 * Compiles the SIMD kernels of this folder (AssemblyScript) into dist/device/cpu/simd/: plain.wasm for every
 * engine with WebAssembly SIMD, relaxed.wasm where fused multiply-add (relaxed SIMD) exists as well.
 */
import { compileSimd } from '../../../compile-simd.mjs';

const source = new URL('./', import.meta.url);
const target = new URL('../../../../dist/device/cpu/simd/', import.meta.url);

/** One memory, shared by all threads and made by the main one. */
const MEMORY = ['--importMemory', '--sharedMemory', '--noExportMemory', '--initialMemory', '1'];
const FLAGS = [...MEMORY, '--maximumMemory', '65536', '--enable', 'threads'];

await compileSimd(source, new URL('plain.wasm', target), FLAGS);
await compileSimd(source, new URL('relaxed.wasm', target), [...FLAGS, '--enable', 'relaxed-simd']);
