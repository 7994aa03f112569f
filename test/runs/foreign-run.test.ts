/**
 * A run folder from a stranger: what stands in it for a file of the user's, or waits for ever, is refused before anything is
 * opened. The folders here have only the names of a run; resume-refused.slow.test.ts has one with a real state.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { resume, resumeFolds } from '#src/finetune/index';
import { LOCK_FILE, REPORT_FILES, RUN_FILES } from '#src/runs/run-folder';
import { cutFile } from '#src/formats/index';
import { report } from '#src/report/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, newFolder, writeFiles } from '../finetune/support.js';

// Windows gives links only to administrators, and has no pipes in folders.
const isWindows = process.platform === 'win32';

const EVENTS = 'events.out.tfevents.1700000000.box';
const NAMES = [
  ...Object.values(RUN_FILES),
  ...Object.values(REPORT_FILES),
  EVENTS,
  LOCK_FILE,
  `${LOCK_FILE}.0123456789ab.tmp`,
];

/** A folder with the files of a run, of which one is left out. */
function runWithout(missing: string): string {
  const run = newFolder();
  writeFiles(run, Object.fromEntries(NAMES.filter((name) => name !== missing).map((name) => [name, name])));
  return run;
}

/** A file of the user's. */
function mine(): string {
  const path = join(newFolder(), 'mine');
  writeFileSync(path, "the user's own");
  return path;
}

test('a link in the place of any file of a run is refused, and what it names stays as it is', async () => {
  if (isWindows) return;
  for (const name of NAMES) {
    const run = runWithout(name);
    const file = mine();
    symlinkSync(file, join(run, name));
    const error = await fails(
      resume({ resume: run }),
      'input',
      /^this is a symbolic link, where a run has a file of its own/,
    );
    assert.is(error.where, join(run, name));
    assert.is(readFileSync(file, 'utf8'), "the user's own");
    for (const other of NAMES.filter((other) => other !== name))
      assert.is(readFileSync(join(run, other), 'utf8'), other);
  }
});

test('a named pipe in the place of any file of a run is refused at once', async () => {
  if (isWindows) return;
  for (const name of NAMES) {
    const run = runWithout(name);
    execFileSync('mkfifo', [join(run, name)]);
    await fails(resume({ resume: run }), 'input', /^this is a named pipe, where a run has a file of its own/);
  }
});

test('whoever only reads a run does not wait for a pipe, either', async () => {
  if (isWindows) return;
  const run = runWithout(RUN_FILES.recipe);
  execFileSync('mkfifo', [join(run, RUN_FILES.recipe)]);
  const words = /^this is a named pipe, where attune opens regular files only/;
  await fails(report({ run, evaluate: false }), 'input', words);
  const folds = newFolder();
  execFileSync('mkfifo', [join(folds, 'folds.json')]);
  await fails(report({ run: folds }), 'input', words);
  await fails(resumeFolds({ resume: folds }), 'input', /^this is a named pipe, where a run has a file/);
});

test('a fold that is a link to another folder is refused', async () => {
  if (isWindows) return;
  const folds = newFolder();
  writeFiles(folds, { 'folds.json': '{}', 'fold-1/kept': '' });
  const other = newFolder();
  writeFiles(other, { kept: '' });
  symlinkSync(other, join(folds, 'fold-2'));
  await fails(
    resumeFolds({ resume: folds }),
    'input',
    /^this is a symbolic link, where a run has a folder of its own/,
  );
  assert.equal(readdirSync(other), ['kept']);
});

test('an event file is cut where it is, and through no link', async () => {
  if (isWindows) return;
  const file = mine();
  const path = join(newFolder(), EVENTS);
  symlinkSync(file, path);
  await fails(cutFile(path, 0), 'input', /^this is a symbolic link, where attune opens regular files only/);
  assert.is(readFileSync(file, 'utf8'), "the user's own");
});

test.run();
