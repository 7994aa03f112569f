/** A damaged state: the one before it is found, what is lost is told, and the run ends with the bytes of a whole one. */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finetune, resume } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { assertSameRuns, fullRun, interrupted, smallData } from '../finetune/full-support.js';
import { fails, listener, newPath } from '../finetune/support.js';

const data = smallData();
const LAST = 'state.safetensors';
const PREVIOUS = 'state.previous.safetensors';

interface Listed {
  readonly file?: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly epochs: number;
  readonly batches: number;
  readonly steps: number;
}
const listed = (run: string) =>
  (JSON.parse(readFileSync(join(run, 'manifest.json'), 'utf8')) as { states: Listed[] }).states;

/** Stopped after three batches: an epoch of two, and one more. */
let stopped: string | undefined;
async function stoppedRun(): Promise<string> {
  stopped ??= (await interrupted(3, fullRun(data))).run;
  const copy = newPath();
  cpSync(stopped, copy, { recursive: true });
  return copy;
}

function flipByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  // A file of its own: a hard link would be changed, too.
  rmSync(path);
  writeFileSync(path, bytes);
}

/** Goes on, and asserts what the run tells before. */
async function goesOn(run: string, note: RegExp, position: string): Promise<string> {
  const context = listener();
  await resume({ resume: run }, context);
  const notes = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
  assert.match(notes[0]!, note);
  assert.is(notes[1], `Going on after ${position}.`);
  return run;
}

test('the manifest lists the states that are there, by size and sum', async () => {
  const run = await stoppedRun();
  const states = listed(run);
  assert.equal(
    states.map(({ file, epochs, batches, steps }) => [file, epochs, batches, steps]),
    [
      [LAST, 1, 1, 3],
      [PREVIOUS, 1, 0, 2],
      [undefined, 0, 0, 0],
    ],
  );
  for (const { file, bytes, sha256 } of states.slice(0, 2)) {
    const content = readFileSync(join(run, file!));
    assert.is(content.length, bytes);
    assert.is(createHash('sha256').update(content).digest('hex'), sha256);
  }
});

test('the first save of a run that goes on lists the state that stands as the previous one until it has ended', async () => {
  const run = await stoppedRun();
  const [last, previous] = listed(run);
  let first: Listed[] | undefined;
  await resume(
    { resume: run },
    {
      onEvent(event) {
        if (event.type === 'progress' && event.task.startsWith('epoch')) first ??= listed(run);
      },
    },
  );
  assert.equal(
    first?.slice(1).map(({ sha256 }) => sha256),
    [last!.sha256, previous!.sha256],
  );
});

test('a damaged state costs the steps since the one before', async () => {
  const whole = await finetune(fullRun(data));
  const damages: [RegExp, (run: string) => void][] = [
    [/^Note: state\.safetensors has other bytes than were saved\./, (run) => flipByte(join(run, LAST))],
    [
      /^Note: state\.safetensors is cut short: it has 5000 of \d+ bytes\./,
      (run) => truncateSync(join(run, LAST), 5000),
    ],
    [/^Note: state\.safetensors is missing\./, (run) => rmSync(join(run, LAST))],
  ];
  for (const [words, damage] of damages) {
    const run = await stoppedRun();
    damage(run);
    const lost =
      / The run goes on from state\.previous\.safetensors, the state before it: 1 step after it is lost, and done again\.$/;
    await goesOn(run, new RegExp(words.source + lost.source), '1 of 2 epochs');
    await assertSameRuns(run, whole.run);
  }
});

test('what a crash between two steps of a save leaves is a state that the manifest lists', async () => {
  const whole = await finetune(fullRun(data));
  const states: [name: string, change: (run: string, next: string) => void][] = [
    [
      'before the new state is moved',
      (run, next) => writeFileSync(join(run, 'state.next.safetensors'), next),
    ],
    [
      'before that, when the last is kept',
      (run) => {
        rmSync(join(run, PREVIOUS));
        cpSync(join(run, LAST), join(run, PREVIOUS));
      },
    ],
  ];
  for (const [name, change] of states) {
    const run = await stoppedRun();
    change(run, 'half');
    const manifest = {
      states: [{ ...listed(run)[0], sha256: '0'.repeat(64), steps: 4 }, ...listed(run).slice(0, 2)],
    };
    writeFileSync(join(run, 'manifest.json'), JSON.stringify(manifest));
    const context = listener();
    await resume({ resume: run }, context);
    const [first] = context.events.flatMap((event) => (event.type === 'note' ? [event.text] : []));
    assert.is(first, 'Going on after 1 of 2 epochs and 1 batch.', name);
    assert.not.ok(existsSync(join(run, 'state.next.safetensors')));
    await assertSameRuns(run, whole.run);
  }
});

test('without a manifest the state is read, which is told; both damaged, a sentence says so', async () => {
  const bare = await stoppedRun();
  writeFileSync(join(bare, 'manifest.json'), '{"states":[');
  await goesOn(
    bare,
    /^Note: manifest\.json is missing or damaged, so that nothing tells/,
    '1 of 2 epochs and 1 batch',
  );

  const torn = await stoppedRun();
  rmSync(join(torn, 'manifest.json'));
  truncateSync(join(torn, LAST), 5000);
  await goesOn(
    torn,
    /^Note: state\.safetensors is damaged, .*: what was done since is lost\.$/,
    '1 of 2 epochs',
  );

  const lost = await stoppedRun();
  flipByte(join(lost, LAST));
  rmSync(join(lost, PREVIOUS));
  await fails(
    resume({ resume: lost }),
    'weights',
    /^no state of the run is whole: state\.safetensors has other bytes than were saved, and state\.previous\.safetensors is missing \(.*\): start the run anew/,
  );
});

test.run();
