/**
 * `npm run docs`: the API pages of attune, from the comments of what src/index.ts exports, into build/docs-api.
 *
 * They are made without a warning or not at all: a public function without a comment, a type that the pages refer
 * to and do not have, or a dead link ends with exit code 1.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const typedoc = fileURLToPath(new URL('node_modules/typedoc/bin/typedoc', import.meta.url));

if (existsSync(typedoc)) {
  const { status } = spawnSync(process.execPath, [typedoc], { cwd: folder, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  // typedoc needs an older TypeScript than attune is built with, so it is installed apart.
  console.error('typedoc is not installed: run "npm ci --prefix bench/api-docs", then "npm run docs" again');
  process.exitCode = 1;
}
