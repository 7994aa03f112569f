/**
 * What optimisers share: parameter groups, the gate before an update, and one launch per chunk.
 *
 * An update is a program of its own: `await device.run(() => optimizer.step())`. Rates, decays and counters are
 * step values, so changing them changes no plan. The gate (ops/update/gradient-gate.ts) keeps a step whose gradients
 * are not finite from changing anything; the next read of the device then throws.
 */
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { StepValue, Varying } from '../device/kernel.js';
import { fillKernel } from '../ops/core/constant.js';
import { GATE, GATE_LENGTH, updateGate } from '../ops/update/gradient-gate.js';
import { FIRST_SCALE, SCALING_LENGTH, updateLossScale } from '../ops/update/loss-scale.js';
import { commitStatistics } from '../ops/update/running-statistics.js';
import type { Device } from '../program/device.js';
import { currentRecording, type Recording } from '../program/recording.js';
import type { State } from '../program/state.js';
import { type Arena, BLOCK } from '../tensor/arena.js';
import type { Parameter } from '../tensor/parameter.js';

/** The trainable part of a model on a device: parameters, and two arenas of one layout in their order. */
export interface TrainableMemory {
  readonly device: Device;
  readonly parameters: readonly Parameter[];
  readonly values: Arena;
  readonly gradients: Arena;
  /** Running statistics with their pending copy; a step makes the copy true, or takes it back. */
  readonly statistics?: { readonly committed: Arena; readonly pending: Arena };
  /** Whether any program updates them. */
  readonly statisticsChange?: boolean;
}

/** Parameters that share a learning rate and a weight decay. Both may be changed between steps. */
export interface ParameterGroup {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  lr: number;
  weightDecay: number;
  /** Strength of the pull to the first step's weights, where the part PullToStart is there. Default 0. */
  pull?: number;
  /** Steps that the optimiser had made when the group joined it: Adam's corrections count from there. Default 0. */
  readonly joinedAt?: number;
}

const GROUP_NAMES: OptionNames<ParameterGroup> = {
  name: true,
  parameters: true,
  lr: true,
  weightDecay: true,
  pull: true,
  joinedAt: true,
};

/** The step that a part takes part in. */
export interface PartStep {
  readonly recording: Recording;
  /** Counted from 1. */
  readonly step: number;
  readonly groups: readonly ParameterGroup[];
  /** Group of every 64 elements, one table per chunk. */
  readonly blockGroups: readonly State[];
  readonly gate: State;
}

/** A part of a step; its hooks are called in this order. `optimizer.close()` closes its arenas, too, and the part. */
export interface StepPart {
  /** What a checkpoint stores of it, by name; laid out as the parameters are. One that joins later has its value there. */
  readonly arenas: Readonly<Record<string, Arena>>;
  /**
   * Records the way to other weights, where the gradients are gathered once more, and clears those gathered so far. A step
   * has one pass over its batch, and another for each part with this hook.
   */
  perturb?(): void;
  /** Records what comes before the gate sees the gradients. */
  before?(step: PartStep): void;
  /** Records what comes after the update. */
  after?(step: PartStep): void;
  /**
   * Records that the weights change places with others, which are validated and exported for them; called once more to go
   * on.
   */
  swap?(): void;
  /** Gives back what it holds beside its arenas. */
  close?(): void;
}

/** Settings that all optimisers have. */
export interface OptimizerOptions {
  /** Learning rate of every parameter, when there are no groups. */
  readonly lr?: number;
  /** Weight decay of every parameter, when there are no groups. Default 0. */
  readonly weightDecay?: number;
  /** Groups that together hold every trainable parameter once. */
  readonly groups?: readonly ParameterGroup[];
  /** The largest norm of all gradients; a larger one is scaled down to it. Default: no limit. */
  readonly maxGradientNorm?: number;
  /** What else a step does. Default: nothing. */
  readonly parts?: readonly StepPart[];
  /** Keeps a loss scale for `backward` (ops/update/loss-scale.ts). Default: where the device's precision is mixed. */
  readonly lossScaling?: boolean;
}

/** The names of all of them. */
export const OPTIMIZER_NAMES: OptionNames<OptimizerOptions> = {
  lr: true,
  weightDecay: true,
  groups: true,
  maxGradientNorm: true,
  parts: true,
  lossScaling: true,
};

/** What every optimiser can do: record a step, clear gradients, keep moments. */
export abstract class Optimizer {
  readonly memory: TrainableMemory;
  readonly groups: readonly ParameterGroup[];
  /** Steps recorded so far; stored by checkpoints. */
  steps = 0;
  readonly parts: readonly StepPart[];
  private readonly maxGradientNorm: number;
  private readonly gate: State;
  /** The last step whose gradients were not finite, as far as errors have told; null when all were. */
  lastFailedStep: number | null = null;
  /** Failures of the gate that an error has told of. */
  private failuresTold = 0;
  /** [scale, steps since it changed, steps left out], for `lossScaleOf`; null without loss scaling. Checkpoints store it. */
  readonly scaling: State | null;
  /** Group of every 64 elements, one table per chunk. */
  private readonly blockGroups: readonly State[];
  private readonly unwatch: () => void;

