/** How operations record themselves: `apply` for an operation with a node, `emit` for one launch. */
import type { DType } from '../../device/dtype.js';
import type { Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import { assertShape, type Shape, shapeError, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, Tensor, type TensorLike } from '../../tensor/tensor.js';

/** Records an operation: shape rule, forward, node. */
export function apply<A>(operation: Operation<A>, attributes: A, operands: readonly TensorLike[]): Tensor {
  const inputs = operands.map(asTensor);
  const shape = operation.shape(attributes, inputs);
  assertShape(operation.name, shape);
  const result = operation.forward(attributes, inputs, shape);
  return new Tensor(result.recording, result.storage, shape, { operation, attributes, inputs });
}

/**
 * Records one launch whose last operand is a new tensor of `shape`.
 *
 * Attributes that take over others name their own first: `{ count, ...others }`. V8 gives what is copied first and added
 * to then a hidden class of its own at every run; those are no young objects and pile up until all memory is looked
 * through.
 */
export function emit<A>(
  kernel: Kernel<A>,
  attributes: A,
  inputs: readonly (Tensor | null)[],
  shape: Shape,
  dtype: DType = 'float32',
): Tensor {
  const recording = currentRecording();
  const storage = recording.temporary(dtype, sizeOf(shape));
  recording.launch(kernel, attributes, [...inputs.map((input) => input?.storage ?? null), storage]);
  return new Tensor(recording, storage, shape);
}

/** Throws unless the tensor has this dtype. There is no promotion: mixed dtypes are an error. */
export function expectDtype(operation: string, tensor: Tensor, dtype: DType, role = 'operand'): void {
  if (tensor.dtype !== dtype) {
    throw shapeError(
      operation,
      `the ${role} has dtype ${tensor.dtype}, not ${dtype}`,
      'convert it with cast',
    );
  }
}
