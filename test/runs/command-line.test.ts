/** How the program is called in the lines that a person is told to type: as a shell in that place finds it. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { ANYWHERE, commandLine, pathFromHere, programCall } from '#src/runs/command-line';
import { launcher } from '../cli/support.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'attune calls ')));
test.after(() => rmSync(folder, { recursive: true }));
const nothing = { PATH: join(folder, 'empty') };

test('in a checkout, and in a project that it is installed in, npx finds it', () => {
  assert.is(programCall(nothing, root), ANYWHERE);
  assert.is(programCall(nothing, join(root, 'src', 'cli')), ANYWHERE);
  // A project of its own, which takes nothing from the checkout around it.
  assert.match(programCall(nothing, join(root, 'bench')), /^node .*attune\.mjs'?$/);
  const project = join(folder, 'project', 'photos');
  mkdirSync(project, { recursive: true });
  assert.match(programCall(nothing, project), /^node /);
  mkdirSync(join(folder, 'project', 'node_modules'));
  symlinkSync(root, join(folder, 'project', 'node_modules', 'attune'), 'junction');
  assert.is(programCall(nothing, project), ANYWHERE);
});

test('installed for all folders it is called by its name; what npm puts on the path does not count', () => {
  if (process.platform === 'win32') return; // scripts in place of links
  const place = join(folder, 'bin');
  const ofNpm = join(folder, 'node_modules', '.bin');
  for (const path of [place, ofNpm]) {
    mkdirSync(path, { recursive: true });
    symlinkSync(launcher, join(path, 'attune'));
  }
  assert.is(programCall({ PATH: ['/nowhere', place].join(delimiter) }, folder), 'attune');
  assert.match(programCall({ PATH: ofNpm }, folder), /^node /);
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'attune'), '#!/bin/sh\n');
  assert.match(programCall({ PATH: other }, folder), /^node /, 'another program of this name');
});

test('words are quoted, and paths are never like flags', () => {
  assert.match(
    commandLine(['predict', 'my run', 'a.png'], ANYWHERE),
    /^npx attune predict ['"]my run['"] a\.png$/,
  );
  assert.is(pathFromHere(join(process.cwd(), 'runs', 'a')), join('runs', 'a'));
  assert.is(pathFromHere(join(process.cwd(), '-a.png')), './-a.png');
  assert.is(pathFromHere(process.cwd()), '.');
  assert.is(pathFromHere(folder), folder);
});

test('hints that name a command say it as it is called here', () => {
  const plain: string[] = [];
  for (const part of ['cli', 'finetune', 'report']) {
    for (const name of readdirSync(join(root, 'src', part), { recursive: true }) as string[]) {
      if (!name.endsWith('.ts')) continue;
      const text = readFileSync(join(root, 'src', part, name), 'utf8');
      // What it has printed or written is no command to type.
      for (const line of text.split('\n'))
        if (
          /\bhint\b.*[^.]\battune [a-z]/.test(line.replace(/that attune [a-z]+ (?:printed|has written)/, ''))
        )
          plain.push(`${name}: ${line.trim()}`);
    }
  }
  assert.equal(plain, []);
});

test.run();
