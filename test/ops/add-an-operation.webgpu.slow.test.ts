/**
 * The recipe "Add an operation" of src/README.md does what it says: its patches touch one operation, one shader, one
 * line of a table and one line of the tests, and a copy of the repository with them passes the tests that it names.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { blocksOf, commandsOf } from '../docs/markdown.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const COPIED = ['package.json', 'tsconfig.json', 'shaders', 'src', 'test'];

const readme = readFileSync(join(root, 'src/README.md'), 'utf8');
const recipe = readme.slice(readme.indexOf('\n## Add an operation'), readme.indexOf('\n## The house'));
const patches = blocksOf(recipe).filter(({ language }) => language === 'diff');

const copy = mkdtempSync(join(tmpdir(), 'attune-recipe-'));
test.after(() => rmSync(copy, { recursive: true }));

test('the recipe is one operation, one shader, one line of a table and one line of the tests', () => {
  const touched = patches.map(({ text }) => {
    const added = text.match(/^\+(?!\+\+)/gm) ?? [];
    const removed = text.match(/^-(?!--)/gm) ?? [];
    assert.is(removed.length, 0);
    return [/^\+\+\+ b\/(.*)$/m.exec(text)?.[1], text.includes('/dev/null') ? 'new' : added.length];
  });
  assert.equal(touched, [
    ['src/ops/softplus.ts', 'new'],
    ['shaders/softplus.wgsl', 'new'],
    ['src/ops/unary-operations.ts', 1],
    ['test/ops/unary-cases.ts', 1],
  ]);
});

test('with the recipe applied, the tests that it names pass', () => {
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  const patch = join(copy, 'recipe.patch');
  writeFileSync(patch, patches.map(({ text }) => text).join(''));
  run('git', ['apply', patch]);

  const commands = commandsOf(recipe);
  assert.is(commands.length, 1);
  const [program, ...args] = commands[0].split(' ');
  const output = run(program, args);
  assert.match(output, /softplus\.flat, softplusGradient\.flat/);
  assert.match(output, /\n[1-9]\d* passed, 0 failed\n$/);
});

test('users can import it', async () => {
  const { gradients, open, softplus, sum, tensor } = await import(
    pathToFileURL(join(copy, 'dist/index.js')).href
  );
  const device = await open('cpu');
  const [y, dy] = await device.run(() => {
    const x = tensor([0], [1]);
    const y = softplus(x);
    return [y, ...gradients(sum(y), [x])];
  });
  await device.close();
  assert.equal([...y, ...dy], [Math.fround(Math.LN2), 0.5]);
});

test('without its line for the tests it does not compile', () => {
  const cases = join(copy, 'test/ops/unary-cases.ts');
  writeFileSync(cases, readFileSync(cases, 'utf8').replace(/^ *softplus:.*\n/m, ''));
  const compiled = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'test', '--noEmit'],
    {
      cwd: copy,
      encoding: 'utf8',
    },
  );
  assert.is.not(compiled.status, 0);
  assert.match(compiled.stdout, /unary-cases\.ts.*'softplus' is missing/);
});

test.run();

/** Runs a command in the copy and returns what it prints. */
function run(program: string, args: readonly string[]): string {
  // npm is a script on Windows, which only a shell starts.
  const shell = process.platform === 'win32';
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: 'utf8', shell });
  assert.is(status, 0, stdout + stderr);
  return stdout;
}
