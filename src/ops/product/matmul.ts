/**
 * Matrix product: C = A B, row-major, either factor transposed when read.
 *
 * With G = dL/dC:  dL/dA = G B^T and dL/dB = A^T G. A factor that was read transposed gets the transpose of
 * that, which is the product of the two in the other order; nothing is ever transposed in memory.
 */
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { NO_EPILOGUE } from '../core/epilogue.js';
import { shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { sumTo } from '../shape/broadcast.js';
import { matmulKernel } from './matmul-kernel.js';

/** Which factors are read transposed. */
export interface MatmulOptions {
  /** Read A, stored [..., k, m], as its transpose. */
  readonly transposeA?: boolean;
  /** Read B, stored [..., n, k], as its transpose. */
  readonly transposeB?: boolean;
}

const NAMES: OptionNames<MatmulOptions> = { transposeA: true, transposeB: true };

type Transposes = Required<MatmulOptions>;

/** Sizes of the product; throws when the factors do not fit. */
function sizes({ transposeA, transposeB }: Transposes, a: Tensor, b: Tensor) {
  const rankA = a.shape.length;
  const rankB = b.shape.length;
  const batches = [a.shape, b.shape].flatMap((shape) => (shape.length === 3 ? [shape[0]] : []));
  const [m, kA] = transposeA ? [a.shape[rankA - 1], a.shape[rankA - 2]] : a.shape.slice(-2);
  const [kB, n] = transposeB ? [b.shape[rankB - 1], b.shape[rankB - 2]] : b.shape.slice(-2);
  const ranksFit = (rankA === 2 || rankA === 3) && (rankB === 2 || rankB === 3);
  if (!ranksFit || kA !== kB || (batches.length === 2 && batches[0] !== batches[1])) {
    throw shapeError(
      'matmul',
      `${showShape(a.shape)}${transposeA ? ' transposed' : ''} times ${showShape(b.shape)}${transposeB ? ' transposed' : ''} is not a product`,
      'matrices are [rows, columns], or [batch, rows, columns] with equal batches; inner sizes must agree',
    );
  }
  return { batch: batches[0] ?? 1, m, n, k: kA };
}

export const matmulOperation: Operation<Transposes> = {
  name: 'matmul',
  shape(attributes, [a, b]) {
    expectDtype('matmul', a, 'float32', 'first factor');
    expectDtype('matmul', b, 'float32', 'second factor');
    const { batch, m, n } = sizes(attributes, a, b);
    return a.shape.length === 3 || b.shape.length === 3 ? [batch, m, n] : [m, n];
  },
  forward(attributes, [a, b], shape) {
    const { batch, m, n, k } = sizes(attributes, a, b);
    const full = {
      batch,
      m,
      n,
      k,
      batchStrideA: a.shape.length === 3 ? m * k : 0,
      batchStrideB: b.shape.length === 3 ? k * n : 0,
      epilogue: NO_EPILOGUE,
      ...attributes,
    };
    return emit(matmulKernel, full, [a, b, null, null, null], shape);
  },
  gradient({ attributes: { transposeA, transposeB }, inputs: [a, b], gradient, wanted }) {
    // A factor that all products of a batch share gets the sum over the batch.
    const toA = () =>
      transposeA
        ? matmul(b, gradient, { transposeA: transposeB, transposeB: true })
        : matmul(gradient, b, { transposeB: !transposeB });
    const toB = () =>
      transposeB
        ? matmul(gradient, a, { transposeA: true, transposeB: transposeA })
        : matmul(a, gradient, { transposeA: !transposeA });
    return [wanted[0] ? sumTo(toA(), a.shape) : null, wanted[1] ? sumTo(toB(), b.shape) : null];
  },
};

/**
 * A [m, k] times B [k, n], or a batch of such products [batch, m, k] times [batch, k, n]; a factor without a
 * batch dimension is shared. float32. Throws AttuneError 'shape' when they do not fit, 'usage' for an unknown option.
 */
export function matmul(a: TensorLike, b: TensorLike, options: MatmulOptions = {}): Tensor {
  refuseUnknownOptions(options, NAMES, 'matmul');
  return apply(
    matmulOperation,
    { transposeA: options.transposeA ?? false, transposeB: options.transposeB ?? false },
    [a, b],
  );
}
