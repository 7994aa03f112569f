/**
 * Running statistics of batch norm, as PyTorch updates them:
 *
 *     running mean = (1 - momentum) running mean + momentum mean
 *     running variance = (1 - momentum) running variance + momentum variance n / (n - 1)
 *
 * A training program updates a pending copy; the optimiser's program then commits it, or takes it back when the
 * step's gradients were not finite: a bad batch leaves no trace in the statistics either. Without an optimiser,
 * nn/statistics.ts commits.
 */
import { float, type Kernel, type Varying } from '../../device/kernel.js';
import { currentRecording, type Recording } from '../../program/recording.js';
import type { State } from '../../program/state.js';
import type { Tensor } from '../../tensor/tensor.js';
import { GATE } from './gradient-gate.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';

interface UpdateAttributes extends FlatAttributes {
  readonly momentum: Varying;
  /** n / (n - 1): from the biased variance to the unbiased; 1 for the biased one. */
  readonly correction: number;
}

export const runningStatisticsKernel: Kernel<UpdateAttributes> = {
  name: 'runningStatistics',
  bindings: [
    { name: 'mean', access: 'read' },
    { name: 'variance', access: 'read' },
    { name: 'runningMean', access: 'read_write' },
    { name: 'runningVariance', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<UpdateAttributes>('update/running-statistics.wgsl', [
      'step.wgsl',
      'step-float.wgsl',
    ]),
    choose: () => 'flat',
    words: ({ count, momentum, correction }) => [count, momentum.varying, float(correction)],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [mean, variance, runningMean, runningVariance], step, begin, end }) {
      const { count, correction } = attributes;
      const momentum = step[attributes.momentum.varying];
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) {
        runningMean[i] = (1 - momentum) * runningMean[i] + momentum * mean[i];
        runningVariance[i] = (1 - momentum) * runningVariance[i] + momentum * correction * variance[i];
      }
    },
  },
};

export const commitKernel: Kernel<FlatAttributes> = {
  name: 'commit',
  bindings: [
    { name: 'gate', access: 'read' },
    { name: 'pending', access: 'read_write' },
    { name: 'committed', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<FlatAttributes>('update/commit.wgsl', []),
    choose: () => 'flat',
    words: ({ count }) => [count],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [gate, pending, committed], begin, end }) {
      const [first, last] = flatRange(attributes.count, begin, end);
      const [from, to] = gate[GATE.finite] === 0 ? [committed, pending] : [pending, committed];
      for (let i = first; i < last; i++) to[i] = from[i];
    },
  },
};

/** Records one update of a layer's pending statistics from those of a batch of `rows` rows. */
export function updateRunningStatistics(
  batch: { readonly mean: Tensor; readonly variance: Tensor; readonly rows: number },
  running: { readonly mean: State; readonly variance: State },
  momentum: number,
  unbiased = true,
): void {
  const recording = currentRecording();
  const correction = unbiased ? batch.rows / (batch.rows - 1) : 1;
  const attributes = { count: batch.mean.length, momentum: varyingMomentum(recording, momentum), correction };
  const operands = [batch.mean, batch.variance, running.mean, running.variance].map(({ storage }) => storage);
  recording.launch(runningStatisticsKernel, attributes, operands);
}

/** Key of the momenta of a program: layers of one momentum share its step value, for step values are few. */
const MOMENTA = {};

function varyingMomentum(recording: Recording, momentum: number): Varying {
  const momenta = recording.once(MOMENTA, () => new Map<number, Varying>());
  const varying = momenta.get(momentum) ?? recording.varying('float', momentum);
  momenta.set(momentum, varying);
  return varying;
}

/** Records the end of a step for one chunk of statistics: pending becomes committed, or the reverse. */
export function commitStatistics(gate: State, pending: State, committed: State): void {
  const operands = [gate, pending, committed].map(({ storage }) => storage);
  currentRecording().launch(commitKernel, { count: pending.length }, operands);
}
