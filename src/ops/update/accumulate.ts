/** total += x: how backward adds into the gradient arena, and `assign` writes a state. */
import type { Kernel } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import type { State } from '../../program/state.js';
import { sameShape, shapeError, showShape, stridesOf } from '../../tensor/shape.js';
import { asTensor, Tensor, type TensorLike } from '../../tensor/tensor.js';
import { expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { accumulateSimd } from '../pointwise/pointwise-simd.js';
import { copyRegion, emptyTensor } from '../core/strided-copy.js';

export const accumulateKernel: Kernel<FlatAttributes> = {
  name: 'accumulate',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'total', access: 'read_write' },
  ],
  shader: {
    variants: flatVariant<FlatAttributes>('update/accumulate.wgsl', []),
    choose: () => 'flat',
    words: ({ count }) => [count],
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, total], begin, end }) {
      const [first, last] = flatRange(attributes.count, begin, end);
      for (let i = first; i < last; i++) total[i] += x[i];
    },
  },
  simd: accumulateSimd,
};

/** Records `state += x`. Shapes must be equal. */
export function accumulate(state: State, x: TensorLike): void {
  const tensor = asTensor(x);
  assertFits('accumulate', state, tensor);
  expectDtype('accumulate', tensor, 'float32');
  const { storage } = sharesMemory(state, tensor) ? copyOf(tensor) : tensor;
  currentRecording().launch(accumulateKernel, { count: state.length }, [storage, state.storage]);
}

/**
 * Records `state = x`. Shapes and dtypes must be equal. Operations recorded before see the old values, those
 * recorded later the new ones. A state that the body returns, itself or reshaped, is read after the program.
 */
export function assign(state: State, x: TensorLike): void {
  const tensor = asTensor(x);
  assertFits('assign', state, tensor);
  expectDtype('assign', tensor, state.dtype);
  if (tensor.storage === state.storage) return;
  const source = sharesMemory(state, tensor) ? copyOf(tensor) : tensor;
  copyWhole('assign', source, new Tensor(tensor.recording, state.storage, state.shape));
}

/** Whether both lie in one buffer, as the arrays of an arena do: no launch may read and write the same buffer. */
function sharesMemory(state: State, { storage }: Tensor): boolean {
  return storage.kind === 'state' && storage.range.buffer === state.storage.range.buffer;
}

function copyOf(x: Tensor): Tensor {
  const copy = emptyTensor(x.shape, x.dtype);
  copyWhole('assign', x, copy);
  return copy;
}

function copyWhole(operation: string, x: Tensor, out: Tensor): void {
  const region = { strides: stridesOf(x.shape), offset: 0 };
  copyRegion(operation, x, out, x.shape, region, region);
}

function assertFits(operation: string, state: State, tensor: Tensor): void {
  if (!sameShape(state.shape, tensor.shape)) {
    throw shapeError(
      operation,
      `a tensor of shape ${showShape(tensor.shape)} does not fit a state of ${showShape(state.shape)}`,
      'give a state the shape that it is made with',
    );
  }
}
