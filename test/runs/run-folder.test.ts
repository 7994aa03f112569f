/** The folder of a run: its name, and that nothing in it is ever overwritten. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  assertRunFolderCanBeMade,
  createRunFolder,
  duplicate,
  runName,
  writeJson,
} from '#src/runs/run-folder';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, newFolder, writeFiles } from '../finetune/support.js';

test('the name is local time and model', () => {
  assert.is(runName('resnet50', new Date(2026, 10, 24, 15, 30, 12)), '2026-11-24_153012_resnet50');
  assert.is(runName('resnet18', new Date(2027, 0, 2, 3, 4, 5)), '2027-01-02_030405_resnet18');
});

test('two runs in one second get two folders', async () => {
  const before = process.cwd();
  process.chdir(newFolder());
  try {
    const names = [];
    for (let i = 0; i < 3; i++) names.push(basename(await createRunFolder(undefined, 'now')));
    assert.equal(names, ['now', 'now-2', 'now-3']);
    assert.equal(readdirSync('runs').sort(), names);
  } finally {
    process.chdir(before);
  }
});

test('a named folder is made with those above it, and must be empty', async () => {
  const out = join(newFolder(), 'deep', 'run');
  assert.is(await createRunFolder(out, 'unused'), out);
  assert.is(await createRunFolder(out, 'unused'), out);
  writeFiles(out, { 'recipe.json': '{}' });
  await fails(createRunFolder(out, 'unused'), 'input', /not empty.*give another --out/);
});

test('a place that cannot be written to is named', async () => {
  const folder = newFolder();
  writeFiles(folder, { file: '' });
  await fails(
    createRunFolder(join(folder, 'file', 'run'), 'unused'),
    'input',
    /a file has this name|ENOTDIR/,
  );
  const locked = join(folder, 'locked');
  mkdirSync(locked);
  chmodSync(locked, 0o500);
  // The superuser may write anywhere.
  if (process.getuid?.() === 0) return;
  await fails(createRunFolder(join(locked, 'run'), 'unused'), 'disk', /EACCES/);
});

test('it is known beforehand whether a run folder can be made, and nothing is made', async () => {
  const folder = newFolder();
  writeFiles(folder, { file: '', 'taken/recipe.json': '{}' });
  await assertRunFolderCanBeMade(join(folder, 'deep', 'run'));
  assert.equal(readdirSync(folder).sort(), ['file', 'taken']);
  // Where the superuser may write and nothing can be made.
  if (process.platform === 'linux')
    await fails(assertRunFolderCanBeMade('/proc/deep/run'), 'disk', /cannot be written: (EPERM|EACCES)/);
  await fails(assertRunFolderCanBeMade(join(folder, 'taken')), 'input', /not empty.*give another --out/);
  for (const out of ['file', 'file/run', 'file/deep/run']) {
    await fails(assertRunFolderCanBeMade(join(folder, out)), 'input', /a file has this name already/);
  }
  const before = process.cwd();
  process.chdir(folder);
  try {
    await assertRunFolderCanBeMade(undefined);
    writeFiles(folder, { runs: '' });
    await fails(assertRunFolderCanBeMade(undefined), 'input', /a file has this name already \(.*runs\)/);
  } finally {
    process.chdir(before);
  }
});

test('it is known beforehand that a folder may not be written to', () => {
  // The superuser may write anywhere, so another process asks that is not the superuser.
  if (process.platform === 'win32') return;
  const folder = newFolder();
  chmodSync(folder, 0o555);
  const script = `
    const { assertRunFolderCanBeMade } = await import(${JSON.stringify(import.meta.resolve('#src/runs/run-folder'))});
    if (process.getuid() === 0) process.setuid(65534);
    await assertRunFolderCanBeMade(${JSON.stringify(join(folder, 'run'))}).catch(({ code, what }) => console.log(code, what));`;
  const words = ['--input-type=module', '--eval', script];
  // Through io_uring, early Nodes 20 use the rights that were given up.
  const env = { ...process.env, UV_USE_IO_URING: '0' };
  const told = execFileSync(process.execPath, words, { encoding: 'utf8', env });
  assert.is(told, 'disk the run folder cannot be written: EACCES\n');
});

test('JSON is indented and ends with a line break; a second name is the same content', async () => {
  const folder = newFolder();
  await writeJson(folder, 'recipe.json', { seed: 1 });
  assert.is(readFileSync(join(folder, 'recipe.json'), 'utf8'), '{\n  "seed": 1\n}\n');
  await duplicate(folder, 'recipe.json', 'copy.json');
  assert.equal(readFileSync(join(folder, 'copy.json')), readFileSync(join(folder, 'recipe.json')));
  await writeJson(folder, 'recipe.json', { seed: 2 });
  assert.match(
    readFileSync(join(folder, 'copy.json'), 'utf8'),
    /"seed": 1/,
    'the copy follows the first name',
  );
  assert.equal(readdirSync(folder).sort(), ['copy.json', 'recipe.json'], 'something was left behind');
  assert.ok(statSync(join(folder, 'recipe.json')).isFile());
});

test.run();
