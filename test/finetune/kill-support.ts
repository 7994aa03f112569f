/** Runs of the real program that are killed at random moments, resumed until they end, and compared. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { assertSameRuns } from './full-support.js';
import { newPath, randomNumbers } from './support.js';

const launcher = fileURLToPath(new URL('../../../src/cli/attune.mjs', import.meta.url));

/** `attune finetune ...words` as a process of its own, with all that it writes to standard error so far. */
export class TrainingProcess {
  readonly child: ChildProcess;
  stderr = '';
  private readonly closed: Promise<unknown>;

  /** `nodeFlags` stand before the program, for example --import. */
  constructor(words: readonly string[], nodeFlags: readonly string[] = []) {
    this.child = spawn(process.execPath, [...nodeFlags, launcher, 'finetune', ...words], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.closed = once(this.child, 'close');
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
  }

  /** Resolves when standard error matches, or the process has ended. */
  async says(pattern: RegExp): Promise<void> {
    const seen = new Promise<void>((resolve) => {
      const look = () => pattern.test(this.stderr) && resolve();
      this.child.stderr!.on('data', look);
      look();
    });
    await Promise.race([seen, this.closed]);
  }

  /** Resolves with the exit code, null after a signal. */
  async end(): Promise<number | null> {
    await this.closed;
    return this.child.exitCode;
  }
}

export interface KillPlan {
  /** Words behind `attune finetune`, without --out. */
  readonly words: readonly string[];
  readonly kills: number;
  readonly seed: number;
  /** About how long the program trains before it is killed, at most. */
  readonly mostMilliseconds: number;
}

/**
 * Kills runs at random moments, resumes each until it ends, and asserts that it ends with the bytes of a run that
 * was never killed. Begins as many runs as the kills need. Resolves with how many.
 */
export async function killAndCompare({ words, kills, seed, mostMilliseconds }: KillPlan): Promise<number> {
  const random = randomNumbers(seed);
  const expected = newPath();
  const whole = new TrainingProcess([...words, '--out', expected]);
  assert.is(await whole.end(), 0, whole.stderr);

  let runs = 0;
  for (let killed = 0; killed < kills; ) {
    const run = newPath();
    runs++;
    for (let ended = false; !ended; ) {
      // A run that has saved nothing yet is begun anew.
      const begun = existsSync(join(run, 'state.safetensors'));
      if (!begun) rmSync(run, { recursive: true, force: true });
      const training = new TrainingProcess(begun ? ['--resume', run] : [...words, '--out', run]);
      if (killed < kills) {
        // One in four while images are compared and the device is opened, the others from the first step on.
        if (random() > 0.25) await training.says(/^epoch/m);
        await new Promise((resolve) => setTimeout(resolve, random() * mostMilliseconds));
        training.child.kill('SIGKILL');
      }
      const status = await training.end();
      if (training.child.signalCode === 'SIGKILL') {
        killed++;
        continue;
      }
      // Killed after the last state was written, there is nothing left to do.
      ended = status === 0 || /nothing is left to do/.test(training.stderr);
      assert.ok(ended, training.stderr);
    }
    await assertSameRuns(run, expected);
  }
  return runs;
}
