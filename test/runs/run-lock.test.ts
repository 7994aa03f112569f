/** One process at a time works on a run; what a killed one leaves behind counts nothing. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AttuneError } from '#src/errors';
import { LOCK_FILE } from '#src/runs/run-folder';
import { assertRunLock, LOCK_TIMES, withRunLock } from '#src/runs/run-lock';
import { ownerHere } from '#src/weights/owner';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fails, newFolder } from '../finetune/support.js';

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

/** Writes a mark that was touched some seconds ago. */
function writeMark(folder: string, mark: unknown, secondsAgo = 0): void {
  const path = join(folder, LOCK_FILE);
  writeFileSync(path, JSON.stringify(mark));
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(path, then, then);
}

/** When a process began, as the system counts; null where it does not tell. */
function startOf(pid: number): string | null {
  if (process.platform !== 'linux') return null;
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]!;
}

test('the mark of another living process is respected, that of a dead one is not', async () => {
  const folder = newFolder();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(other, 'spawn');
  const pid = other.pid!;
  const mark = { ...ownerHere(), pid, start: startOf(pid) };
  // A process that stands still, as under a debugger, lives all the same.
  writeMark(folder, mark, mark.start === null ? 0 : 3600);
  await fails(withRunLock(folder, done), 'input', new RegExp(`^process ${pid} .*is working on this run`));
  if (mark.start !== null) {
    writeMark(folder, { ...mark, start: '1' });
    assert.is(await withRunLock(folder, done), 'done', 'another process has its number now');
  }
  writeMark(folder, mark);
  other.kill('SIGKILL');
  await once(other, 'exit');
  assert.is(await withRunLock(folder, done), 'done');
  assert.not.ok(existsSync(join(folder, LOCK_FILE)));
});

test('a process that cannot be judged from here is known by the beats of its mark', async () => {
  const folder = newFolder();
  const elsewhere = [
    { pid: 1, host: 'elsewhere', numbers: 'host elsewhere', start: null },
    { ...ownerHere(), pid: process.pid, numbers: 'boot 0, pid:[1]' },
    { pid: 1, host: hostname() },
  ];
  for (const mark of elsewhere) {
    writeMark(folder, mark, 50);
    await fails(
      withRunLock(folder, done),
      'input',
      new RegExp(
        `^process ${mark.pid} on ${mark.host}, which cannot be seen from here, is working on this run`,
      ),
    );
    writeMark(folder, mark, 70);
    assert.is(await withRunLock(folder, done), 'done');
  }
});

test('a zombie has ended', async () => {
  if (process.platform !== 'linux') return;
  const folder = newFolder();
  // The shell becomes a program that never asks for the child that it has.
  const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(parent.stdout!, 'data')) as [Buffer];
    const pid = Number(String(line));
    const mark = { ...ownerHere(), pid, start: startOf(pid) };
    const stateOf = () => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]![0];
    while (stateOf() !== 'Z') await sleep(20);
    process.kill(pid, 0); // does not throw: by its number alone it lives
    writeMark(folder, mark);
    assert.is(await withRunLock(folder, done), 'done');
  } finally {
    parent.kill('SIGKILL');
  }
});

/** Takes the run of a folder in a PID namespace of its own, where its number is another one, until it is ended. */
const SCRIPT = `
  const { withRunLock } = await import(${JSON.stringify(import.meta.resolve('#src/runs/run-lock'))});
  const work = () => new Promise(() => { setInterval(() => {}, 1000); console.log('taken'); });
  withRunLock(process.argv[1], work).catch(({ what }) => console.log(what));`;

test('two PID namespaces of one host: the second is refused', async () => {
  const apart = ['--map-root-user', '--pid', '--fork', '--mount-proc', '--kill-child'];
  // Not every machine lets its users make namespaces; the facts of one are injected above.
  if (process.platform !== 'linux' || spawnSync('unshare', [...apart, 'true']).status !== 0) return;
  const folder = newFolder();
  const node = [process.execPath, '--input-type=module', '--eval', SCRIPT, folder];
  const first = spawn('unshare', [...apart, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    assert.is(String((await once(first.stdout!, 'data'))[0]), 'taken\n');
    await fails(
      withRunLock(folder, done),
      'input',
      /^process \d+ on .*, which cannot be seen from here, is working/,
    );
    const second = spawn('unshare', [...apart, ...node], { stdio: ['ignore', 'pipe', 'inherit'] });
    assert.match(
      String((await once(second.stdout!, 'data'))[0]),
      /which cannot be seen from here, is working/,
    );
    second.kill('SIGKILL');
  } finally {
    first.kill('SIGKILL');
  }
});

test('a mark is written again while work is done, and who lost it does not save', async () => {
  const folder = newFolder();
  const path = join(folder, LOCK_FILE);
  const before = { ...LOCK_TIMES };
  LOCK_TIMES.beatMs = 10;
  try {
    await withRunLock(folder, async () => {
      utimesSync(path, 1, 1);
      while (statSync(path).mtimeMs < 2000) await sleep(10);
      await assertRunLock(folder);
      const another = JSON.stringify({ pid: 1, host: 'elsewhere' });
      writeFileSync(`${path}.new`, another);
      renameSync(`${path}.new`, path);
      await sleep(30);
      await fails(assertRunLock(folder), 'input', /^another process has taken this run over/);
    });
    assert.match(readFileSync(path, 'utf8'), /elsewhere/, 'the mark of the other stays');
  } finally {
    Object.assign(LOCK_TIMES, before);
  }
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
