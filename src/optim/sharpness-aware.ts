/**
 * Sharpness-aware minimisation (Foret, Kleiner, Mobahi and Neyshabur, ICLR 2021) around any optimiser: the gradient of
 * a step is taken where the loss is highest in a ball of `radius`, to first order,
 *
 *     g(w + e),   e = radius g(w) / |g(w)|
 *
 * so that the step goes to where losses are low all around. Two gradients a step, and memory for one more copy of the
 * weights:
 *
 *     const sharpness = new SharpnessAware(model.memory, 0.05);
 *     const optimizer = sgd(model.memory, { lr: 0.1, parts: [sharpness] });
 *     await device.run(() => backward(loss()));
 *     await device.run(() => sharpness.perturb());
 *     await device.run(() => backward(loss()));
 *     await device.run(() => optimizer.step());
 *
 * The way up follows the gradient of the loss alone; weight decay, L2-SP and clipping belong to the step. The second
 * gradient is that of the same program, with the same random numbers where there are any; running statistics are those
 * of the first, as in the paper's code: what the second does to them is taken back.
 */
import { assign } from '../ops/update/accumulate.js';
import { GATE_LENGTH, updateGate } from '../ops/update/gradient-gate.js';
import { samPerturbationKernel } from '../ops/update/sam-perturbation.js';
import { AttuneError } from '../errors.js';
import { currentRecording } from '../program/recording.js';
import type { State } from '../program/state.js';
import type { Arena } from '../tensor/arena.js';
import { assertNumber, requireMemory, type StepPart, type TrainableMemory } from './optimizer.js';

export class SharpnessAware implements StepPart {
  /** Nothing of it outlives a step. */
  readonly arenas = {};
  readonly radius: number;
  private readonly memory: TrainableMemory;
  /** The weights, and the running statistics, that the step goes on from. */
  private readonly weights: Arena;
  private readonly statistics: Arena | null;
  /** The gate of the first gradient. The optimiser's own counts failed steps, each once. */
  private readonly gate: State;
  private perturbed = false;

  /** `radius` is the paper's rho, above 0. Give it to an optimiser as the first of its parts. */
  constructor(memory: TrainableMemory, radius: number) {
    requireMemory(memory, 'SharpnessAware');
    assertNumber('the radius of sharpness-aware minimisation', radius, radius > 0, 'more than 0');
    this.memory = memory;
    this.radius = radius;
    this.weights = memory.values.like();
    this.statistics = memory.statistics?.pending.like() ?? null;
    this.gate = memory.device.createState([GATE_LENGTH]);
  }

  /** Records the way up from the gradients gathered so far, and clears them: one launch per chunk (ops/update/sam-perturbation.ts). */
  perturb(): void {
    const { values, gradients } = this.memory;
    const recording = currentRecording();
    this.perturbed = true;
    updateGate(gradients.chunks, this.gate, recording.varying('float', 0), recording.varying('uint', 0));
    const radius = recording.varying('float', this.radius);
    values.chunks.forEach((chunk, i) => {
      const operands = [this.gate, chunk, gradients.chunks[i], this.weights.chunks[i]];
      recording.launch(
        samPerturbationKernel,
        { count: chunk.length, radius },
        operands.map(({ storage }) => storage),
      );
    });
    this.forStatistics((pending, kept) => assign(kept, pending));
  }

  before(): void {
    if (!this.perturbed) {
      throw new AttuneError({
        code: 'program',
        what: 'a step of sharpness-aware minimisation needs the gradient of the perturbed weights',
        where: 'optimizer.step',
        hint: 'call perturb() between two backward passes before it',
      });
    }
    this.perturbed = false;
    for (const [i, chunk] of this.memory.values.chunks.entries()) assign(chunk, this.weights.chunks[i]);
    this.forStatistics((pending, kept) => assign(pending, kept));
  }

  close(): void {
    this.weights.close();
    this.statistics?.close();
    this.memory.device.releaseState(this.gate);
  }

  private forStatistics(record: (pending: State, kept: State) => void): void {
    const { statistics, statisticsChange } = this.memory;
    if (statistics === undefined || statisticsChange !== true) return;
    for (const [i, pending] of statistics.pending.chunks.entries()) {
      record(pending, (this.statistics as Arena).chunks[i]);
    }
  }
}