  protected constructor(memory: TrainableMemory, options: OptimizerOptions) {
    requireMemory(memory, 'an optimiser');
    this.memory = memory;
    this.groups = resolveGroups(memory, options);
    this.parts = options.parts ?? [];
    this.maxGradientNorm = options.maxGradientNorm ?? 0;
    assertNumber('maxGradientNorm', this.maxGradientNorm, this.maxGradientNorm >= 0, 'at least 0');
    this.assertRates();
    this.blockGroups = groupTables(memory, this.groups);
    this.gate = memory.device.createState([GATE_LENGTH]);
    this.scaling =
      (options.lossScaling ?? memory.device.mixed)
        ? memory.device.createState([SCALING_LENGTH], 'float32', Float32Array.of(FIRST_SCALE, 0, 0))
        : null;
    this.unwatch = memory.device.watch(this.gate, (values) => this.checkGate(values));
  }

  /** How much of the last direction is kept: SGD's momentum, Adam's beta1. May be changed between steps. */
  abstract momentum: number;

  /** Moments, by name. */
  abstract readonly moments: Readonly<Record<string, Arena>>;

  /** What a checkpoint stores beside the parameters, by name: moments, and what parts keep. */
  get arenas(): Readonly<Record<string, Arena>> {
    return Object.assign({}, this.moments, ...this.parts.map(({ arenas }) => arenas));
  }

  /** Records the update of one chunk. `groups` is the step value of the first group's rate. */
  protected abstract updateChunk(recording: Recording, chunk: ChunkOperands, groups: Varying): void;
  /** Records the step values that `updateChunk` uses, after the groups'. */
  protected abstract recordNumbers(recording: Recording): void;

  /** Rate and decay of a group as `updateChunk` takes them. */
  protected groupNumbers({ lr, weightDecay }: ParameterGroup): readonly [rate: number, decay: number] {
    return [lr, weightDecay];
  }

  /** Records one update of all parameters from the gradients gathered so far. */
  step(): void {
    const recording = currentRecording();
    this.assertRates();
    this.steps++;
    const { steps: step, groups: all, blockGroups, gate } = this;
    const partStep = { recording, step, groups: all, blockGroups, gate };
    for (const part of this.parts) part.before?.(partStep);
    const limit = recording.varying('float', this.maxGradientNorm);
    updateGate(this.memory.gradients.chunks, this.gate, limit, recording.varying('uint', this.steps));
    if (this.scaling !== null) updateLossScale(this.gate, this.scaling);
    const groups = recordAll(
      recording,
      'float',
      this.groups.flatMap((group) => this.groupNumbers(group)),
    );
    this.recordNumbers(recording);
    this.memory.values.chunks.forEach((parameters, i) => {
      const gradients = this.memory.gradients.chunks[i];
      const operands = { index: i, parameters, gradients, blockGroups: this.blockGroups[i], gate: this.gate };
      this.updateChunk(recording, operands, groups);
    });
    for (const part of this.parts) part.after?.(partStep);
    this.commitStatistics();
  }

  /** Ends the step for the running statistics, as for the parameters: only when the gradients were finite. */
  private commitStatistics(): void {
    const { statistics, statisticsChange } = this.memory;
    if (statistics === undefined || statisticsChange !== true) return;
    statistics.pending.chunks.forEach((pending, i) => {
      commitStatistics(this.gate, pending, statistics.committed.chunks[i]);
    });
  }

  /** Records setting all gradients to zero: once per update, before the first `backward`. */
  zeroGradients(): void {
    const recording = currentRecording();
    for (const chunk of this.memory.gradients.chunks) {
      recording.launch(fillKernel, { count: chunk.length, value: 0 }, [chunk.storage]);
    }
  }

  /** The norm of the gradients at the last step, before scaling; 0 before the first. */
  async gradientNorm(): Promise<number> {
    return (await this.memory.device.read(this.gate))[GATE.norm];
  }

  /** So many arenas of the values' layout. Where the device has no memory for one of them, nothing of the optimiser stays. */
  protected likeValues(count: number): Arena[] {
    const made: Arena[] = [];
    try {
      while (made.length < count) made.push(this.memory.values.like());
      return made;
    } catch (error) {
      for (const arena of made) arena.close();
      this.close();
      throw error;
    }
  }

