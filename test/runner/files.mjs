/** Which test files there are, and which share each belongs to. */
import { existsSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';

/**
 * Lists test files as { name, compiled, webgpu, slow }, sorted by name.
 *
 * The list follows the sources, so that what is left in the build folder from a deleted test does
 * not run. `name` is the source's path with forward slashes; `x.webgpu.test.ts` needs an adapter,
 * `x.slow.test.ts` and `x.webgpu.slow.test.ts` belong to the slow share.
 *
 * @param root the repository
 * @param folder within it: `test`, or a folder of plain `.test.mjs` files
 * @throws Error if a source has not been compiled
 */
export function testFiles(root, folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((path) => `${folder}/${path.split(sep).join('/')}`)
    .filter((name) => (folder === 'test' ? name.endsWith('.test.ts') : name.endsWith('.test.mjs')))
    .sort()
    .map((name) => ({
      name,
      compiled: compiledFile(root, name),
      webgpu: /\.webgpu\.(slow\.)?test\.\w+$/.test(name),
      slow: /\.slow\.test\.\w+$/.test(name),
    }));
}

function compiledFile(root, name) {
  if (name.endsWith('.mjs')) return join(root, name);
  const compiled = join(root, 'build', name.replace(/\.ts$/, '.js'));
  if (!existsSync(compiled)) throw new Error(`${name} is not compiled: run "npm run build:test"`);
  return compiled;
}
