/** Operations whose gradient is still to be written say so when it is asked for. */
import type { NotDifferentiable } from '../tensor/tape.js';

export function notYetDifferentiable(name: string): NotDifferentiable {
  return { notDifferentiable: `the gradient of ${name} is not implemented yet` };
}
