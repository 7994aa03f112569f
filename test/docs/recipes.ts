/** The recipes of src/README.md: sections whose patches are applied to a copy of the repository and tried there. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { blocksOf, commandsOf } from './markdown.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const COPIED = ['package.json', 'tsconfig.json', 'shaders', 'src', 'test', 'weights'];

/** The text of a section, and its patches. */
export interface Recipe {
  readonly text: string;
  readonly patches: readonly string[];
}

export function recipeOf(heading: string): Recipe {
  const readme = readFileSync(join(root, 'src/README.md'), 'utf8');
  const [, ...sections] = readme.split(/^## /m);
  const text = sections.find((section) => section.startsWith(`${heading}\n`));
  assert.ok(text, `there is a section ${heading}`);
  const patches = blocksOf(text).filter(({ language }) => language === 'diff');
  return { text, patches: patches.map((patch) => patch.text) };
}

/** Each file that the patches touch, with `new` or how many lines are added; none takes a line away. */
export function touchedBy({ patches }: Recipe): [path: string, added: number | 'new'][] {
  return patches.map((text) => {
    const added = text.match(/^\+(?!\+\+)/gm) ?? [];
    assert.is(text.match(/^-(?!--)/gm), null);
    const path = /^\+\+\+ b\/(.*)$/m.exec(text)?.[1] ?? '';
    return [path, text.includes('/dev/null') ? 'new' : added.length];
  });
}

/** A new folder with the repository, in which packages are those of the original. */
export function copyOfRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'attune-recipe-'));
  for (const path of COPIED) cpSync(join(root, path), join(copy, path), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'junction');
  return copy;
}

export function applyTo(copy: string, { patches }: Recipe): void {
  const patch = join(copy, 'recipe.patch');
  writeFileSync(patch, patches.join(''));
  runIn(copy, 'git', ['apply', patch]);
}

/** Applies the patches, runs the tests that the section names in its only command, asserts that they pass, and returns what they print. */
export function testsPass(copy: string, recipe: Recipe): string {
  applyTo(copy, recipe);
  const commands = commandsOf(recipe.text);
  assert.is(commands.length, 1);
  const [program, ...args] = commands[0]!.split(' ');
  const output = runIn(copy, program!, args);
  assert.match(output, /\n[1-9]\d* passed, 0 failed\n$/);
  return output;
}

/** Runs a command in the copy and returns what it prints. */
export function runIn(copy: string, program: string, args: readonly string[]): string {
  // npm is a script on Windows, which only a shell starts.
  const shell = process.platform === 'win32';
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: copy, encoding: 'utf8', shell });
  assert.is(status, 0, stdout + stderr);
  return stdout;
}

/** What the compiler says about the tests of the copy, which do not compile. */
export function complaintsOf(copy: string): string {
  const compiler = 'node_modules/typescript/lib/tsc.js';
  const compiled = spawnSync(process.execPath, [compiler, '-p', 'test', '--noEmit'], {
    cwd: copy,
    encoding: 'utf8',
  });
  assert.is.not(compiled.status, 0);
  return compiled.stdout;
}
