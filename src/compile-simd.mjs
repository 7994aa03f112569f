/** Compiles AssemblyScript to WebAssembly with SIMD: what the build scripts of src/device/cpu/simd and src/inputs/image/simd share. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

/**
 * Compiles `index.ts` of a folder, with what it imports, into one module. Throws with the compiler's own words.
 * @param {URL} source the folder
 * @param {URL} target the module's file
 * @param {readonly string[]} flags of asc, for this module
 */
export async function compileSimd(source, target, flags) {
  await mkdir(new URL('./', target), { recursive: true });
  const words = [
    'index.ts',
    '--outFile',
    'out.wasm',
    '-O3',
    '--noAssert',
    '--runtime',
    'stub',
    '--enable',
    'simd',
  ];
  const { error, stderr } = await asc.main([...words, ...flags], {
    stderr: asc.createMemoryStream(),
    readFile: (file) => readFile(new URL(file, source), 'utf8').catch(() => null),
    writeFile: (_file, bytes) => writeFile(target, bytes),
    listFiles: () => [],
  });
  if (error) throw new Error(`${stderr.toString()}${error.message}`);
}
