/**
 * What a test process tells the runner: one JSON object per line on file descriptor 3.
 *
 * The writes are synchronous, so that everything said before a crash has arrived. A descriptor of
 * its own leaves standard output and node's message channel to the tests.
 *
 *   { type: 'file', file }                       this file is about to be imported
 *   { type: 'start', name }                      this test is about to run
 *   { type: 'end', name, passed, problem }       and has run; `problem` says how it failed
 *   { type: 'result', file, passed, failed, skipped, problems }    the file is finished
 *   { type: 'done' }                             every file is finished
 */
import { writeSync } from 'node:fs';

/** The descriptor that the runner opens as a pipe in every test process. */
export const REPORT_DESCRIPTOR = 3;

/** Sends one message to the runner; returns when it is written. */
export function send(message) {
  writeSync(REPORT_DESCRIPTOR, `${JSON.stringify(message)}\n`);
}

/** Returns a function that takes text in pieces and calls `receive` once for each whole message in it. */
export function messageReader(receive) {
  let pending = '';
  return (text) => {
    const lines = (pending + text).split('\n');
    pending = lines.pop();
    for (const line of lines) receive(JSON.parse(line));
  };
}
