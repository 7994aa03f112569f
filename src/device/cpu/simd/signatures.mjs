/** The functions that index.ts exports as AssemblyScript declares them, which the build hands to TypeScript. */
import { readFile } from 'node:fs/promises';

const EXPORT = /export \{([^}]+)\} from '\.\/([\w-]+)'/g;

/**
 * [name, 'parameter: type, ...'] of every exported function, by name.
 * @param {URL} folder of index.ts
 * @returns {Promise<[name: string, parameters: string][]>}
 */
export async function signaturesOf(folder) {
  const index = await readFile(new URL('index.ts', folder), 'utf8');
  const signatures = [];
  for (const [, names, file] of index.matchAll(EXPORT)) {
    const text = await readFile(new URL(`${file}.ts`, folder), 'utf8');
    for (const name of names.split(',').map((each) => each.trim())) {
      const declaration = new RegExp(`export function ${name}\\(([^)]*)\\): void`).exec(text);
      if (declaration === null) throw new Error(`${file}.ts has no "export function ${name}(...): void"`);
      const parameters = declaration[1].split(',').map((each) => each.trim());
      signatures.push([name, parameters.filter((each) => each !== '').join(', ')]);
    }
  }
  return signatures.sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * The text of ../../simd-functions.ts.
 * @param {readonly [name: string, parameters: string][]} signatures
 */
export function tableOf(signatures) {
  return [
    '/**',
    ' * The functions of the SIMD module and their parameters, in order: what AssemblyScript declares in device/cpu/simd,',
    ' * copied by the build (device/cpu/simd/build.mjs), which fails when it finds another text here and writes its own.',
    ' */',
    '// biome-ignore-all format: a line for each function',
    'export const SIMD_FUNCTIONS = {',
    ...signatures.map(([name, parameters]) => `  ${name}: '${parameters}',`),
    '} as const;',
    '',
  ].join('\n');
}
