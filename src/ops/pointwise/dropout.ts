/**
 * Dropout (Srivastava et al., 2014), inverted: y = x / (1 - p) where kept, 0 where dropped with probability p.
 *
 * The mask is not stored. Element i is dropped when word i mod 4 of Philox at counter (i / 4, launch, step, 0)
 * under key (seed, dropout) falls below p; the gradient computes the same words again.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { float, type Kernel, type Varying } from '../../device/kernel.js';
import { currentRecording } from '../../program/recording.js';
import { type Generator, PURPOSE, philox, requireGenerator, uniform } from '../../tensor/philox.js';
import { shapeError } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import { asTensor, type Tensor, type TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { flatRange, flatUnits } from '../core/flat.js';

interface DropoutAttributes {
  readonly count: number;
  readonly probability: number;
  readonly launch: number;
  readonly seed: Varying;
  readonly step: Varying;
}

export const dropoutKernel: Kernel<DropoutAttributes> = {
  name: 'dropout',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: {
      // One invocation computes the four elements of one Philox call.
      four: {
        file: 'pointwise/dropout.wgsl',
        libraries: ['grid.wgsl', 'step.wgsl', 'philox.wgsl'],
        constants: { WORKGROUP: POINTWISE_WORKGROUP },
        grid: ({ count }) => flatGrid(Math.ceil(count / 4), POINTWISE_WORKGROUP),
      },
    },
    choose: () => 'four',
    words: ({ count, probability, launch, seed, step }) => [
      count,
      float(probability),
      launch,
      seed.varying,
      step.varying,
      PURPOSE.dropout,
    ],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, y], step: values, begin, end }) {
      const { count, probability, launch, seed, step } = attributes;
      const [first, last] = flatRange(count, begin, end);
      const scale = 1 / (1 - probability);
      // Shaders compare in float32: so every device drops the same elements.
      const threshold = Math.fround(probability);
      for (let i = first; i < last; i += 4) {
        const key = [values[seed.varying], PURPOSE.dropout] as const;
        const words = philox([i / 4, launch, values[step.varying], 0], key);
        for (let lane = 0; lane < 4 && i + lane < last; lane++) {
          y[i + lane] = uniform(words[lane]) < threshold ? 0 : x[i + lane] * scale;
        }
      }
    },
  },
};

type DropoutOperationAttributes = Omit<DropoutAttributes, 'count'>;

export const dropoutOperation: Operation<DropoutOperationAttributes> = {
  name: 'dropout',
  shape({ probability }, [x]) {
    expectDtype('dropout', x, 'float32');
    if (!(probability >= 0 && probability < 1)) {
      throw shapeError(
        'dropout',
        `probability ${probability} is not in [0, 1)`,
        'give the share that is dropped, at least 0 and below 1',
      );
    }
    return x.shape;
  },
  forward: (attributes, [x], shape) => emit(dropoutKernel, { count: x.length, ...attributes }, [x], shape),
  gradient: ({ attributes, inputs: [x], gradient }) => [
    emit(dropoutKernel, { count: x.length, ...attributes }, [gradient], x.shape),
  ],
};

/**
 * `x` with each element set to 0 with `probability`, the others divided by 1 - probability. float32.
 * `random` gives seed and step; the same step gives the same mask.
 */
export function dropout(x: TensorLike, probability: number, random: Generator): Tensor {
  if (probability === 0) return asTensor(x);
  requireGenerator(random);
  const recording = currentRecording();
  // Shared by all dropouts of a program: step values are few.
  const varying = recording.once(random, () => ({
    seed: recording.varying('uint', random.seed),
    step: recording.varying('uint', random.step),
  }));
  const attributes = { probability, launch: recording.nextRandomOrdinal(), ...varying };
  return apply(dropoutOperation, attributes, [x]);
}
