/**
 * Limited-memory BFGS (Nocedal, 1980; Nocedal and Wright, "Numerical Optimization", algorithms 7.4, 7.5, 3.5,
 * 3.6): minimises a smooth function of a vector on the host, for problems small enough to read back, such as a
 * logistic head. Deterministic.
 */
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';

/** The function at a point: its value and its gradient. */
export interface Evaluation {
  readonly value: number;
  readonly gradient: Float64Array;
}

/** When `minimize` stops. */
export interface LbfgsOptions<At extends Evaluation = Evaluation> {
  /** Default 200. */
  readonly maxIterations?: number;
  /** Ends when the largest element of the gradient is at most this. Default 1e-5. */
  readonly gradientTolerance?: number;
  /** Ends when a step lowers the value by less than this share of it, twice in a row. Default 1e-6: float32 losses are no finer. */
  readonly valueTolerance?: number;
  /** Pairs of steps and gradient changes that are remembered. Default 10. */
  readonly history?: number;
  /** Called after each iteration; awaited. */
  readonly onIteration?: (iteration: number, point: Float64Array, at: At) => void | Promise<void>;
}

const NAMES: OptionNames<LbfgsOptions> = {
  maxIterations: true,
  gradientTolerance: true,
  valueTolerance: true,
  history: true,
  onIteration: true,
};

/** Where `minimize` stopped. */
export interface LbfgsResult {
  readonly point: Float64Array;
  readonly value: number;
  readonly iterations: number;
  /** False when it ended at `maxIterations`. */
  readonly converged: boolean;
}

interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / (step . change). */
  readonly rho: number;
}

/** Wolfe's constants for quasi-Newton directions: sufficient decrease, and curvature. */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
/** Share of the value that may be rounding; closer than this, slopes tell which point is lower. */
const VALUE_NOISE = 1e-6;
const MAX_TRIALS = 20;

/**
 * Minimises `evaluate` from `start`. Throws AttuneError 'numeric' when the value or the gradient is not finite at a
 * point that a step would start from; beyond it, the step is shortened. 'usage' for an unknown option.
 */
export async function minimize<At extends Evaluation>(
  evaluate: (point: Float64Array) => Promise<At>,
  start: Float64Array,
  options: LbfgsOptions<At> = {},
): Promise<LbfgsResult> {
  refuseUnknownOptions(options, NAMES, 'minimize');
  const { maxIterations = 200, gradientTolerance = 1e-5, valueTolerance = 1e-6, history = 10 } = options;
  const pairs: Pair[] = [];
  let point = start;
  let at = await evaluate(point);
  let smallSteps = 0;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    assertFinite(at);
    if (largest(at.gradient) <= gradientTolerance)
      return { point, value: at.value, iterations: iteration - 1, converged: true };
    const direction = newDirection(at.gradient, pairs);
    // The first direction is the bare gradient: its length says nothing about a good step.
    const firstTrial = pairs.length === 0 ? Math.min(1, 1 / norm(at.gradient)) : 1;
    const next = await search(evaluate, point, at, direction, firstTrial);
    if (next === null) return { point, value: at.value, iterations: iteration - 1, converged: true };
    remember(pairs, point, at, next, history);
    smallSteps = at.value - next.at.value <= valueTolerance * Math.abs(at.value) ? smallSteps + 1 : 0;
    ({ point, at } = next);
    await options.onIteration?.(iteration, point, at);
    if (smallSteps === 2) return { point, value: at.value, iterations: iteration, converged: true };
  }
  return { point, value: at.value, iterations: maxIterations, converged: false };
}

/** Minus the inverse Hessian's approximation times the gradient: the two-loop recursion. */
function newDirection(gradient: Float64Array, pairs: readonly Pair[]): Float64Array {
  const direction = gradient.map((value) => -value);
  const weights = new Array<number>(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    const { step, change, rho } = pairs[i];
    weights[i] = rho * dot(step, direction);
    addScaled(direction, -weights[i], change);
  }
  const last = pairs.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.change, last.change));
    for (let j = 0; j < direction.length; j++) direction[j] *= scale;
  }
  pairs.forEach(({ step, change, rho }, i) => {
    addScaled(direction, weights[i] - rho * dot(change, direction), step);
  });
  return direction;
}

