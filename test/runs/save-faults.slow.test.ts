/** A save that fails at any of its calls, in any way, leaves the state before it or the new one, whole. */
import '../finetune/faulty-files.js';
import { cpSync, existsSync, linkSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AttuneError } from '#src/errors';
import { finetune, resume } from '#src/finetune/index';
import { openSavedState, SavedStates } from '#src/runs/saved-states';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type Call, type FaultKind, withFault } from '../finetune/faulty-files.js';
import { assertSameRuns, fullRun, smallData } from '../finetune/full-support.js';
import { fails, newPath } from '../finetune/support.js';

const data = smallData();
/** Without moments, so that a state is small. */
const TINY = { momentum: 0 };
const KINDS: readonly FaultKind[] = ['once', 'full', 'dead'];

/** Runs, and does something in place of the save after so many others, with a way to save as often as is liked. */
async function insteadOfSave(
  saves: number,
  work: (folder: string, save: () => Promise<void>) => Promise<void>,
): Promise<string> {
  const { save } = SavedStates.prototype;
  const options = fullRun(data, TINY);
  let done = 0;
  SavedStates.prototype.save = async function (...args) {
    // Each time as if it were the first: what the object knows is not changed.
    const again = () => save.apply(Object.assign(Object.create(SavedStates.prototype), this), args);
    if (done++ === saves) await work(options.out!, again);
    await save.apply(this, args);
  };
  try {
    return (await finetune(options)).run;
  } finally {
    SavedStates.prototype.save = save;
  }
}

/** A save replaces files and never changes one: names are enough. */
function putBack(folder: string, copy: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { force: true });
  for (const name of readdirSync(copy)) linkSync(join(copy, name), join(folder, name));
}

test('each call of a save fails once, for want of space, or is the last: one of the two states is there, undamaged', async () => {
  const counts: Record<string, number> = {};
  const whole = await finetune(fullRun(data, TINY));
  const run = await insteadOfSave(2, async (folder, save) => {
    const before = newPath();
    cpSync(folder, before, { recursive: true });
    const [old, older] = ['state', 'state.previous'].map((name) =>
      readFileSync(join(folder, `${name}.safetensors`)),
    ) as [Buffer, Buffer];
    await save();
    const next = readFileSync(join(folder, 'state.safetensors'));
    assert.not.ok(old.equals(next));
    for (const kind of KINDS) {
      const positions = { old: 0, next: 0 };
      for (let k = 1; ; k++) {
        putBack(folder, before);
        const { fired, calls, error } = await withFault(folder, { k, kind }, save);
        if (fired === 0) {
          counts[kind] = k - 1;
          assert.is(calls.length, k - 1);
          break;
        }
        const what = `${kind} at call ${k}, ${calls[k - 1]}`;
        if (error !== null) assert.instance(error, AttuneError, `${what}: ${error}`);
        if (error !== null) assert.is((error as AttuneError).code, 'disk', what);
        const { stored, isPrevious, damage } = await openSavedState(folder);
        await stored.file.close();
        assert.equal([isPrevious, damage], [false, null], what);
        const state = readFileSync(join(folder, 'state.safetensors'));
        assert.ok(state.equals(old) || state.equals(next), what);
        positions[state.equals(old) ? 'old' : 'next']++;
        if (error === null) assert.ok(state.equals(next), `${what}: a save that has failed says nothing`);
        const previous = readFileSync(join(folder, 'state.previous.safetensors'));
        assert.ok(previous.equals(old) || previous.equals(older), what);
      }
      assert.ok(positions.old > 0 && positions.next > 0, JSON.stringify(positions));
    }
    putBack(folder, before);
  });
  await assertSameRuns(run, whole.run);
  console.log(`# calls of a save: ${JSON.stringify(counts)}`);
});

