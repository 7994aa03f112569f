/** Adam and AdamW with both placements of epsilon; the formulas stand in ops/update/adam-update.ts. */
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Varying } from '../device/kernel.js';
import { adamKernel, type EpsilonPlacement } from '../ops/update/adam-update.js';
import type { Recording } from '../program/recording.js';
import type { Arena } from '../tensor/arena.js';
import {
  assertNumber,
  type ChunkOperands,
  Optimizer,
  OPTIMIZER_NAMES,
  type OptimizerOptions,
  type ParameterGroup,
  recordAll,
  type TrainableMemory,
} from './optimizer.js';

/** Settings of Adam and AdamW. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay rates of the two moments. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Default 1e-8, PyTorch's; Keras uses 1e-7 with 'hat'. */
  readonly epsilon?: number;
  /** 'corrected' adds epsilon after the bias correction (PyTorch), 'hat' before it (Keras). Default 'corrected'. */
  readonly epsilonPlacement?: EpsilonPlacement;
}

const NAMES: OptionNames<AdamOptions> = {
  ...OPTIMIZER_NAMES,
  betas: true,
  epsilon: true,
  epsilonPlacement: true,
};

const DEFAULT_BETAS = [0.9, 0.999] as const;
const DEFAULT_EPSILON = 1e-8;

/** Adam, and AdamW when `decoupled`; made by `adam` and `adamW`. */
export class Adam extends Optimizer {
  /** Decay rate of the first moment, beta1. */
  override momentum: number;
  /** Decay rate of the second moment. */
  readonly beta2: number;
  readonly epsilon: number;
  readonly epsilonPlacement: EpsilonPlacement;
  /** True for AdamW: weight decay acts on the weights, not through the gradient. */
  readonly decoupled: boolean;
  override readonly moments: Readonly<Record<'firstMoment' | 'secondMoment', Arena>>;
  private numbers: Varying = { varying: 0 };

  constructor(memory: TrainableMemory, options: AdamOptions, decoupled: boolean) {
    // Checked before memory is taken.
    super(memory, checked(options, decoupled ? 'adamW' : 'adam'));
    [this.momentum, this.beta2] = options.betas ?? DEFAULT_BETAS;
    this.epsilon = options.epsilon ?? DEFAULT_EPSILON;
    this.epsilonPlacement = options.epsilonPlacement ?? 'corrected';
    this.decoupled = decoupled;
    const [firstMoment, secondMoment] = this.likeValues(2);
    this.moments = { firstMoment, secondMoment };
  }

  protected override recordNumbers(recording: Recording): void {
    const { momentum: beta1, beta2 } = this;
    assertBeta(beta1);
    const betas = [beta1, 1 - beta1, beta2, 1 - beta2];
    const corrections = this.corrections(this.steps);
    this.numbers = recordAll(recording, 'float', [...betas, ...corrections, this.epsilon]);
  }

  /**
   * The kernel corrects by the optimiser's count of steps; the rate of a group that joined later makes up for its own
   * being smaller. Its epsilon then weighs sqrt(c2 / own c2) times as much: with 0.999, at most 32 times.
   */
  protected override groupNumbers(group: ParameterGroup): readonly [rate: number, decay: number] {
    const { lr, weightDecay, joinedAt = 0 } = group;
    const own = this.corrections(this.steps - joinedAt);
    const all = this.corrections(this.steps);
    const factor = (all[0] / own[0]) * Math.sqrt(own[1] / all[1]);
    return [lr * factor, this.decoupled ? weightDecay / factor : weightDecay];
  }

  /** c1 and c2 after so many steps. */
  private corrections(steps: number): readonly [number, number] {
    return [1 - this.momentum ** steps, 1 - this.beta2 ** steps];
  }

  protected override updateChunk(recording: Recording, chunk: ChunkOperands, groups: Varying): void {
    const { firstMoment, secondMoment } = this.moments;
    const attributes = {
      count: chunk.parameters.length,
      groups,
      numbers: this.numbers,
      decoupled: this.decoupled,
      epsilonPlacement: this.epsilonPlacement,
    };
    recording.launch(adamKernel, attributes, [
      chunk.gradients.storage,
      chunk.blockGroups.storage,
      chunk.gate.storage,
      chunk.parameters.storage,
      firstMoment.chunks[chunk.index].storage,
      secondMoment.chunks[chunk.index].storage,
    ]);
  }
}

function checked(options: AdamOptions, where: string): AdamOptions {
  refuseUnknownOptions(options, NAMES, where);
  const { betas = DEFAULT_BETAS, epsilon = DEFAULT_EPSILON } = options;
  for (const beta of betas) assertBeta(beta);
  // Without it, an element whose gradients were all 0 would become 0 / 0.
  assertNumber('epsilon', epsilon, epsilon >= 1e-30, 'at least 1e-30');
  return options;
}

function assertBeta(beta: number): void {
  assertNumber('beta', beta, beta >= 0 && beta < 1, 'at least 0 and below 1');
}

/** Adam; weight decay is added to the gradient, as torch.optim.Adam does. */
export function adam(memory: TrainableMemory, options: AdamOptions): Adam {
  return new Adam(memory, options, false);
}

/** AdamW: weight decay is decoupled from the gradient. */
export function adamW(memory: TrainableMemory, options: AdamOptions): Adam {
  return new Adam(memory, options, true);
}
