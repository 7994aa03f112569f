/** Runs the test runner on its fixtures: small files of which each goes wrong in its own way. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';

const runner = fileURLToPath(new URL('../../../test/run.mjs', import.meta.url));

export interface Run {
  readonly status: number | null;
  readonly output: string;
  readonly last: string | undefined;
}

/** Runs the fixtures whose names contain `filter`. */
export function runFixtures(
  filter: string,
  options: { flags?: string[]; environment?: Record<string, string> } = {},
): Run {
  const { flags = [], environment = {} } = options;
  const child = spawnSync(process.execPath, [runner, '--from', 'test/runner/fixtures', ...flags, filter], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return { status: child.status, output: child.stdout, last: child.stdout.trim().split('\n').at(-1) };
}

/** Asserts the last line, the exit code that belongs to it, and that the output has the sentence. */
export function expectRun(actual: Run, last: string, sentence: string): void {
  assert.is(actual.last, last, actual.output);
  assert.is(actual.status, last.includes(' 0 failed') ? 0 : 1, actual.output);
  assert.ok(actual.output.includes(sentence), `"${sentence}" is not in:\n${actual.output}`);
}
