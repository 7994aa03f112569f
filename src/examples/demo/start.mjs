/**
 * What `npm run demo` and `npm run demo:photos` start: plain JavaScript, so that it can say what to do when
 * nothing has been built yet.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const program = new URL('../../../dist/examples/demo/main.js', import.meta.url);

if (existsSync(program)) {
  await import(program.href);
} else {
  const folder = fileURLToPath(new URL('../../..', import.meta.url));
  console.error(`attune: the program is not built (${folder}): run "npm run build" there`);
  process.exitCode = 1;
}
