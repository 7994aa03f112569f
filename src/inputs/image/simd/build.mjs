/** Compiles the passes of resizing (AssemblyScript, in this folder) into dist/inputs/image/simd/resize.wasm. */
import { compileSimd } from '../../../compile-simd.mjs';

const target = new URL('../../../../dist/inputs/image/simd/resize.wasm', import.meta.url);
await compileSimd(new URL('./', import.meta.url), target, []);