interface Trial<At extends Evaluation> {
  readonly point: Float64Array;
  readonly at: At;
}

/**
 * A step along `direction` that satisfies the strong Wolfe conditions, by bracketing and bisection with
 * quadratic interpolation. Near the minimum the value's rounding hides its decrease; there the decrease of the
 * slope stands for it, as in the approximate Wolfe conditions of Hager and Zhang (2005). The best decrease found when rounding keeps the conditions out of reach; null when
 * nothing is lower.
 */
async function search<At extends Evaluation>(
  evaluate: (point: Float64Array) => Promise<At>,
  point: Float64Array,
  at: At,
  direction: Float64Array,
  firstTrial: number,
): Promise<Trial<At> | null> {
  const slope = dot(at.gradient, direction);
  if (!(slope < 0)) return null;
  let low = 0;
  let high = Number.POSITIVE_INFINITY;
  let lowValue = at.value;
  let lowSlope = slope;
  let trial = firstTrial;
  let best: Trial<At> | null = null;
  for (let count = 0; count < MAX_TRIALS; count++) {
    const trialPoint = Float64Array.from(point, (value, j) => value + trial * direction[j]);
    const trialAt = await evaluate(trialPoint);
    const trialSlope = dot(trialAt.gradient, direction);
    const sufficient = trialAt.value <= at.value + DECREASE * trial * slope;
    if (sufficient && (best === null || trialAt.value < best.at.value))
      best = { point: trialPoint, at: trialAt };
    const sufficientBySlope =
      trialAt.value <= at.value + VALUE_NOISE * Math.abs(at.value) &&
      trialSlope <= (2 * DECREASE - 1) * slope;
    const isFlatter = Math.abs(trialSlope) <= -CURVATURE * slope;
    if ((sufficient || sufficientBySlope) && isFlatter) return { point: trialPoint, at: trialAt };
    if (!sufficient || trialAt.value >= lowValue || trialSlope >= 0) {
      high = trial;
    } else {
      low = trial;
      lowValue = trialAt.value;
      lowSlope = trialSlope;
    }
    trial =
      high === Number.POSITIVE_INFINITY
        ? 2 * trial
        : between(low, lowValue, lowSlope, high, trial, trialAt.value);
    if (high - low <= 1e-12 * Math.max(1, high)) break;
  }
  return best;
}

/** The minimum of the parabola through the low end and the last trial, kept well inside the bracket. */
function between(
  low: number,
  lowValue: number,
  lowSlope: number,
  high: number,
  trial: number,
  trialValue: number,
): number {
  const width = trial - low;
  const curvature = width > 0 ? (trialValue - lowValue - lowSlope * width) / (width * width) : 0;
  const guess = curvature > 0 ? low - lowSlope / (2 * curvature) : (low + high) / 2;
  const margin = 0.1 * (high - low);
  return Math.min(Math.max(guess, low + margin), high - margin);
}

function remember(
  pairs: Pair[],
  point: Float64Array,
  at: Evaluation,
  next: Trial<Evaluation>,
  history: number,
): void {
  const step = next.point.map((value, j) => value - point[j]);
  const change = next.at.gradient.map((value, j) => value - at.gradient[j]);
  const curvature = dot(step, change);
  // Without positive curvature the approximation would lose its definiteness.
  if (curvature > 1e-12 * dot(change, change)) {
    pairs.push({ step, change, rho: 1 / curvature });
    if (pairs.length > history) pairs.shift();
  }
}

/** Without this, a gradient that is no number would look like the absence of a way down. */
function assertFinite({ value, gradient }: Evaluation): void {
  if (Number.isFinite(value) && gradient.every(Number.isFinite)) return;
  throw new AttuneError({
    code: 'numeric',
    what: 'the function to minimise or its gradient is not finite',
    where: 'L-BFGS',
    hint: 'check the values that it is computed from',
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(a: Float64Array): number {
  let result = 0;
  for (const value of a) result = Math.max(result, Math.abs(value));
  return result;
}

function addScaled(target: Float64Array, factor: number, a: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] += factor * a[i];
}
