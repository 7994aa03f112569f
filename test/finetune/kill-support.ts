/** Runs of the real program that are killed at random moments, resumed until they end, and compared. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSavedState } from '#src/runs/saved-states';
import * as assert from 'uvu/assert';
import { assertSameRuns, readTensors } from './full-support.js';
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
}

export interface KillReport {
  /** How many runs it took. */
  readonly runs: number;
  /** Kills before anything was saved, and after the last save. */
  readonly unsaved: number;
  readonly ended: number;
  /** The most epochs that were told as done and had to be done again. */
  readonly mostLost: number;
}

/** What there is of a run folder after a kill. */
interface Leftover {
  /** Epochs that are saved; null where nothing is. */
  readonly saved: number | null;
}

/**
 * Kills runs at random moments, resumes each until it ends, and asserts that every file with tensors is readable after
 * every kill, and that each run ends with the bytes of one that was never killed. Begins as many runs as the kills need.
 */
export async function killAndCompare({ words, kills, seed }: KillPlan): Promise<KillReport> {
  // Of neighbouring seeds the first numbers are nearly the same.
  const random = randomNumbers(0x9e3779b9 * (seed + 1));
  const expected = newPath();
  const whole = new TrainingProcess([...words, '--out', expected]);
  await whole.says(/^(epoch|features)/m);
  const begun = performance.now();
  assert.is(await whole.end(), 0, whole.stderr);
  // Half of the run at most, so that some kills come late in a run that has gone on.
  const mostMilliseconds = (performance.now() - begun) / 2;

  const report = { runs: 0, unsaved: 0, ended: 0, mostLost: 0 };
  for (let killed = 0; killed < kills; ) {
    const run = newPath();
    report.runs++;
    for (let ended = false; !ended; ) {
      const { saved } = await assertReadable(run);
      // A run that has saved nothing yet is begun anew.
      if (saved === null) rmSync(run, { recursive: true, force: true });
      const training = new TrainingProcess(
        saved === null ? [...words, '--out', run] : ['--resume', run, '--no-report'],
      );
      if (killed < kills) {
        // One in four while images are compared and the device is opened, the others from the first step on.
        if (random() > 0.25) await training.says(/^(epoch|features)/m);
        await new Promise((resolve) => setTimeout(resolve, random() * mostMilliseconds));
        training.child.kill('SIGKILL');
      }
      const status = await training.end();
      if (training.child.signalCode === 'SIGKILL') {
        killed++;
        const left = await assertReadable(run);
        if (left.saved === null) report.unsaved++;
        const told = [...training.stderr.matchAll(/^epoch (\d+): /gm)].map(([, epoch]) => Number(epoch));
        report.mostLost = Math.max(report.mostLost, ...told.map((epoch) => epoch - (left.saved ?? 0)));
        continue;
      }
      // Killed after the last state was written, there is nothing left to do; nor is there of a probe that has one.
      const isDone = /nothing is left to do|has no stage to resume/.test(training.stderr);
      if (isDone) report.ended++;
      ended = status === 0 || isDone;
      assert.ok(ended, training.stderr);
    }
    await assertSameRuns(run, expected);
  }
  // An epoch is told before it is saved.
  assert.ok(report.mostLost <= 1, `${report.mostLost} epochs were lost`);
  return report;
}

/** Whatever has the name of a whole file is one, and of the states those that the manifest lists are as it says. */
async function assertReadable(run: string): Promise<Leftover> {
  const names = existsSync(run) ? readdirSync(run) : [];
  for (const name of names.filter((name) => !name.startsWith('.') && name.endsWith('.safetensors')))
    assert.ok((await readTensors(join(run, name))).size > 0, name);
  for (const name of names.filter((name) => !name.startsWith('.') && name.endsWith('.json')))
    JSON.parse(readFileSync(join(run, name), 'utf8'));
  if (!names.includes('state.safetensors')) return { saved: null };
  if (!names.includes('manifest.json')) return { saved: 0 }; // a probe
  const { stored, isPrevious, damage } = await openSavedState(run);
  await stored.file.close();
  assert.equal([isPrevious, damage], [false, null]);
  return { saved: stored.state.progress.epoch };
}

/** Kills spread over all strategies, on a tiny network. Logs what each came to. */
export async function killEveryStrategy(data: string, kills: number): Promise<void> {
  const fixed = '--model resnet-small --weights none --device cpu --no-report';
  for (const [seed, [strategy, share, flags]] of STRATEGIES.entries()) {
    const words = [data, ...`${fixed} --strategy ${strategy} ${flags}`.split(' ')];
    const plan = { words, kills: Math.max(1, Math.round(share * kills)), seed };
    const began = performance.now();
    const { runs, unsaved, ended, mostLost } = await killAndCompare(plan);
    console.log(
      `# ${strategy}: ${plan.kills} kills in ${runs} runs, ${unsaved} before the first save, ${ended} after the last, at most ${mostLost} epoch told and lost, ${Math.round((performance.now() - began) / 1000)} s`,
    );
  }
}

const SIX = '--epochs 6 --batch-size 6';

/** Each with its share of the kills; some save within epochs, too: before every step. */
const STRATEGIES: readonly (readonly [strategy: string, share: number, flags: string])[] = [
  ['probe', 0.1, '--seed 1'],
  ['full', 0.15, `${SIX} --optimizer adam --batch-norm train --schedule one-cycle --ema 0.9`],
  ['full', 0.25, `${SIX} --optimizer adam --mixup 0.2 --checkpoint-minutes 1e-6`],
  [
    'probe-then-full',
    0.15,
    `${SIX} --train-from layer2 --max-gradient-norm 1 --schedule plateau --patience 4 --lr-decay 0.8`,
  ],
  ['probe-then-full', 0.15, `${SIX} --sampling balanced --checkpoint-minutes 1e-6`],
  ['gradual', 0.2, `${SIX} --optimizer adamw --ema 0.9 --checkpoint-minutes 1e-6`],
];
