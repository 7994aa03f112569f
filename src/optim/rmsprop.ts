/** RMSprop with both placements of epsilon; the formulas stand in ops/update/rmsprop-update.ts. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Varying } from '../device/kernel.js';
import { type RootPlacement, rmspropKernel } from '../ops/update/rmsprop-update.js';
import type { Recording } from '../program/recording.js';
import type { Arena } from '../tensor/arena.js';
import {
  assertNumber,
  type ChunkOperands,
  Optimizer,
  OPTIMIZER_NAMES,
  type OptimizerOptions,
  recordAll,
  type TrainableMemory,
} from './optimizer.js';

/** Settings of RMSprop. */
export interface RmspropOptions extends OptimizerOptions {
  /** Decay rate of the mean square. Default 0.99, PyTorch's; Keras uses 0.9. */
  readonly alpha?: number;
  /** Default 0: no velocity is kept. */
  readonly momentum?: number;
  /** Default 1e-8, PyTorch's; Keras uses 1e-7 with 'inside'. */
  readonly epsilon?: number;
  /** 'outside' the root (PyTorch) or 'inside' it (Keras). Default 'outside'. */
  readonly epsilonPlacement?: RootPlacement;
}

const NAMES: OptionNames<RmspropOptions> = {
  ...OPTIMIZER_NAMES,
  alpha: true,
  momentum: true,
  epsilon: true,
  epsilonPlacement: true,
};

const DEFAULTS = { alpha: 0.99, momentum: 0, epsilon: 1e-8, epsilonPlacement: 'outside' } as const;

/** RMSprop; made by `rmsprop`. */
export class Rmsprop extends Optimizer {
  readonly alpha: number;
  /** May be changed between steps; without effect when it was 0 at the start, as no velocity is kept then. */
  override momentum: number;
  readonly epsilon: number;
  readonly epsilonPlacement: RootPlacement;
  override readonly moments: Readonly<Record<string, Arena>>;
  private numbers: Varying = { varying: 0 };

  constructor(memory: TrainableMemory, options: RmspropOptions) {
    // Checked before memory is taken.
    super(memory, checked(options));
    const { alpha, momentum, epsilon, epsilonPlacement } = { ...DEFAULTS, ...options };
    this.alpha = alpha;
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.epsilonPlacement = epsilonPlacement;
    const [squares, velocity] = this.likeValues(momentum === 0 ? 1 : 2);
    this.moments = velocity === undefined ? { squares } : { squares, velocity };
  }

  protected override recordNumbers(recording: Recording): void {
    assertShare('momentum', this.momentum);
    this.numbers = recordAll(recording, 'float', [this.alpha, 1 - this.alpha, this.momentum, this.epsilon]);
  }

  protected override updateChunk(recording: Recording, chunk: ChunkOperands, groups: Varying): void {
    const velocity = this.moments['velocity']?.chunks[chunk.index].storage ?? null;
    const attributes = {
      count: chunk.parameters.length,
      groups,
      numbers: this.numbers,
      hasMomentum: velocity !== null,
      epsilonPlacement: this.epsilonPlacement,
    };
    recording.launch(rmspropKernel, attributes, [
      chunk.gradients.storage,
      chunk.blockGroups.storage,
      chunk.gate.storage,
      chunk.parameters.storage,
      this.moments['squares'].chunks[chunk.index].storage,
      velocity,
    ]);
  }
}

function checked(options: RmspropOptions): RmspropOptions {
  refuseUnknownOptions(options, NAMES, 'rmsprop');
  const { alpha, momentum, epsilon } = { ...DEFAULTS, ...options };
  assertShare('alpha', alpha);
  assertShare('momentum', momentum);
  // Without it, an element whose gradients were all 0 would become 0 / 0.
  assertNumber('epsilon', epsilon, epsilon >= 1e-30, 'at least 1e-30');
  return options;
}

function assertShare(name: string, value: number): void {
  assertNumber(name, value, value >= 0 && value < 1, 'at least 0 and below 1');
}

/** RMSprop over the trainable parameters of a model: `rmsprop(model.memory, { lr: 0.001 })`. */
export function rmsprop(memory: TrainableMemory, options: RmspropOptions): Rmsprop {
  return new Rmsprop(memory, options);
}
