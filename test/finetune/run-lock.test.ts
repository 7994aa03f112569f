/** One process at a time works on a run; what a killed one leaves behind counts nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { LOCK_FILE, withRunLock } from '#src/finetune/run/run-lock';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, newFolder } from './support.js';

const done = async () => 'done';

test('a run is taken while work is done on it, also where that fails, and free afterwards', async () => {
  const folder = newFolder();
  await withRunLock(folder, async () => {
    assert.ok(existsSync(join(folder, LOCK_FILE)));
    await fails(withRunLock(folder, done), 'input', /this process is working on this run/);
  });
  const failing = async () => {
    throw new AttuneError({ code: 'data', what: 'the work failed' });
  };
  await fails(withRunLock(folder, failing), 'data', /the work failed/);
  assert.not.ok(existsSync(join(folder, LOCK_FILE)));
  assert.is(await withRunLock(folder, done), 'done');
});

test('the mark of another living process is respected, that of a dead one is not', async () => {
  const folder = newFolder();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(other, 'spawn');
  const write = (mark: unknown) => writeFileSync(join(folder, LOCK_FILE), JSON.stringify(mark));
  write({ pid: other.pid, host: hostname() });
  await fails(withRunLock(folder, done), 'input', new RegExp(`process ${other.pid} is working on this run`));
  other.kill('SIGKILL');
  await once(other, 'exit');
  assert.is(await withRunLock(folder, done), 'done');
  assert.not.ok(existsSync(join(folder, LOCK_FILE)));

  write({ pid: 1, host: 'elsewhere' });
  await fails(withRunLock(folder, done), 'input', /process 1 on elsewhere/);
});

test('a mark that says nothing is that of a process killed while it wrote it', async () => {
  for (const text of ['', '{"pid":', '{"pid":-1,"host":"x"}', '[]']) {
    const folder = newFolder();
    writeFileSync(join(folder, LOCK_FILE), text);
    assert.is(await withRunLock(folder, done), 'done');
  }
});

test('a folder that is gone is said to be so', async () => {
  await fails(withRunLock(join(newFolder(), 'gone'), done), 'disk', /cannot be written: ENOENT/);
});

test.run();
