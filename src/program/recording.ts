/**
 * Recording: what the body of `device.run` does.
 *
 * Operations append launches to the current recording; nothing is computed. Values that change from run to run (host
 * data, step values) stand beside the launches: what a program is does not depend on them (signature.ts).
 */
import { AttuneError } from '../errors.js';
import type { DType, TypedArray } from '../device/dtype.js';
import { type Kernel, MAX_STEP_VALUES, type StepValue, type Varying } from '../device/kernel.js';
import type { InputStorage, Launch, Storage, TemporaryStorage } from './storage.js';

export class Recording {
  readonly launches: Launch[] = [];
  readonly inputs: InputStorage[] = [];
  readonly stepValues: StepValue[] = [];
  /** One value for each key of `once`: what is to be made a single time per program. */
  private readonly memo = new Map<object, unknown>();
  private storages = 0;
  private random = 0;
  /** False once the body has returned: values of a finished program cannot be used. */
  open = true;

  /** Storage for a launch to write; it lives until its last use. */
  temporary(dtype: DType, length: number): TemporaryStorage {
    return { kind: 'temporary', ordinal: this.storages++, dtype, length };
  }

  /** Storage that holds a copy of host data when the launches run. */
  input(dtype: DType, data: TypedArray): InputStorage {
    const storage: InputStorage = {
      kind: 'input',
      ordinal: this.storages++,
      dtype,
      length: data.length,
      data,
    };
    this.inputs.push(storage);
    return storage;
  }

  /** Appends a launch. Operands stand in the order of the kernel's bindings. */
  // biome-ignore lint/suspicious/noExplicitAny: the kernel narrows its own attributes.
  launch(kernel: Kernel, attributes: any, operands: readonly (Storage | null)[]): void {
    if (operands.length !== kernel.bindings.length) {
      throw new AttuneError({
        code: 'internal',
        what: `kernel ${kernel.name} takes ${kernel.bindings.length} operands, not ${operands.length}`,
      });
    }
    this.launches.push({ kernel, attributes, operands });
  }

  /** A value that kernels read at run time, so that changing it changes no plan. */
  varying(kind: StepValue['kind'], value: number): Varying {
    if (this.stepValues.length === MAX_STEP_VALUES) {
      throw new AttuneError({
        code: 'program',
        what: `a program can hold ${MAX_STEP_VALUES} step values`,
        hint: 'use fewer parameter groups',
      });
    }
    this.stepValues.push({ kind, value });
    return { varying: this.stepValues.length - 1 };
  }

  /** The next ordinal of a random launch: the third word of its Philox counter. */
  nextRandomOrdinal(): number {
    return this.random++;
  }

  /** `make()` the first time that `key` is met in this program, the same value afterwards. */
  once<T>(key: object, make: () => T): T {
    if (!this.memo.has(key)) this.memo.set(key, make());
    return this.memo.get(key) as T;
  }
}

let current: Recording | null = null;

/** The recording of the running body. Throws outside of `device.run`. */
export function currentRecording(): Recording {
  if (current === null) {
    throw new AttuneError({
      code: 'program',
      what: 'an operation was called outside of device.run',
      hint: 'write `await device.run(() => ...)` around it',
    });
  }
  return current;
}

/** Runs `body` with a recording of its own. Throws when one is already open or `body` returns a promise. */
export function record<T>(body: () => T): { recording: Recording; result: T } {
  if (current !== null) {
    throw new AttuneError({
      code: 'program',
      what: 'device.run was called inside the body of another',
      hint: 'return from the first body and await it before the next run',
    });
  }
  const recording = new Recording();
  current = recording;
  try {
    const result = body();
    if (typeof (result as { then?: unknown } | null)?.then === 'function') {
      // What it ends with follows from this mistake; nobody awaits it, and unheard it would end the process.
      Promise.resolve(result).catch(() => {});
      throw new AttuneError({
        code: 'program',
        what: 'the body of device.run returned a promise',
        hint: 'make it synchronous: it only records; await the run itself',
      });
    }
    return { recording, result };
  } finally {
    recording.open = false;
    current = null;
  }
}
