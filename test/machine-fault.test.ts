/** Faults of the machine are told from those of files, however they arrive. */
import { machineFault } from '#src/machine-fault';
import { AttuneError } from '#src/errors';
import { test } from 'uvu';
import * as assert from 'uvu/assert';

const withCode = (code: string, message = code) => Object.assign(new Error(message), { code });

test('too few handles, no memory and a broken disk are faults of the machine, with what to do', () => {
  const words: [string, RegExp][] = [
    ['EMFILE', /^this process may not open more files at once, EMFILE \(a\.png\): raise the limit/],
    ['ENFILE', /^all programs together have too many files open, ENFILE/],
    ['ENOMEM', /^the system has no memory left, ENOMEM/],
    ['EAGAIN', /^the system starts no more threads, EAGAIN/],
    ['EIO', /^the disk or the network drive reports a fault, EIO .*where it is this file alone, replace/],
  ];
  for (const [code, sentence] of words) {
    const fault = machineFault(withCode(code), 'a.png');
    assert.is(fault?.code, 'disk');
    assert.match(fault!.message, sentence);
  }
});

test('a cause counts, and what a thread that did not start says in words', () => {
  const known = new AttuneError({ code: 'internal', what: 'no module' }, { cause: withCode('EMFILE') });
  assert.match(machineFault(known)!.message, /EMFILE: raise/);
  const thread = withCode('ERR_WORKER_INIT_FAILED', 'Worker initialization failure: EAGAIN');
  assert.match(machineFault(thread)!.message, /EAGAIN/);
});

test('whatever else fails is none', () => {
  const others = [
    withCode('ENOENT'),
    withCode('EACCES'),
    withCode('toString'),
    new Error('EMFILE'),
    'EMFILE',
    null,
  ];
  for (const other of others) assert.is(machineFault(other), null);
});

test.run();
