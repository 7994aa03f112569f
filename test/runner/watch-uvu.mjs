/**
 * Makes `import ... from 'uvu'` in a compiled test mean the watched uvu of uvu.mjs: a package of this name that lies
 * nearer to the compiled tests than the real one. `npm run build:test` runs this.
 *
 * A module hook would do the same, but on Node 20 it asks a thread about every import: 0.4 s in a test process that
 * loads the whole program.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../build/node_modules/uvu/', import.meta.url));

/** From a file of the package to its text. Paths are relative, so that a copy of the tree has its own. */
const FILES = {
  'package.json': JSON.stringify({
    name: 'uvu',
    type: 'module',
    exports: { '.': './index.js', './assert': './assert.js' },
  }),
  'index.js': "export * from '../../../test/runner/uvu.mjs';\n",
  'assert.js': "export * from '../../../node_modules/uvu/assert/index.mjs';\n",
};

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(FILES)) writeFileSync(`${folder}${name}`, text);
