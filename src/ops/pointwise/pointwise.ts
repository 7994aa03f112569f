/**
 * What all pointwise operations share: the loop. An operation's own file holds its function, and its shader
 * file the same function in WGSL; shaders/lib/pointwise-*.wgsl has the loop, so that a kernel is a
 * concatenation of the two.
 */
import type { Kernel, Word } from '../../device/kernel.js';
import { broadcastShapes, broadcastStrides, sameShape, type Shape, sizeOf } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { binarySimd, pairSimd, unarySimd } from './pointwise-simd.js';
import { padFront, padWords, stridedIndex } from '../core/strided.js';

/** An operation on one tensor, element by element. */
export interface UnaryDefinition<Name extends string> {
  readonly name: Name;
  readonly forward: (x: number) => number;
  /** The derivative, from the input or from the output: only that tensor is kept for the gradient. */
  readonly derivative: (value: number) => number;
  readonly from: 'input' | 'output';
  /** Whether a mixed-precision program may keep operands and results as float16. Default: no. */
  readonly half?: boolean;
  /** What its shader needs of shaders/lib beside is-nan.wgsl. Default: nothing. */
  readonly libraries?: readonly string[];
}

/** The function that users call, with what it is made of: two kernels, forward and gradient = dy * derivative. */
export interface UnaryOperation<Name extends string> {
  (x: TensorLike): Tensor;
  readonly definition: UnaryDefinition<Name>;
  readonly operation: Operation<null>;
  readonly forwardKernel: Kernel<FlatAttributes>;
  readonly gradientKernel: Kernel<FlatAttributes>;
}

/** Builds a unary operation. Its shader is shaders/pointwise/<name>.wgsl with `fn forward(x)` and `fn derivative(value)`. */
export function unary<Name extends string>(definition: UnaryDefinition<Name>): UnaryOperation<Name> {
  const { name, forward, derivative, from, half = false, libraries = [] } = definition;
  const shader = (library: string) => ({
    variants: flatVariant<FlatAttributes>(`pointwise/${kebab(name)}.wgsl`, [
      'is-nan.wgsl',
      ...libraries,
      library,
    ]),
    choose: () => 'flat',
    words: ({ count }: FlatAttributes): Word[] => [count],
  });
  const forwardKernel: Kernel<FlatAttributes> = {
    name,
    bindings: [
      { name: 'x', access: 'read', half },
      { name: 'y', access: 'write', half },
    ],
    shader: shader('pointwise-unary.wgsl'),
    cpu: {
      units: flatUnits,
      elementwise: () => true,
      run({ attributes, operands: [x, y], begin, end }) {
        const [first, last] = flatRange(attributes.count, begin, end);
        for (let i = first; i < last; i++) y[i] = forward(x[i]);
      },
    },
    ...unarySimd(name),
  };
  const gradientKernel: Kernel<FlatAttributes> = {
    name: `${name}Gradient`,
    bindings: [
      { name: 'value', access: 'read', half },
      { name: 'dy', access: 'read', half },
      { name: 'dx', access: 'write', half },
    ],
    shader: shader('pointwise-unary-gradient.wgsl'),
    cpu: {
      units: flatUnits,
      elementwise: () => true,
      run({ attributes, operands: [value, dy, dx], begin, end }) {
        const [first, last] = flatRange(attributes.count, begin, end);
        for (let i = first; i < last; i++) dx[i] = dy[i] * derivative(value[i]);
      },
    },
    ...pairSimd(`${name}Gradient`),
  };
  const operation: Operation<null> = {
    name,
    shape(_, [x]) {
      expectDtype(name, x, 'float32');
      return x.shape;
    },
    forward: (_, [x], shape) => emit(forwardKernel, { count: x.length }, [x], shape),
    gradient: ({ inputs: [x], output, gradient }) => [
      emit(gradientKernel, { count: x.length }, [from === 'input' ? x : output, gradient], x.shape),
    ],
  };
  return Object.assign((x: TensorLike) => apply(operation, null, [x]), {
    definition,
    operation,
    forwardKernel,
    gradientKernel,
  });
}

/** Attributes of a binary kernel; the padded lists have six entries, leading ones 1 and 0. */
export interface BinaryAttributes extends FlatAttributes {
  readonly same: boolean;
  readonly shape: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
}

export function binaryAttributes(a: Shape, b: Shape, shape: Shape): BinaryAttributes {
  const same = sameShape(a, b);
  return {
    count: sizeOf(shape),
    same,
    // Equal shapes need no index arithmetic, and their plans should not differ by shape.
    shape: same ? [] : padFront(shape, 1),
    stridesA: same ? [] : padFront(broadcastStrides(a, shape), 0),
    stridesB: same ? [] : padFront(broadcastStrides(b, shape), 0),
  };
}

/**
 * The forward kernel of a binary operation. Its shader is shaders/pointwise/<name>.wgsl with `fn forward(a, b)`. `half`: whether
 * a mixed-precision program may keep operands and result as float16; `needed`: what the shader needs of shaders/lib beside
 * is-nan.wgsl.
 */
export function binaryKernel(
  name: string,
  forward: (a: number, b: number) => number,
  half = false,
  needed: readonly string[] = [],
): Kernel<BinaryAttributes> {
  const file = `pointwise/${kebab(name)}.wgsl`;
  const { flat } = flatVariant<BinaryAttributes>(file, ['is-nan.wgsl', ...needed, 'pointwise-binary.wgsl']);
  return {
    name,
    bindings: [
      { name: 'a', access: 'read', half },
      { name: 'b', access: 'read', half },
      { name: 'y', access: 'write', half },
    ],
    shader: {
      variants: {
        same: { ...flat, suits: ({ same }) => same },
        broadcast: {
          ...flat,
          libraries: [
            'grid.wgsl',
            'is-nan.wgsl',
            ...needed,
            'strided.wgsl',
            'pointwise-binary-broadcast.wgsl',
          ],
        },
      },
      choose: ({ same }) => (same ? 'same' : 'broadcast'),
      words: ({ count, same, shape, stridesA, stridesB }) =>
        same ? [count] : [count, 0, 0, 0, ...padWords(shape), ...padWords(stridesA), ...padWords(stridesB)],
    },
    cpu: {
      units: flatUnits,
      elementwise: ({ same }) => same,
      run({ attributes, operands: [a, b, y], begin, end }) {
        const [first, last] = flatRange(attributes.count, begin, end);
        if (attributes.same) {
          for (let i = first; i < last; i++) y[i] = forward(a[i], b[i]);
          return;
        }
        const { shape, stridesA, stridesB } = attributes;
        for (let i = first; i < last; i++) {
          y[i] = forward(a[stridedIndex(i, shape, stridesA)], b[stridedIndex(i, shape, stridesB)]);
        }
      },
    },
    ...binarySimd(name),
  };
}

/** The operation around a binary kernel; `gradient` gives both inputs' gradients, already of their shapes. */
export function binaryOperation(
  kernel: Kernel<BinaryAttributes>,
  gradient: Operation<null>['gradient'],
): Operation<null> {
  return {
    name: kernel.name,
    shape(_, [a, b]) {
      expectDtype(kernel.name, a, 'float32', 'first operand');
      expectDtype(kernel.name, b, 'float32', 'second operand');
      return broadcastShapes(kernel.name, a.shape, b.shape);
    },
    forward: (_, [a, b], shape) => emit(kernel, binaryAttributes(a.shape, b.shape, shape), [a, b], shape),
    gradient,
  };
}

/** `meanSquare` -> `mean-square`: file names of shaders. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
