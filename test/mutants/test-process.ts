/** Runs test files of a tree in one process, up to the first test that fails or takes too long. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Stopwatch } from './stopwatch.js';
import type { Tree } from './tree.js';

/** Why a process was ended that no longer said anything. */
export const HANGS = 'it hangs';

export interface Ended {
  /** Why it ended before all tests had passed; null when all passed. */
  readonly failure: string | null;
  /** Seconds from each message of the process to its next one, as `Stopwatch` counts them. */
  readonly seconds: ReadonlyMap<string, number>;
}

/** What test/runner/messages.mjs says, as far as it matters here. */
interface Message {
  readonly type: 'file' | 'start' | 'end' | 'result' | 'done';
  readonly file?: string;
  readonly name?: string;
  readonly passed?: boolean | number;
  readonly problem?: string;
  readonly failed?: number;
  readonly problems?: readonly string[];
}

const CHECK_MS = 500;

/** What node's first message follows. */
const LAUNCH = 'launch';

/**
 * @param tests names below build/test, without `.test.js`
 * @param limit seconds, as `Stopwatch` counts them, that may follow a message; longer, and the process is ended
 *   because it hangs
 */
export function runTests(
  tree: Pick<Tree, 'path' | 'environment'>,
  tests: readonly string[],
  limit: (message: string) => number,
): Promise<Ended> {
  const files = tests.map((name) => join(tree.path, 'build/test', `${name}.test.js`));
  const child = spawn(process.execPath, [join(tree.path, 'test/runner/child.mjs'), '--exit', ...files], {
    cwd: tree.path,
    env: tree.environment,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const seconds = new Map<string, number>();
  let failure: string | null = 'the process ended early';
  let last = LAUNCH;
  const stopwatch = new Stopwatch(child.pid);
  const kill = () => child.kill('SIGKILL');
  // A mutant that hangs would run on after a runner that is stopped.
  process.on('exit', kill);
  const end = (reason: string) => {
    if (!child.killed) failure = reason;
    kill();
  };
  const watch = setInterval(() => {
    if (stopwatch.read() > limit(last)) end(HANGS);
  }, CHECK_MS);
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const message: Message = JSON.parse(line);
    seconds.set(last, stopwatch.read());
    stopwatch.restart();
    last = `${message.type} ${message.name ?? message.file ?? ''}`;
    if (message.type === 'end' && message.passed === false) end(message.problem ?? 'a test failed');
    if (message.type === 'result' && message.failed! > 0)
      end(message.problems?.join('\n') ?? 'a test failed');
    if (message.type === 'done' && !child.killed) failure = null;
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      clearInterval(watch);
      process.off('exit', kill);
      resolve({ failure, seconds });
    });
  });
}
