/**
 * Runs test files in a child process under a time limit, and says of each how it ended.
 *
 * A process that dies takes only the file it was in with it: the files after that one get a new
 * process, so one crash does not hide the rest.
 */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { messageReader, REPORT_DESCRIPTOR } from './messages.mjs';

const CHILD = fileURLToPath(new URL('./child.mjs', import.meta.url));

/**
 * A process may take this many seconds to end after its last test; longer means it left something open. Most take none, but
 * a driver that ends its threads on a machine that is busy with others was seen to need more than 5.
 */
const GRACE = 60;

/** Of what a process prints, this many last characters are kept. */
const OUTPUT_LIMIT = 200_000;

const running = new Set();

/** Kills every test process, with the processes that it started. */
export function killAll() {
  for (const child of running) kill(child);
}

/**
 * Runs `files` in one process, or in several if that one dies.
 *
 * @param job.files compiled test files, in order
 * @param job.limit seconds that each file may take
 * @param job.environment the environment of the process
 * @param job.shared whether the files share a device, which then nobody closes
 * @param job.skip whether their tests are only counted, as skipped
 * @returns one entry per process, with all that it printed and a result for each file it got to:
 *   { output, results: [{ file, passed, failed, skipped, problems, seconds }] }
 */
export async function runJob(job) {
  const processes = [];
  let files = job.files;
  while (files.length > 0) {
    const ended = await runProcess({ ...job, files });
    processes.push(ended);
    files = files.slice(ended.results.length);
  }
  return processes;
}

/** One process; resolves with results for at least one of the files. */
function runProcess({ files, limit, environment, shared, skip }) {
  return new Promise((resolve) => {
    const flags = [...(shared ? ['--exit'] : []), ...(skip ? ['--skip'] : [])];
    const child = spawn(process.execPath, [CHILD, ...flags, ...files], {
      env: environment,
      // A process group of its own, so that what a test started can be ended with it.
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    running.add(child);

    const results = [];
    let current = begin();
    let done = false;
    let timedOut = false;
    const grace = Math.min(GRACE, limit);
    let timer = startTimer(limit);
    let output = '';

    const receivers = {
      file: () => {
        current = begin();
        restartTimer(limit);
      },
      start: ({ name }) => {
        current.test = name;
      },
      end: ({ passed }) => {
        current.test = undefined;
        current[passed ? 'passed' : 'failed']++;
      },
      result: (outcome) => {
        finish(outcome);
        current = begin();
      },
      done: () => {
        done = true;
        restartTimer(grace);
      },
    };
    const read = messageReader((message) => receivers[message.type](message));
    child.stdio[REPORT_DESCRIPTOR].setEncoding('utf8').on('data', read);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-OUTPUT_LIMIT);
      });
    }
    // What a test left running may hold the pipes open, and `close` waits for them.
    child.on('exit', () => kill(child));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      running.delete(child);
      if (results.length < files.length) {
        const { passed, failed } = current;
        finish({ passed, failed: failed + 1, skipped: 0, problems: [howItDied(code, signal)] });
      } else if (!done || timedOut || code !== 0) {
        const last = results.at(-1);
        last.failed++;
        last.problems.push(howItLeft(code, signal));
      }
      resolve({ results, output });
    });

    function startTimer(seconds) {
      return setTimeout(() => {
        timedOut = true;
        kill(child);
      }, seconds * 1000);
    }

    function restartTimer(seconds) {
      clearTimeout(timer);
      timer = startTimer(seconds);
    }

    /** The file after the finished ones; `passed` and `failed` count should it never report. */
    function begin() {
      return { started: performance.now(), passed: 0, failed: 0, test: undefined };
    }

    function finish({ passed, failed, skipped, problems }) {
      const seconds = (performance.now() - current.started) / 1000;
      results.push({ file: files[results.length], passed, failed, skipped, problems, seconds });
    }

    function howItDied(code, signal) {
      const place = current.test === undefined ? 'outside a test' : `in test "${current.test}"`;
      if (timedOut) return `took longer than ${limit} s, ${place}`;
      if (signal !== null) return `crashed with ${signal}, ${place}`;
      return `ended early with exit code ${code}, ${place}`;
    }

    function howItLeft(code, signal) {
      if (timedOut) return `did not end within ${grace} s of its last test: something is left open`;
      return `ended with ${signal ?? `exit code ${code}`} after its last test`;
    }
  });
}

/** Ends a process and those it started. */
function kill(child) {
  if (process.platform === 'win32') {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Nobody left in the group (macOS says EPERM while the last one is not yet collected).
    if (error.code !== 'ESRCH' && error.code !== 'EPERM') throw error;
  }
}
