/** Operands for measurements. */
import type { Device } from '../../program/device.js';
import type { State } from '../../program/state.js';

/** A state of small numbers: denormals and infinities would change the time. */
export function filled(device: Device, shape: readonly number[]): State {
  const length = shape.reduce((product, size) => product * size, 1);
  return device.createState(
    shape,
    'float32',
    Float32Array.from({ length }, (_, i) => ((i % 17) - 8) / 64),
  );
}
