/**
 * Batch normalisation over channels; ops/norm/batch-norm.ts and ops/norm/batch-norm-training.ts have the mathematics.
 *
 * A pass that trains uses the batch's statistics and notes them for the running ones, unless the layer is set to 'frozen'
 * or its scale is: then, and when evaluating, the running statistics are used and stay as they are. What is noted
 * becomes true with the optimiser's step, or without one by `updateStatistics` (statistics.ts).
 */
import { batchNorm } from '../ops/norm/batch-norm.js';
import { batchMoments, batchNormTraining } from '../ops/norm/batch-norm-training.js';
import { updateRunningStatistics } from '../ops/update/running-statistics.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { State } from '../program/state.js';
import { Buffer, Parameter } from '../tensor/parameter.js';
import type { Tensor, TensorLike } from '../tensor/tensor.js';
import { constant } from './initializers.js';
import { Module, requireTraining, type Training } from './module.js';

/** Constants of a batch norm. */
export interface BatchNorm2dOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Share of a new batch in the running statistics, as PyTorch counts it. Default 0.1. */
  readonly momentum?: number;
  /** Which variance of a batch goes into the running one: PyTorch's is 'unbiased' (the default), Keras's 'biased'. */
  readonly runningVariance?: 'unbiased' | 'biased';
  /** Initial scale. Default 1; 0 makes a residual branch start as nothing. */
  readonly scale?: number;
}

const NAMES: OptionNames<BatchNorm2dOptions> = {
  epsilon: true,
  momentum: true,
  runningVariance: true,
  scale: true,
};

/** Which statistics a pass that trains uses: the batch's ('train') or the running ones ('frozen'). */
export type BatchNormMode = 'train' | 'frozen';

/** Batch normalisation over the last axis, as torch.nn.BatchNorm2d. */
export class BatchNorm2d extends Module {
  /** See above. Evaluation does not depend on it. */
  mode: BatchNormMode = 'train';
  readonly epsilon: number;
  readonly momentum: number;
  readonly runningVariance: 'unbiased' | 'biased';
  /** gamma: the scale. */
  readonly weight: Parameter;
  /** beta: the shift. */
  readonly bias: Parameter;
  readonly running_mean: Buffer;
  readonly running_var: Buffer;

  /** Throws AttuneError 'usage' for an unknown option. */
  constructor(channels: number, options: BatchNorm2dOptions = {}) {
    super();
    refuseUnknownOptions(options, NAMES, 'BatchNorm2d');
    this.epsilon = options.epsilon ?? 1e-5;
    this.momentum = options.momentum ?? 0.1;
    this.runningVariance = options.runningVariance ?? 'unbiased';
    this.weight = new Parameter(constant(channels, options.scale ?? 1), [channels]);
    this.bias = new Parameter(constant(channels, 0), [channels]);
    this.running_mean = new Buffer(constant(channels, 0), [channels]);
    this.running_var = new Buffer(constant(channels, 1), [channels]);
  }

  /** x [..., channels], normalised. A batch with one value per channel cannot train: AttuneError 'shape'. */
  override forward(x: TensorLike, training?: Training): Tensor {
    if (training !== undefined) requireTraining(training, 'BatchNorm2d');
    const { weight: gamma, bias: beta, running_mean, running_var, epsilon } = this;
    if (training === undefined || this.mode === 'frozen' || !gamma.trainable) {
      return batchNorm(x, { gamma, beta, mean: running_mean, variance: running_var }, epsilon);
    }
    const moments = batchMoments(x);
    const { momentum = this.momentum } = training;
    if (!(momentum >= 0 && momentum <= 1)) {
      throw new AttuneError({
        code: 'program',
        what: `a batch norm's momentum is ${momentum}`,
        hint: 'it is the share of a batch in the running statistics: a number from 0 to 1 is expected',
      });
    }
    if (momentum > 0) {
      this.memory.statisticsChange = true;
      updateRunningStatistics(
        moments,
        { mean: pendingOf(running_mean), variance: pendingOf(running_var) },
        momentum,
        this.runningVariance === 'unbiased',
      );
    }
    return batchNormTraining(x, { gamma, beta }, moments, epsilon);
  }
}

function pendingOf(buffer: Buffer): State {
  if (buffer.pending !== null) return buffer.pending;
  throw new AttuneError({
    code: 'internal',
    what: 'a running statistic is on a device without its pending copy',
  });
}
