/**
 * Parameters and buffers: the named arrays of a model. They begin on the host, with initial values, and move
 * to a device when an arena takes them (arena.ts); then operations accept them as tensors.
 */
import type { DType, TypedArray } from '../device/dtype.js';
import { AttuneError } from '../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../option-names.js';
import { currentRecording } from '../program/recording.js';
import type { State } from '../program/state.js';
import { assertShape, type Shape, shapeError, showShape, sizeOf } from './shape.js';
import { Tensor, type TensorSource } from './tensor.js';

/** Initial values, or a function that makes them when they are first needed: loaded weights often come before. */
export type InitialValues = TypedArray | (() => TypedArray);

/** An array of a model that training does not change by gradients: running statistics. */
export class Buffer implements TensorSource {
  readonly shape: Shape;
  /** Host values until an arena takes them; null afterwards, when the device's are the only ones. */
  private values: InitialValues | null;
  private placed: State | null = null;
  private pendingState: State | null = null;

  constructor(values: InitialValues, shape: Shape) {
    assertShape('Parameter', shape); // a layer of -1 outputs
    this.shape = shape;
    this.values = typeof values === 'function' ? values : checked(values, shape);
  }

  get length(): number {
    return sizeOf(this.shape);
  }

  get dtype(): DType {
    return 'float32';
  }

  /** The device memory, once placed. */
  get state(): State | null {
    return this.placed;
  }

  /**
   * Where a training program writes what the end of the step makes true or takes back (ops/update/running-statistics.ts);
   * null for parameters, and when not placed.
   */
  get pending(): State | null {
    return this.pendingState;
  }

  /** Initial values, or those last set, of an array that is on no device. Throws AttuneError 'program' for another. */
  get hostValues(): TypedArray {
    if (this.values === null) {
      throw new AttuneError({
        code: 'program',
        what: `the values of an array of shape ${showShape(this.shape)} are not on the host`,
        hint: 'read them from the device: await array.read()',
      });
    }
    if (typeof this.values === 'function') this.values = checked(this.values(), this.shape);
    return this.values;
  }

  /** Sets the values, on the device as well when placed. */
  set(values: TypedArray): void {
    checked(values, this.shape);
    if (this.placed === null) this.values = values;
    for (const state of [this.placed, this.pendingState]) state?.device.write(state, values);
  }

  /** The values now: the device's when placed. */
  async read(): Promise<TypedArray> {
    return this.placed === null ? this.hostValues : this.placed.device.read(this.placed);
  }

  /** Called by the memory of the model, which has written the values there: the host lets go of them. */
  place(state: State | null, pending: State | null = null): void {
    if (state !== null) this.values = null;
    this.placed = state;
    this.pendingState = pending;
  }

  /** The tensor that reads it: once per program, unless the program has one already (models/export/graph.ts). */
  tensor(): Tensor {
    const recording = currentRecording();
    return recording.once(this, () => {
      const { placed } = this;
      if (placed === null) {
        throw new AttuneError({
          code: 'program',
          what: `a parameter of shape ${showShape(this.shape)} is not on a device`,
          hint: 'call model.to(device) before running the model; one that was closed is to be made anew',
        });
      }
      const parameter = this instanceof Parameter ? this : null;
      return new Tensor(recording, placed.storage, this.shape, null, parameter);
    });
  }
}

/** What else is known of a parameter. */
export interface ParameterOptions {
  /** Whether weight decay is applied to it. Default: to those of more than one dimension, so not to norms and biases. */
  readonly decay?: boolean;
}

const NAMES: OptionNames<ParameterOptions> = { decay: true };

/** An array that training changes by gradients, unless it is frozen. */
export class Parameter extends Buffer {
  /** Whether training may change it. Set through `freeze` and `unfreeze`, which rebuild arenas. */
  trainable = true;
  /** Whether weight decay is applied. */
  readonly decay: boolean;
  private gradientState: State | null = null;

  /** Throws AttuneError 'shape' for values that do not fill the shape, 'usage' for an unknown option. */
  constructor(values: InitialValues, shape: Shape, options: ParameterOptions = {}) {
    super(values, shape);
    refuseUnknownOptions(options, NAMES, 'Parameter');
    this.decay = options.decay ?? shape.length > 1;
  }

  /** Where `backward` adds its gradient; null while frozen or not placed. */
  get gradient(): State | null {
    return this.gradientState;
  }

  /** Called by arenas. */
  placeGradient(state: State | null): void {
    this.gradientState = state;
  }
}

function checked(values: TypedArray, shape: Shape): TypedArray {
  if (values.length !== sizeOf(shape)) {
    throw shapeError(
      'parameter',
      `${values.length} values do not fill shape ${showShape(shape)}`,
      'a shape has as many values as its sizes multiply to',
    );
  }
  return values;
}