  /** Gives the optimiser's device memory back. */
  close(): void {
    this.unwatch();
    for (const state of [this.gate, this.scaling, ...this.blockGroups])
      if (state !== null) this.memory.device.releaseState(state);
    for (const arena of Object.values(this.arenas)) arena.close();
    for (const part of this.parts) part.close?.();
  }

  /** The gate sees gradients only; a rate that is no number would pass it and spoil every weight. */
  private assertRates(): void {
    for (const { name, lr, weightDecay } of this.groups) {
      assertNumber(`lr of group ${name}`, lr, lr >= 0, 'at least 0');
      assertNumber(`weightDecay of group ${name}`, weightDecay, weightDecay >= 0, 'at least 0');
    }
  }

  private checkGate(values: ArrayLike<number>): AttuneError | null {
    const failures = values[GATE.failures] - this.failuresTold;
    if (failures === 0) return null;
    // Each failure is told once: the run may go on with other batches.
    this.failuresTold += failures;
    this.lastFailedStep = values[GATE.lastFailure];
    const which = failures === 1 ? 'step' : `${failures} steps, the last of them step`;
    return new AttuneError({
      code: 'numeric',
      what: `the gradients of ${which} ${this.lastFailedStep} are not finite; nothing was changed by them`,
      where: `gradient norm ${values[GATE.norm]}`,
      hint: 'lower the learning rate, or look for broken values in the batch',
    });
  }
}

/** What the update of one chunk reads and writes. */
export interface ChunkOperands {
  readonly index: number;
  readonly parameters: State;
  readonly gradients: State;
  readonly blockGroups: State;
  readonly gate: State;
}

/** Throws unless `valid` holds and the number is finite. */
export function assertNumber(name: string, value: number, valid: boolean, expected: string): void {
  if (valid && Number.isFinite(value)) return;
  throw new AttuneError({
    code: 'program',
    what: `${name} is ${value}`,
    hint: `a number of ${expected} is expected`,
  });
}

/** Records several step values one after another; the first stands for them all. */
export function recordAll(recording: Recording, kind: StepValue['kind'], values: readonly number[]): Varying {
  const [first] = values.map((value) => recording.varying(kind, value));
  return first;
}

/** Checks memory given from JavaScript, where PyTorch's users give parameters, or the model: throws AttuneError 'usage'. */
export function requireMemory(given: TrainableMemory, taker: string): void {
  if (Array.isArray(given?.parameters) && given.values !== undefined && given.gradients !== undefined) return;
  throw new AttuneError({
    code: 'usage',
    what: `${taker} takes the memory of a model that is on a device, and was given something else`,
    hint: 'write model.memory, after await model.to(device); groups of parameters are its option groups',
  });
}

function resolveGroups(memory: TrainableMemory, options: OptimizerOptions): readonly ParameterGroup[] {
  if (memory.parameters.length === 0) {
    throw new AttuneError({
      code: 'program',
      what: 'there is no trainable parameter to optimise',
      hint: 'unfreeze part of the model',
    });
  }
  if (options.groups === undefined) {
    if (options.lr === undefined) {
      throw new AttuneError({
        code: 'program',
        what: 'an optimiser needs a learning rate',
        hint: 'give lr, or groups',
      });
    }
    const { lr, weightDecay = 0 } = options;
    return [{ name: 'all', parameters: memory.parameters, lr, weightDecay }];
  }
  for (const [i, group] of options.groups.entries()) refuseUnknownOptions(group, GROUP_NAMES, `groups[${i}]`);
  const counts = new Map<Parameter, number>(memory.parameters.map((parameter) => [parameter, 0]));
  for (const group of options.groups) {
    for (const parameter of group.parameters) counts.set(parameter, (counts.get(parameter) ?? 2) + 1);
  }
  if ([...counts.values()].some((count) => count !== 1)) {
    throw new AttuneError({
      code: 'program',
      what: 'parameter groups do not hold every trainable parameter exactly once',
      where: options.groups.map((group) => group.name).join(', '),
    });
  }
  return options.groups;
}

/** The padding behind an array belongs to the array's group: it is zero and stays zero. */
function groupTables(memory: TrainableMemory, groups: readonly ParameterGroup[]): State[] {
  const tables = memory.values.chunks.map((chunk) => new Uint32Array(chunk.length / BLOCK));
  const groupOf = new Map<Parameter, number>();
  groups.forEach((group, index) => {
    for (const parameter of group.parameters) groupOf.set(parameter, index);
  });
  memory.parameters.forEach((parameter, i) => {
    const { chunk, offset, length } = memory.values.places[i];
    tables[chunk].fill(
      groupOf.get(parameter) as number,
      offset / BLOCK,
      Math.ceil((offset + length) / BLOCK),
    );
  });
  return tables.map((table) => memory.device.createState([table.length], 'uint32', table));
}
