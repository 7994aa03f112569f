/** Processes that find the mark of a dead one at the same moment: one takes the run, the others are refused. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownerHere } from '#src/weights/owner';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { newFolder } from '../finetune/support.js';

const PROCESSES = 4;
const ROUNDS = 150;

/** Takes the run of each folder that it is told, and says so; gives it back when it is told to. */
const SCRIPT = `
  const { withRunLock } = await import(${JSON.stringify(import.meta.resolve('#src/runs/run-lock'))});
  let giveBack;
  process.on('message', (folder) => {
    if (folder === '') return giveBack?.();
    const work = () => new Promise((resolve) => { giveBack = resolve; process.send('taken'); });
    withRunLock(folder, work).then(() => process.send('free'), ({ what }) => process.send(what));
  });
  process.send('ready');`;

const answer = async (child: ChildProcess) => ((await once(child, 'message')) as [string])[0];

test(`${PROCESSES} processes, ${ROUNDS} dead marks: each is taken over once`, async () => {
  const dead = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
  await once(dead, 'exit');
  const children = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, ['--input-type=module', '--eval', SCRIPT], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    }),
  );
  await Promise.all(children.map(answer));
  const mark = JSON.stringify({ ...ownerHere(), pid: dead.pid });
  for (let round = 0; round < ROUNDS; round++) {
    const folder = newFolder();
    writeFileSync(join(folder, '.running'), mark);
    // What other processes left behind when they were killed.
    writeFileSync(join(folder, '.running.0123456789ab.tmp'), mark);
    writeFileSync(join(folder, '.state.safetensors.0123456789ab.tmp'), 'half');
    writeFileSync(join(folder, '.mine.tmp'), "the user's own");
    const answers = children.map(answer);
    for (const child of children) child.send(folder);
    const told = await Promise.all(answers);
    const winners = children.filter((_, i) => told[i] === 'taken');
    assert.is(winners.length, 1, `${told}`);
    for (const text of told) assert.match(text, /^taken$|^process \d+ is working on this run$/);
    assert.equal(readdirSync(folder).sort(), ['.mine.tmp', '.running']);
    const free = answer(winners[0]!);
    winners[0]!.send('');
    assert.is(await free, 'free');
    assert.equal(readdirSync(folder), ['.mine.tmp']);
  }
  for (const child of children) child.kill();
});

test.run();
