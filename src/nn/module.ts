/**
 * Module: a network, or a layer or block of one, with named parameters, buffers and modules of its own.
 *
 * They are found in a module's fields, in the order in which the class declares them: a field `conv1` of a
 * field `layer1` gives `layer1.conv1.weight`. Fields are named as PyTorch names them, so that names in weights
 * files are names here. There is no global mode: what differs in training is an argument of `forward`.
 */
import { conformed, type TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import type { Device } from '../program/device.js';
import { Buffer, Parameter } from '../tensor/parameter.js';
import { type Generator as RandomGenerator, requireGenerator } from '../tensor/philox.js';
import { State } from '../program/state.js';
import { Tensor, type TensorLike, type TensorSource } from '../tensor/tensor.js';
import { ModelMemory } from './memory.js';

/**
 * Given to a forward pass that trains. Without it a pass evaluates: running statistics are used, nothing is
 * dropped, and no random number is consumed.
 */
export interface Training {
  readonly random: RandomGenerator;
  /**
   * Share of this batch in the running statistics, from 0 to 1, in place of each batch norm's own momentum: 1 / n in
   * the n-th of several passes gives the mean of them all, 0 leaves the statistics as they are. Default: each layer's.
   */
  readonly momentum?: number;
}

const TRAINING_NAMES: OptionNames<Training> = { random: true, momentum: true };

/**
 * Checks what JavaScript gives, where `forward(x, false)` and `forward(x, { training: false })` would train: layers that
 * differ in training call it. Throws AttuneError 'usage' for no object or an unknown name, 'program' without generator.
 */
export function requireTraining(training: Training, layer: string): void {
  refuseUnknownOptions(training, TRAINING_NAMES, `${layer}.forward`);
  requireGenerator(training.random);
}

/** A parameter or buffer with its full name, and the module whose field it is. */
export interface NamedArray {
  readonly name: string;
  readonly array: Buffer;
  readonly owner: Module;
  readonly field: string;
}

/** A model that was moved to a device as a whole; shared by all of its modules. `memory` is null when it left. */
interface Placement {
  readonly root: Module;
  memory: ModelMemory | null;
}

/** What a network takes: a tensor, or several by name, such as the ids of a text and its mask. */
export type NetworkInput<T = TensorLike> = T | Readonly<Record<string, T>>;

/** Whether an input is a tensor, and not several by name. */
export function isOneTensor<T extends TensorLike>(x: NetworkInput<T>): x is T {
  return (
    x instanceof State || x instanceof Tensor || typeof (x as TensorSource | null)?.tensor === 'function'
  );
}

/** The tensor of a network that takes one. Throws AttuneError 'usage' for several; `where` is what takes it. */
export function oneTensor<T extends TensorLike>(x: NetworkInput<T>, where: string): T {
  if (isOneTensor(x)) return x;
  throw new AttuneError({
    code: 'usage',
    what: `this takes one tensor, and not ${Object.keys(x ?? {}).join(', ')}`,
    where,
    hint: 'name a network that takes such an input',
  });
}

/** What layers, blocks and models extend. */
export abstract class Module {
  #placement: Placement | null = null;
  #closed = false;

  /** Records the module's computation for one batch. A layer takes a tensor; a network may take several by name. */
  abstract forward(x: NetworkInput, training?: Training): Tensor;

  /** Arrays and modules with their names, in order: by default the fields. */
  members(): Iterable<readonly [name: string, member: unknown]> {
    return Object.entries(this);
  }

  /**
   * How PyTorch lays out the array of a field: its dimension d is dimension axes[d] here. null: as here.
   * State dicts transpose by it.
   */
  torchAxes(_field: string): readonly number[] | null {
    return null;
  }

  /** The modules that are fields of this one. */
  *namedChildren(): Generator<readonly [name: string, child: Module]> {
    for (const [name, member] of this.members()) if (member instanceof Module) yield [name, member];
  }

  /** All parameters and buffers: a module's own first, then those of its children. Throws when the model is closed. */
  *namedArrays(prefix = ''): Generator<NamedArray> {
    if (this.#closed) {
      throw new AttuneError({ code: 'program', what: 'a model was used after it had been closed' });
    }
    for (const [field, array] of this.members()) {
      if (array instanceof Buffer) yield { name: prefix + field, array, owner: this, field };
    }
    for (const [name, child] of this.namedChildren()) yield* child.namedArrays(`${prefix}${name}.`);
  }

  /** Every parameter with its path, in the order of the fields. */
  *namedParameters(): Generator<readonly [name: string, parameter: Parameter]> {
    for (const { name, array } of this.namedArrays()) if (array instanceof Parameter) yield [name, array];
  }

  /** Every array that no gradient changes, such as running statistics, with its path. */
  *namedBuffers(): Generator<readonly [name: string, buffer: Buffer]> {
    for (const { name, array } of this.namedArrays()) if (!(array instanceof Parameter)) yield [name, array];
  }

  /** Every parameter, in the order of the fields. */
  parameters(): Parameter[] {
    return Array.from(this.namedParameters(), ([, parameter]) => parameter);
  }

  /** This module and all modules below it. */
  *modules(): Generator<Module> {
    yield this;
    for (const [, child] of this.namedChildren()) yield* child.modules();
  }

  /**
   * The device memory of the model that this is, or is in: what optimisers take. Freezing, unfreezing
   * and `to` replace it. Throws AttuneError 'program' when the model is not on a device.
   */
  get memory(): ModelMemory {
    const memory = this.#placement?.memory ?? null;
    if (memory === null) {
      throw new AttuneError({
        code: 'program',
        what: 'the model is not on a device',
        hint: 'call `await model.to(device)` first',
      });
    }
    return memory;
  }

  /** Whether the model that this is, or is in, is on a device. */
  get isPlaced(): boolean {
    return (this.#placement?.memory ?? null) !== null;
  }

  /**
   * Moves the whole model to a device, or lays it out there again, as is needed after its head was replaced.
   * Values go along; gradients start at zero. No program of the model may be running. Throws AttuneError
   * 'device' when there is no memory for it: the model keeps its values and is on no device then.
   */
  async to(device: Device): Promise<this> {
    const arrays = this.#arrays();
    await this.#toHost();
    if (arrays.some((array) => array.state !== null)) {
      throw new AttuneError({
        code: 'program',
        what: 'a part of the model is on a device already, as a part of another model',
        hint: 'close that model first, or load its weights into this one',
      });
    }
    const placement = { root: this, memory: new ModelMemory(device, arrays) };
    for (const module of this.modules()) module.#placement = placement;
    return this;
  }

  /** Lays the whole model out again where it is, after a change of what is trainable; nothing when on no device. */
  async rebuildMemory(): Promise<void> {
    if (this.isPlaced) await this.#placement?.root.to(this.memory.device);
  }

  /**
   * The values of all arrays now, from the device where they are on one: float64 on a float64 device, else float32.
   * Views: copy what is to be kept.
   */
  async readValues(): Promise<Map<Buffer, TypedArray>> {
    const arrays = this.#arrays();
    const placed = this.isPlaced ? await this.memory.read() : new Map<Buffer, TypedArray>();
    return new Map(
      arrays.map((array) => [array, placed.get(array) ?? conformed(array.hostValues, 'float32', 'float32')]),
    );
  }

  /** Frees the device memory of the whole model. Neither it nor its values can be used afterwards. */
  close(): void {
    this.#assertWhole();
    this.#leave();
    for (const module of this.modules()) module.#closed = true;
  }

  /** Every parameter and buffer once, in order, also where modules share one. */
  #arrays(): Buffer[] {
    return [...new Set(Array.from(this.namedArrays(), ({ array }) => array))];
  }

  /** Reads the values back and frees the device memory. */
  async #toHost(): Promise<void> {
    this.#assertWhole();
    if (!this.isPlaced) return;
    const values = await this.memory.read();
    this.#leave();
    for (const [array, content] of values) array.set(content);
  }

  #leave(): void {
    this.#placement?.memory?.close();
    if (this.#placement !== null) this.#placement.memory = null;
  }

  #assertWhole(): void {
    if (!this.isPlaced || this.#placement?.root === this) return;
    throw new AttuneError({
      code: 'program',
      what: 'a part of a model cannot be moved or closed alone',
      hint: 'call it on the model that was moved to the device',
    });
  }
}
