/**
 * The strength of the head's L2 penalty, by cross-validation: the one with the least mean held-out loss.
 *
 * The folds are minimised side by side: each runs its own L-BFGS, and their evaluations are gathered so that one
 * program serves them all. Strengths go from strong to weak; each starts from the solution of the one before.
 */
import { minimize } from '../../optim/lbfgs.js';
import type { HeadEvaluation, HeadProblem, LinearHead } from '../../tasks/heads/head-problem.js';
import { throwIfAborted } from '../../interruption.js';

/** Folds of the cross-validation, where there are as many images. */
export const HEAD_FOLDS = 5;

/** The path ends when the held-out loss has not fallen this many times in a row. */
const PATIENCE = 2;
/** Folds need no more than a good estimate. */
const FOLD_OPTIONS = { maxIterations: 50, gradientTolerance: 1e-5, valueTolerance: 1e-4 };

export interface StrengthChoice {
  readonly l2: number;
  /** Mean held-out loss of each strength tried, in their order. */
  readonly heldOutLosses: readonly number[];
  /** With the chosen strength: the head of each fold, fitted to all other folds. */
  readonly heads: readonly LinearHead[];
}

/**
 * Chooses among `strengths`, strongest first, with a problem for each fold; `fold[row]` counts from 0. Throws
 * 'interrupted' when the signal is aborted.
 */
export async function chooseStrength(
  problem: HeadProblem,
  strengths: readonly number[],
  fold: ArrayLike<number>,
  onProgress: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<StrengthChoice> {
  const folds = problem.problems;
  let points: Float64Array[] = Array.from({ length: folds }, () => new Float64Array(problem.size));
  const heldOutLosses: number[] = [];
  let best = 0;
  let heads: readonly LinearHead[] = [];
  for (const [index, l2] of strengths.entries()) {
    problem.select((row, f) => fold[row] !== f);
    points = await minimizeTogether(problem, points, l2, signal);
    problem.select((row, f) => fold[row] === f);
    const heldOut = await problem.evaluate(points, 0);
    heldOutLosses.push(heldOut.reduce((sum, { dataLoss }) => sum + dataLoss / folds, 0));
    if (index === 0 || heldOutLosses[index] < heldOutLosses[best]) {
      best = index;
      heads = points.map((point) => problem.head(point));
    }
    onProgress(index + 1, strengths.length);
    if (index - best === PATIENCE) break;
  }
  return { l2: strengths[best], heldOutLosses, heads };
}

/** Minimises every problem from its own point; their evaluations share programs. */
async function minimizeTogether(
  problem: HeadProblem,
  starts: readonly Float64Array[],
  l2: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array[]> {
  const current = [...starts];
  let waiting: {
    readonly index: number;
    readonly resolve: (at: HeadEvaluation) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  let active = starts.length;
  const evaluateWhenAllWait = () => {
    if (waiting.length === 0 || waiting.length < active) return;
    const served = waiting;
    waiting = [];
    problem.evaluate(current, l2).then(
      (results) => {
        for (const { index, resolve } of served) resolve(results[index]);
      },
      (error: unknown) => {
        for (const { reject } of served) reject(error);
      },
    );
  };
  const fits = starts.map(async (start, index) => {
    const evaluate = async (point: Float64Array) => {
      throwIfAborted(signal);
      return new Promise<HeadEvaluation>((resolve, reject) => {
        current[index] = point;
        waiting.push({ index, resolve, reject });
        evaluateWhenAllWait();
      });
    };
    try {
      return (await minimize(evaluate, start, FOLD_OPTIONS)).point;
    } finally {
      active--;
      evaluateWhenAllWait();
    }
  });
  return Promise.all(fits);
}
