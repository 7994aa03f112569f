/** Device memory that outlives programs: counters, moments, running statistics, whole arenas. */
import type { DType } from '../device/dtype.js';
import type { Device } from './device.js';
import type { StateStorage } from './storage.js';

/** A typed array of a device that stays from program to program; made by `device.createState`. */
export class State {
  readonly device: Device;
  readonly storage: StateStorage;
  readonly shape: readonly number[];

  constructor(device: Device, storage: StateStorage, shape: readonly number[]) {
    this.device = device;
    this.storage = storage;
    this.shape = shape;
  }

  get dtype(): DType {
    return this.storage.dtype;
  }

  get length(): number {
    return this.storage.length;
  }
}
