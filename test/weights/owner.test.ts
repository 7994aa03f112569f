/** Whether the process of a lock has ended, with injected facts; run-lock.test.ts has real zombies and namespaces. */
import { judgeOwner, ownerHere, type ProcessFacts, type ProcessSources } from '#src/weights/owner';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const HERE = 'boot a, pid:[1]';

/** Process 5 is this one, 7 another that began at tick 40. */
const machine = (seven: ProcessFacts | null): ProcessSources => ({
  pid: 5,
  host: 'box',
  numbers: HERE,
  look: (pid) => (pid === 7 ? seven : pid === 5 ? { state: 'R', start: '50' } : null),
});
const owner = { pid: 7, host: 'box', numbers: HERE, start: '40' };
const judged = (seven: ProcessFacts | null, more: Partial<typeof owner> | { readonly numbers: null } = {}) =>
  judgeOwner({ ...owner, ...more }, machine(seven));

test('by number, state and start, where both see the same numbers', () => {
  assert.is(judged(null), 'ended');
  assert.is(judged({ state: 'S', start: '40' }), 'lives');
  assert.is(judged({ state: 'T', start: '40' }), 'lives', 'stopped, as by a debugger');
  assert.is(judged({ state: 'Z', start: '40' }), 'ended');
  assert.is(judged({ state: 'X', start: '40' }), 'ended');
  assert.is(judged({ state: 'S', start: '41' }), 'ended', 'another process has the number now');
  assert.is(judged({ state: null, start: null }), 'unknown', 'a system that does not tell');
});

test('another boot, namespace or host cannot be judged', () => {
  for (const numbers of ['boot b, pid:[1]', 'boot a, pid:[2]', 'host box', null]) {
    assert.is(judged(null, { numbers } as { readonly numbers: null }), 'unknown');
    assert.is(judged({ state: 'S', start: '40' }, { numbers } as { readonly numbers: null }), 'unknown');
  }
});

test('a mark of this process is its own', () => {
  const sources = machine(null);
  assert.is(judgeOwner(ownerHere(sources), sources), 'self');
  assert.is(judgeOwner({ ...ownerHere(sources), start: '49' }, sources), 'ended', 'of one before it');
  assert.is(judgeOwner(ownerHere()), 'self');
});

test.run();
