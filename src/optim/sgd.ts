/** Stochastic gradient descent with momentum, as torch.optim.SGD; the formula stands in ops/update/sgd-update.ts. */
import type { Varying } from '../device/kernel.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { sgdKernel } from '../ops/update/sgd-update.js';
import type { Recording } from '../program/recording.js';
import type { Arena } from '../tensor/arena.js';
import {
  assertNumber,
  type ChunkOperands,
  Optimizer,
  OPTIMIZER_NAMES,
  type OptimizerOptions,
  type TrainableMemory,
} from './optimizer.js';

/** Settings of SGD. */
export interface SgdOptions extends OptimizerOptions {
  /** Default 0: no velocity is kept. */
  readonly momentum?: number;
  /** Nesterov's momentum; needs momentum > 0. */
  readonly nesterov?: boolean;
}

const NAMES: OptionNames<SgdOptions> = {
  ...OPTIMIZER_NAMES,
  momentum: true,
  nesterov: true,
};

/** SGD with momentum; made by `sgd`. */
export class Sgd extends Optimizer {
  /** May be changed between steps; without effect when it was 0 at the start, as no velocity is kept then. */
  override momentum: number;
  readonly nesterov: boolean;
  override readonly moments: Readonly<Record<string, Arena>>;
  private momentumValue: Varying = { varying: 0 };

  constructor(memory: TrainableMemory, options: SgdOptions) {
    // Checked before memory is taken.
    super(memory, checked(options));
    this.momentum = options.momentum ?? 0;
    this.nesterov = options.nesterov ?? false;
    const [velocity] = this.likeValues(this.momentum === 0 ? 0 : 1);
    this.moments = velocity === undefined ? {} : { velocity };
  }

  protected override recordNumbers(recording: Recording): void {
    assertMomentum(this.momentum);
    this.momentumValue = recording.varying('float', this.momentum);
  }

  protected override updateChunk(recording: Recording, chunk: ChunkOperands, groups: Varying): void {
    const velocity = this.moments.velocity?.chunks[chunk.index].storage ?? null;
    const attributes = {
      count: chunk.parameters.length,
      groups,
      momentum: this.momentumValue,
      hasMomentum: velocity !== null,
      nesterov: this.nesterov,
    };
    recording.launch(sgdKernel, attributes, [
      chunk.gradients.storage,
      chunk.blockGroups.storage,
      chunk.gate.storage,
      chunk.parameters.storage,
      velocity,
    ]);
  }
}

function checked(options: SgdOptions): SgdOptions {
  refuseUnknownOptions(options, NAMES, 'sgd');
  const { momentum = 0, nesterov = false } = options;
  assertMomentum(momentum);
  if (nesterov && momentum === 0) {
    throw new AttuneError({
      code: 'program',
      what: 'Nesterov momentum needs a momentum above 0',
      where: 'sgd',
    });
  }
  return options;
}

function assertMomentum(momentum: number): void {
  assertNumber('momentum', momentum, momentum >= 0, 'at least 0');
}

/** SGD over the trainable parameters of a model: `sgd(model.memory, { lr: 0.001, momentum: 0.9 })`. */
export function sgd(memory: TrainableMemory, options: SgdOptions): Sgd {
  return new Sgd(memory, options);
}
