/**
 * Where a model lives on a device: arenas of its arrays, all in the model's order.
 *
 * Trainable parameters and their gradients have two arenas of one layout, so that an optimiser updates them
 * chunk by chunk; frozen parameters and buffers (running statistics) have one each. A change of what is
 * trainable makes a new memory: see Module.to.
 */
import type { TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import { GATE, GATE_LENGTH, updateGate } from '../ops/update/gradient-gate.js';
import { commitStatistics } from '../ops/update/running-statistics.js';
import type { Device } from '../program/device.js';
import { currentRecording } from '../program/recording.js';
import type { State } from '../program/state.js';
import { Arena } from '../tensor/arena.js';
import { type Buffer, Parameter } from '../tensor/parameter.js';

/** What optimisers take: `sgd(model.memory, ...)`. */
export class ModelMemory {
  readonly device: Device;
  /** Trainable parameters, in the order of `values` and `gradients`. */
  readonly parameters: readonly Parameter[];
  readonly values: Arena;
  readonly gradients: Arena;
  private readonly frozen: Arena;
  /** Running statistics, and the pending copy that a step writes before they become true. */
  readonly statistics: { readonly committed: Arena; readonly pending: Arena };
  /** Whether a program has been recorded that updates running statistics: then every step commits them. */
  statisticsChange = false;
  /** Says whether the pending statistics are finite; made when `commitStatistics` is first called. */
  private statisticsGate: { readonly state: State; unwatch(): void } | null = null;
  /** Every array with the arena that holds it, at its place in that arena. */
  private readonly contents: readonly (readonly [arena: Arena, arrays: readonly Buffer[]])[];

  /** Allocates arenas for `arrays`, fills them with the host values, and places the arrays there. */
  constructor(device: Device, arrays: readonly Buffer[]) {
    const parameters = arrays.filter((array) => array instanceof Parameter);
    const frozen = parameters.filter((parameter) => !parameter.trainable);
    const buffers = arrays.filter((array) => !(array instanceof Parameter));
    this.device = device;
    this.parameters = parameters.filter((parameter) => parameter.trainable);
    const made: Arena[] = [];
    try {
      for (const group of [this.parameters, this.parameters, frozen, buffers, buffers]) {
        made.push(
          new Arena(
            device,
            group.map((array) => array.shape),
          ),
        );
      }
    } catch (error) {
      for (const arena of made) arena.close();
      throw error;
    }
    const [values, gradients, frozenArena, committed, pending] = made;
    this.values = values;
    this.gradients = gradients;
    this.frozen = frozenArena;
    this.statistics = { committed, pending };
    this.contents = [
      [this.values, this.parameters],
      [this.frozen, frozen],
      [committed, buffers],
    ];
    for (const [arena, group] of [...this.contents, [pending, buffers] as const]) upload(arena, group);
    for (const [arena, group] of this.contents) {
      for (const [i, array] of group.entries()) array.place(arena.view(i));
    }
    for (const [i, buffer] of buffers.entries()) buffer.place(committed.view(i), pending.view(i));
    for (const [i, parameter] of this.parameters.entries()) parameter.placeGradient(this.gradients.view(i));
  }

  /** Bytes of device memory, gradients included. */
  get bytes(): number {
    return this.arenas().reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** The values of all arrays after the programs that were started before. They are views of larger blocks. */
  async read(): Promise<Map<Buffer, TypedArray>> {
    const values = new Map<Buffer, TypedArray>();
    for (const [arena, group] of this.contents) {
      const arrays = await arena.read();
      group.forEach((array, i) => {
        values.set(array, arrays[i]);
      });
    }
    return values;
  }

  /** Records that the pending statistics become true, where all are finite; see updateStatistics (statistics.ts). */
  commitStatistics(): void {
    const recording = currentRecording();
    const { committed, pending } = this.statistics;
    this.statisticsGate ??= watchStatistics(this.device);
    const { state } = this.statisticsGate;
    updateGate(pending.chunks, state, recording.varying('float', 0), recording.varying('uint', 0));
    for (const [i, chunk] of pending.chunks.entries()) commitStatistics(state, chunk, committed.chunks[i]);
  }

  /** Frees the arenas. The arrays are on no device afterwards; what they held there is gone unless read before. */
  close(): void {
    for (const [, group] of this.contents) for (const array of group) array.place(null);
    for (const parameter of this.parameters) parameter.placeGradient(null);
    for (const arena of this.arenas()) arena.close();
    this.statisticsGate?.unwatch();
    if (this.statisticsGate !== null) this.device.releaseState(this.statisticsGate.state);
  }

  private arenas(): Arena[] {
    return [this.values, this.gradients, this.frozen, this.statistics.committed, this.statistics.pending];
  }
}

/** Writes the arrays' host values, one by one: a copy of them all would take as much memory again. */
function upload(arena: Arena, arrays: readonly Buffer[]): void {
  for (const [i, array] of arrays.entries()) arena.device.write(arena.view(i), array.hostValues);
}

/** A gate whose failures the next read of the device tells, each once. */
function watchStatistics(device: Device): { readonly state: State; unwatch(): void } {
  const state = device.createState([GATE_LENGTH]);
  let told = 0;
  const unwatch = device.watch(state, (values) => {
    if (values[GATE.failures] === told) return null;
    told = values[GATE.failures];
    return new AttuneError({
      code: 'numeric',
      what: 'statistics of a batch are not finite; no running statistic was changed by them',
      where: 'updateStatistics',
      hint: 'look for broken values in the batch, or in the weights',
    });
  });
  return { state, unwatch };
}