test('what is renamed is on the disk before, and the rename before the next one', async () => {
  let calls: readonly Call[] = [];
  await insteadOfSave(2, async (folder, save) => {
    ({ calls } = await withFault(folder, { k: 0, kind: 'once' }, save));
  });
  const renames = calls.flatMap(([what], i) => (what === 'rename' ? [i] : []));
  assert.equal(
    renames.map((i) => calls[i]![1]),
    ['state.next.safetensors', 'manifest.json', 'state.previous.safetensors', 'state.safetensors'],
  );
  const isFlush = ([what, name]: Call) => what === 'sync' && name === '.';
  for (const [i, at] of renames.entries()) {
    const after = calls.slice(at, renames[i + 1]);
    assert.ok(after.some(isFlush), `rename ${i} is not flushed`);
  }
  const written = calls.findLastIndex(([what]) => what === 'write');
  assert.ok(written < renames[1]!, 'something is written after the manifest came to its place');
  for (const end of renames.slice(0, 2)) {
    const lastWrite = calls.findLastIndex(([what], i) => what === 'write' && i < end);
    const lastSync = calls.findLastIndex(([what, name], i) => what === 'sync' && name !== '.' && i < end);
    assert.ok(lastSync > lastWrite, 'a file is renamed before it is on the disk');
  }
});

/** How many of the different calls of a run fail, each in a run of its own; there are about 60. */
const FAULTS = Number(process.env.ATTUNE_FAULTS ?? 10);

test(`${FAULTS} runs whose disk fails at different calls end with a sentence, and go on to the bytes of an undisturbed one`, async () => {
  const expected = await finetune(fullRun(data));
  const out = newPath();
  const { calls } = await withFault(out, { k: 0, kind: 'once' }, () => finetune(fullRun(data, { out })));
  // Of calls that do the same to files of the same name the first and the last.
  const nameOf = ([what, name]: Call) => `${what} ${name.replace(/[0-9a-f]{12}|[0-9]{6,}/g, '')}`;
  const names = calls.map(nameOf);
  const distinct = calls.flatMap((_, i) =>
    names.indexOf(names[i]!) === i || names.lastIndexOf(names[i]!) === i ? [i + 1] : [],
  );
  const count = Math.min(FAULTS, distinct.length);
  const told = { ended: 0, anew: 0, resumed: 0 };
  for (let i = 0; i < count; i++) {
    const run = newPath();
    const k = distinct[Math.floor(((i + 0.5) * distinct.length) / count)]!;
    const [kind, code] = [KINDS[i % 3]!, ['EIO', 'EROFS', 'EACCES', 'ENOENT'][i % 4]!];
    const fault = { k, kind, ...(kind === 'once' && { code }) };
    const { error } = await withFault(run, fault, () => finetune(fullRun(data, { out: run })));
    const what = `${kind} at call ${k} of ${calls.length}, ${names[k - 1]}`;
    if (error === null) told.ended++;
    else if (!(error instanceof AttuneError) || error.code !== 'disk')
      assert.unreachable(`${what}: ${error}`);
    else if (existsSync(join(run, 'state.safetensors'))) {
      told.resumed++;
      // With the last state written, only the end of its work is lost.
      await resume({ resume: run }).catch((again: Error) =>
        assert.match(again.message, /nothing is left to do/, what),
      );
    } else {
      told.anew++;
      rmSync(run, { recursive: true, force: true });
      await finetune(fullRun(data, { out: run }));
    }
    rmSync(join(run, '.running'), { force: true });
    await assertSameRuns(run, expected.run).catch((different: Error) =>
      assert.unreachable(`${what}: ${different.message}`),
    );
  }
  console.log(`# of ${count} of ${distinct.length} different calls: ${JSON.stringify(told)}`);
});

test('the sentences of a full disk and of one that is read-only', async () => {
  const cases = [
    ['ENOSPC', /^the disk is full \(.*\): free some space/],
    ['EROFS', /^the disk is read-only \(.*\): write elsewhere/],
    ['EACCES', /^the file may not be written here \(.*\): change the permissions/],
  ] as const;
  for (const [code, words] of cases) {
    const run = newPath();
    const options = fullRun(data, { out: run });
    // From some write of the first state on.
    const { error } = await withFault(run, { k: 40, kind: 'full', code }, () => finetune(options));
    await fails(Promise.reject(error), 'disk', words);
  }
});

test.run();
