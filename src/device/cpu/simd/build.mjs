/**
 * Compiles the SIMD kernels of this folder (AssemblyScript) into dist/device/cpu/simd/: plain.wasm for every
 * engine with WebAssembly SIMD, relaxed.wasm where fused multiply-add (relaxed SIMD) exists as well.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const source = new URL('./', import.meta.url);
const target = new URL('../../../../dist/device/cpu/simd/', import.meta.url);

const OPTIONS = [
  'index.ts',
  ...['--outFile', 'out.wasm', '-O3', '--noAssert'],
  ...[
    '--importMemory',
    '--sharedMemory',
    '--noExportMemory',
    '--initialMemory',
    '1',
    '--maximumMemory',
    '65536',
  ],
  ...['--enable', 'threads', '--enable', 'simd', '--runtime', 'stub'],
];

await mkdir(target, { recursive: true });
await build('plain', []);
await build('relaxed', ['--enable', 'relaxed-simd']);

async function build(name, features) {
  const { error, stderr } = await asc.main([...OPTIONS, ...features], {
    stderr: asc.createMemoryStream(),
    readFile: (file) => readFile(new URL(file, source), 'utf8').catch(() => null),
    writeFile: (_file, bytes) => writeFile(new URL(`${name}.wasm`, target), bytes),
    listFiles: () => [],
  });
  if (error) throw new Error(`${stderr.toString()}${error.message}`);
}
