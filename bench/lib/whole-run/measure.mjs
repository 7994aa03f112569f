/** Whole runs of several engines, one after another and in turn, until each has told how soon it was accurate enough. */
import { fileURLToPath } from 'node:url';
import { findPython } from '../../parity/python.mjs';
import { SameLosses } from '../agreement.mjs';
import { spread } from '../compare.mjs';
import { LineProcess } from '../line-process.mjs';

const ENGINE = fileURLToPath(new URL('engine.mjs', import.meta.url));
const TORCH = fileURLToPath(new URL('torch_training.py', import.meta.url));

/**
 * Every engine's run, `rounds` times in turn: A B A B. The first engine is ours; the losses of the others' first steps
 * must be its own (agreement.mjs), and everyone must reach the target, or this throws: there is no time to report.
 *
 * @param engines options of each: { engine: 'attune' | 'tfjs' | 'torch', ... }, with `tolerance` where losses are coarser
 * @param task what writeTask wrote into `folder`
 * @returns for each engine { name, setting, runs }
 */
export async function measureRuns({ engines, folder, task, evaluateEvery, target, rounds, log }) {
  const results = engines.map(() => ({ runs: [] }));
  for (let round = 1; round <= rounds; round++) {
    let ours;
    for (const [i, options] of engines.entries()) {
      const { name, setting, ...run } = await runOnce(options, folder, task, evaluateEvery, ours);
      const reached = reachedAt(run, target);
      if (reached === null) {
        const most = Math.max(...run.evaluations.map(({ accuracy }) => accuracy));
        throw new Error(`${name} came to an accuracy of ${most}, and never to ${target}`);
      }
      log(`  round ${round}: ${name}: ${reached.seconds.toFixed(1)} s, ${reached.step} steps`);
      ours ??= run;
      Object.assign(results[i], { name, setting });
      results[i].runs.push({ ...run, reached });
    }
  }
  return results;
}

/**
 * The first evaluation that came to the target, and what the steps before it took: { step, accuracy, seconds,
 * processorSeconds }; null where none did. Evaluations take no part of the times.
 */
export function reachedAt({ evaluations }, target) {
  return evaluations.find(({ accuracy }) => accuracy >= target) ?? null;
}

/** Medians over an engine's runs, of what the report shows. */
export function summaryOf({ runs }) {
  const over = (value) => spread(runs.map(value));
  return {
    seconds: over(({ reached }) => reached.seconds),
    processorSeconds: over(({ reached }) => reached.processorSeconds),
    steps: over(({ reached }) => reached.step),
    accuracy: over(({ evaluations }) => evaluations.at(-1).accuracy),
    stepMilliseconds: over(({ milliseconds }) => spread(milliseconds).median),
    firstMilliseconds: over(({ milliseconds }) => milliseconds[0]),
    startSeconds: over(({ startSeconds }) => startSeconds),
  };
}

/**
 * One run in a process of its own: { name, setting, startSeconds, losses, milliseconds, evaluations }. From the start of
 * the process to when the first step could be made are `startSeconds`; the losses of `ours`, where given, must be the
 * same.
 */
async function runOnce(options, folder, task, evaluateEvery, ours) {
  const started = performance.now();
  const process = start(options, folder);
  try {
    const { name, setting } = await process.answer();
    const startSeconds = (performance.now() - started) / 1000;
    const run = { losses: [], milliseconds: [], evaluations: [] };
    let processorSeconds = 0;
    for (let step = 0; step < task.steps; ) {
      const answer = await process.ask({ train: Math.min(evaluateEvery, task.steps - step) });
      if (step === 0 && ours !== undefined) assertSame(name, ours.losses, answer.losses, options.tolerance);
      run.losses.push(...answer.losses);
      run.milliseconds.push(...answer.milliseconds);
      processorSeconds += answer.processorMilliseconds / 1000;
      step = run.losses.length;
      const seconds = run.milliseconds.reduce((sum, time) => sum + time, 0) / 1000;
      const { accuracy } = await process.ask({ evaluate: true });
      run.evaluations.push({ step, accuracy, seconds, processorSeconds });
    }
    return { name, setting, startSeconds, ...run };
  } finally {
    process.close();
  }
}

/** Throws where the losses of two engines' first steps are not the same, within `tolerance` as of SameLosses. */
export function assertSame(name, ours, theirs, tolerance) {
  const agreement = new SameLosses(tolerance);
  try {
    for (const step of [0, 1].slice(0, theirs.length)) {
      agreement.add(0, [ours[step]]);
      agreement.add(1, [theirs[step]]);
    }
  } catch (error) {
    throw new Error(`${name} does not do the same work: ${error.message}`);
  }
}

function start({ engine, ...options }, folder) {
  if (engine === 'torch')
    return new LineProcess('PyTorch', findPython(), [TORCH, folder, JSON.stringify(options)]);
  return new LineProcess(engine, process.execPath, [ENGINE, folder, JSON.stringify({ engine, ...options })]);
}
