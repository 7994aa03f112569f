/** Comments of the sources keep up with them: files that they name are there, and none stands where another belongs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { commentsOf, type SourceFile } from './imports/checker.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A file that a comment names; not what only ends like one, as `<kind>.ts` and `-register.wgsl`. */
const NAMED = /(?<![\w@$.*<>/-])(?:[\w.@-]+\/)*\w[\w.-]*\.(?:ts|wgsl|mjs)(?![\w-])/g;

/** Folders that the whole path of a file may begin in, besides that of the file whose comment it is. */
const TOPS = ['src', 'shaders', '.'];

const inFolders = (...folders: string[]) =>
  folders.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path.split(sep).join('/')}`,
    ),
  );
const sources: SourceFile[] = inFolders('src', 'shaders')
  .filter((path) => /\.(?:ts|wgsl|mjs)$/.test(path))
  .map((path) => ({ path, text: readFileSync(root + path, 'utf8') }));
const names = new Set(inFolders('src', 'shaders', 'test', 'bench').map((path) => posix.basename(path)));

test('every file that a comment names is there', () => {
  assert.equal(missingFiles(sources), []);
});

test('no two comments of documentation stand on one thing', () => {
  assert.equal(stackedComments(sources), []);
});

test('both are found', () => {
  const found = (text: string) => missingFiles([{ path: 'src/runs/run.ts', text }]);
  for (const name of ['run/run-state.ts', 'training/training-tensors.ts.', 'launched.ts', 'lib/none.wgsl']) {
    assert.is(found(`// A word (${name})`).length, 1, name);
    assert.is(found(`/**\n * ${name} has it.\n */`).length, 1, name);
  }
  const there =
    'run-state.ts, runs/run-state.ts, storage.ts, lib/grid.wgsl, src/index.ts, `<a>.ts`, -register.wgsl';
  assert.equal(found(`// ${there}`), []);
  assert.equal(found("const name = 'nothing/here.ts';"), []);

  const stacked = (text: string) => stackedComments([{ path: 'a.ts', text }]);
  assert.equal(stacked('/** The file. */\n\n/** A. */\nconst a = 1;\n/** B. */\nconst b = 2;'), []);
  assert.equal(stacked('const a = 1;\n\n/** One. */\n/** Another. */\nconst b = 2;'), ['a.ts:3']);
  assert.equal(stacked('/** The file. */\n/** A. */\nconst a = 1;'), ['a.ts:1']);
  assert.equal(stacked('const a = 1;\n/** One. */\n\n/** Another. */\nconst b = 2;'), ['a.ts:2']);
});
test.run();

function missingFiles(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    commentsOf(text).flatMap((comment) =>
      [...comment.text.matchAll(NAMED)]
        .filter(([name]) => !isThere(name, posix.dirname(path)))
        .map(([name]) => `${path}:${lineAt(text, comment.start)} names ${name}`),
    ),
  );
}

/** By its name alone a file may be anywhere. */
function isThere(name: string, folder: string): boolean {
  if (!name.includes('/')) return names.has(name);
  return [folder, ...TOPS].some((top) => existsSync(root + posix.join(top, name)));
}

/** Only the first may have another behind it, after an empty line: it is the file's. */
function stackedComments(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    commentsOf(text)
      .filter((comment) => {
        const end = comment.start + comment.text.length;
        const [gap] = /^\s*/.exec(text.slice(end)) as RegExpExecArray;
        const isDocumentation = comment.text.startsWith('/**') && text.startsWith('/**', end + gap.length);
        return isDocumentation && !(comment.start === 0 && gap.includes('\n\n'));
      })
      .map(({ start }) => `${path}:${lineAt(text, start)}`),
  );
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
