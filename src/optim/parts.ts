/**
 * What a step of any optimiser can be extended by: parts that each do one thing before or after the update (`StepPart`), and
 * how a loop asks them what it does around the step.
 */
import { pullToStartKernel } from '../ops/update/pull-to-start.js';
import { copyRegion, emptyTensor } from '../ops/core/strided-copy.js';
import { weightAverageKernel } from '../ops/update/weight-average.js';
import { assign } from '../ops/update/accumulate.js';
import type { Arena } from '../tensor/arena.js';
import { stridesOf } from '../tensor/shape.js';
import { asTensor } from '../tensor/tensor.js';
import {
  assertNumber,
  type Optimizer,
  type PartStep,
  recordAll,
  requireMemory,
  type StepPart,
  type TrainableMemory,
} from './optimizer.js';

/**
 * L2-SP: the penalty pull / 2 |w - start|^2 of every group that has a `pull`, towards the weights of the first step
 * (ops/update/pull-to-start.ts).
 */
export class PullToStart implements StepPart {
  readonly arenas: { readonly start: Arena };
  private readonly memory: TrainableMemory;

  constructor(memory: TrainableMemory) {
    requireMemory(memory, 'PullToStart');
    this.memory = memory;
    this.arenas = { start: memory.values.like() };
  }

  before({ recording, step, groups, blockGroups }: PartStep): void {
    const { values, gradients } = this.memory;
    const { start } = this.arenas;
    if (step === 1) for (const [i, chunk] of values.chunks.entries()) assign(start.chunks[i], chunk);
    const pulls = recordAll(
      recording,
      'float',
      groups.map(({ name, pull = 0 }) => {
        assertNumber(`pull of group ${name}`, pull, pull >= 0, 'at least 0');
        return pull;
      }),
    );
    values.chunks.forEach((chunk, i) => {
      recording.launch(pullToStartKernel, { count: chunk.length, pulls }, [
        blockGroups[i].storage,
        chunk.storage,
        start.chunks[i].storage,
        gradients.chunks[i].storage,
      ]);
    });
  }
}

/**
 * The exponential moving average of the weights (ops/update/weight-average.ts), beginning with those of the first step. The
 * decay of step t is min(decay, (1 + t) / (10 + t)), TensorFlow's, so that the average is not held back by the start.
 * Running statistics are none of it: they are averages already.
 */
export class WeightAverage implements StepPart {
  readonly arenas: { readonly average: Arena };
  readonly decay: number;
  private readonly memory: TrainableMemory;

  constructor(memory: TrainableMemory, decay: number) {
    requireMemory(memory, 'WeightAverage');
    assertNumber('the decay of the average', decay, decay >= 0 && decay < 1, 'at least 0 and below 1');
    this.memory = memory;
    this.decay = decay;
    this.arenas = { average: memory.values.like() };
  }

  after({ recording, step, gate }: PartStep): void {
    const decay = step === 1 ? 0 : Math.min(this.decay, (1 + step) / (10 + step));
    const share = recording.varying('float', 1 - decay);
    this.memory.values.chunks.forEach((chunk, i) => {
      const { storage } = this.arenas.average.chunks[i];
      recording.launch(weightAverageKernel, { count: chunk.length, share }, [
        gate.storage,
        chunk.storage,
        storage,
      ]);
    });
  }

  /** Records that weights and average change places: once to evaluate the average, once more to go on. */
  swap(): void {
    this.memory.values.chunks.forEach((chunk, i) => {
      const average = this.arenas.average.chunks[i];
      const kept = emptyTensor(chunk.shape, 'float32');
      const whole = { strides: stridesOf(chunk.shape), offset: 0 };
      copyRegion('swap', asTensor(chunk), kept, chunk.shape, whole, whole);
      assign(chunk, average);
      assign(average, kept);
    });
  }
}

/**
 * Gathers the gradients of a step, and gives what the first pass over the batch gives. `pass` starts one; it is called again
 * for every part that perturbs the weights.
 */
export async function gatherGradients<T>(
  { parts, memory }: Pick<Optimizer, 'parts' | 'memory'>,
  pass: () => Promise<T>,
): Promise<T> {
  const first = pass();
  const others = parts
    .filter(({ perturb }) => perturb !== undefined)
    .flatMap((part) => [memory.device.run(() => void part.perturb?.()), pass()]);
  await Promise.all([first, ...others]);
  return first;
}

/** Does `work` with the weights that are validated and exported: where parts have others than those that are trained, these. */
export async function withValidatedWeights(
  { parts, memory, steps }: Pick<Optimizer, 'parts' | 'memory' | 'steps'>,
  work: () => Promise<void>,
): Promise<void> {
  const lenders = parts.filter(({ swap }) => swap !== undefined);
  // Before the first step there are no others yet.
  if (lenders.length === 0 || steps === 0) return work();
  const swapAll = (inOrder: readonly StepPart[]) =>
    memory.device.run(() => {
      for (const part of inOrder) part.swap?.();
    });
  await swapAll(lenders);
  try {
    await work();
  } finally {
    await swapAll(lenders.toReversed());
  }
}
