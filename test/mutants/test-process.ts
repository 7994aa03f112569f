/** Runs test files of a tree in one process, up to the first test that fails. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Why a process was ended that no longer said anything. */
export const HANGS = 'it hangs';

export interface Ended {
  /** Why it ended before all tests had passed; null when all passed. */
  readonly failure: string | null;
  /** The longest time between two messages of the process, in milliseconds. */
  readonly longestSilence: number;
}

/** What test/runner/messages.mjs says, as far as it matters here. */
interface Message {
  readonly type: 'file' | 'start' | 'end' | 'result' | 'done';
  readonly passed?: boolean | number;
  readonly problem?: string;
  readonly failed?: number;
  readonly problems?: readonly string[];
}

/**
 * @param tree folder with build/test and test/runner
 * @param tests names below build/test, without `.test.js`
 * @param silence milliseconds without a message after which the process is taken to hang
 */
export function runTests(
  tree: string,
  tests: readonly string[],
  silence: number,
  environment: NodeJS.ProcessEnv,
): Promise<Ended> {
  const files = tests.map((name) => join(tree, 'build/test', `${name}.test.js`));
  const child = spawn(process.execPath, [join(tree, 'test/runner/child.mjs'), '--exit', ...files], {
    cwd: tree,
    env: environment,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  let failure: string | null = 'the process ended early';
  let longestSilence = 0;
  let heard = performance.now();
  const end = (reason: string) => {
    failure = reason;
    child.kill('SIGKILL');
  };
  let timer = setTimeout(() => end(HANGS), silence);
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const message: Message = JSON.parse(line);
    longestSilence = Math.max(longestSilence, performance.now() - heard);
    heard = performance.now();
    clearTimeout(timer);
    timer = setTimeout(() => end(HANGS), silence);
    if (message.type === 'end' && message.passed === false) end(message.problem ?? 'a test failed');
    if (message.type === 'result' && message.failed! > 0)
      end(message.problems?.join('\n') ?? 'a test failed');
    if (message.type === 'done') failure = null;
  });
  return new Promise((resolve) => {
    child.on('close', () => {
      clearTimeout(timer);
      resolve({ failure, longestSilence });
    });
  });
}
