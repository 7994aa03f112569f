/** Entries of operations over flat ranges into the WebAssembly SIMD module (src/device/cpu/simd/pointwise.ts). */
import type { SimdEntry } from '../../device/kernel.js';
import { type SimdArguments, simdEntry } from '../../device/simd-entry.js';
import { type Epilogue, epilogueBits } from '../core/epilogue.js';
import { type FlatAttributes, flatElements, flatRange } from '../core/flat.js';
import * as codes from './pointwise-codes.js';

/** Kernels that the module knows, by their codes. */
const CODES = {
  add: codes.ADD,
  subtract: codes.SUBTRACT,
  multiply: codes.MULTIPLY,
  divide: codes.DIVIDE,
  relu: codes.RELU,
  reluGradient: codes.RELU_GRADIENT,
  relu6: codes.RELU6,
  relu6Gradient: codes.RELU6_GRADIENT,
  abs: codes.ABS,
  negate: codes.NEGATE,
  square: codes.SQUARE,
  sqrt: codes.SQRT,
  maximum: codes.MAXIMUM,
  minimum: codes.MINIMUM,
  exp: codes.EXP,
  /** The derivative of e^x is the output, the first operand. */
  expGradient: codes.MULTIPLY,
  sigmoid: codes.SIGMOID,
  sigmoidGradient: codes.SIGMOID_GRADIENT,
  tanh: codes.TANH,
  tanhGradient: codes.TANH_GRADIENT,
  greaterEqual: codes.GREATER_EQUAL,
  lessEqual: codes.LESS_EQUAL,
  log: codes.LOG,
  hardSigmoid: codes.HARD_SIGMOID,
  hardSigmoidGradient: codes.HARD_SIGMOID_GRADIENT,
  hardSwish: codes.HARD_SWISH,
  hardSwishGradient: codes.HARD_SWISH_GRADIENT,
  quickGelu: codes.QUICK_GELU,
  quickGeluGradient: codes.QUICK_GELU_GRADIENT,
  silu: codes.SILU,
  siluGradient: codes.SILU_GRADIENT,
  erf: codes.ERF,
  erfGradient: codes.ERF_GRADIENT,
} as const;

type Code = (typeof codes)[keyof typeof codes];

function codeOf(kernel: string): Code | undefined {
  return Object.hasOwn(CODES, kernel) ? CODES[kernel as keyof typeof CODES] : undefined;
}

/** { simd } of a kernel y = operation(x) by its name, or {} where the module does not know it. */
export function unarySimd(kernel: string): { readonly simd?: SimdEntry<FlatAttributes> } {
  const code = codeOf(kernel);
  if (code === undefined) return {};
  return { simd: unaryEntry(() => code) };
}

/** { simd } of a kernel y = operation(a, b) on operands of one shape, by its name. */
export function pairSimd(kernel: string): { readonly simd?: SimdEntry<FlatAttributes> } {
  const code = codeOf(kernel);
  if (code === undefined) return {};
  return { simd: pairEntry(() => code) };
}

function unaryEntry<A extends FlatAttributes>(codeFor: (attributes: A) => Code): SimdEntry<A> {
  return simdEntry('pointwise', {
    arguments: (attributes, [x, y], begin, end) => ({
      a: x,
      b: 0,
      y,
      operation: codeFor(attributes),
      ...flatElements(attributes.count, begin, end),
    }),
  });
}

function pairEntry<A extends FlatAttributes>(codeFor: (attributes: A) => Code): SimdEntry<A> {
  return simdEntry('pointwise', {
    arguments: (attributes, [a, b, y], begin, end) => ({
      a,
      b,
      y,
      operation: codeFor(attributes),
      ...flatElements(attributes.count, begin, end),
    }),
  });
}

interface ApproximateAttributes extends FlatAttributes {
  readonly approximate: 'none' | 'tanh';
}

export const geluSimd = unaryEntry(({ approximate }: ApproximateAttributes) =>
  approximate === 'tanh' ? codes.GELU_TANH : codes.GELU,
);

/** Its operands are the input and the gradient of the output. */
export const geluGradientSimd = pairEntry(({ approximate }: ApproximateAttributes) =>
  approximate === 'tanh' ? codes.GELU_TANH_GRADIENT : codes.GELU_GRADIENT,
);

/** Bytes of a step along a run, of which device/cpu/simd/broadcast.ts keeps copies of one number. */
const STEP_BYTES = 512 * 4;

interface BinaryShapes extends FlatAttributes {
  readonly same: boolean;
  readonly shape: readonly number[];
  readonly stridesA: readonly number[];
  readonly stridesB: readonly number[];
}

/** { simd } of a kernel y = operation(a, b) with broadcasting, by its name. */
export function binarySimd<A extends BinaryShapes>(kernel: string): { readonly simd?: SimdEntry<A> } {
  const code = codeOf(kernel);
  if (code === undefined) return {};
  return {
    simd: simdEntry('binary', {
      workspaceBytes: ({ same }) => (same ? 0 : STEP_BYTES),
      arguments(attributes, [a, b, y, scratch], begin, end) {
        const [first, last] = flatRange(attributes.count, begin, end);
        const runs = attributes.same ? NO_RUNS : runsOf(attributes);
        return { a, b, y, first, last, operation: code, scratch, ...runs };
      },
    }),
  };
}

/** Length of the runs, steps of both operands along one, the four inner dimensions before it, five strides of either. */
type Runs = Omit<SimdArguments<'binary'>, keyof SimdArguments<'pointwise'> | 'scratch'>;

function runsOf({ shape, stridesA, stridesB }: BinaryShapes): Runs {
  const runs: { size: number; a: number; b: number }[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    const [size, a, b] = [shape[d], stridesA[d], stridesB[d]];
    const [inner] = runs;
    if (size === 1) continue;
    // One dimension with the next where both operands go on, or stay, across its end.
    if (inner !== undefined && a === inner.a * inner.size && b === inner.b * inner.size) inner.size *= size;
    else runs.unshift({ size, a, b });
  }
  const run = runs.pop() ?? { size: 1, a: 1, b: 1 };
  while (runs.length < 5) runs.unshift({ size: 1, a: 0, b: 0 });
  const [, n1, n2, n3, n4] = runs.map(({ size }) => size);
  const [a0, a1, a2, a3, a4] = runs.map(({ a }) => a);
  const [b0, b1, b2, b3, b4] = runs.map(({ b }) => b);
  return {
    run: run.size,
    stepA: run.a,
    stepB: run.b,
    n1,
    n2,
    n3,
    n4,
    a0,
    a1,
    a2,
    a3,
    a4,
    b0,
    b1,
    b2,
    b3,
    b4,
  };
}

/** For operands of one shape, which the module goes through without runs. */
const NO_RUNS: Runs = { ...runsOf({ count: 0, same: true, shape: [], stridesA: [], stridesB: [] }), run: 0 };

/** total += x. */
export const accumulateSimd: SimdEntry<FlatAttributes> = simdEntry('pointwise', {
  arguments: ({ count }, [x, total], begin, end) => ({
    a: x,
    b: total,
    y: total,
    operation: CODES.add,
    ...flatElements(count, begin, end),
  }),
});

interface ScaleShiftAttributes extends FlatAttributes {
  readonly channels: number;
  readonly epilogue: Epilogue;
}

export const scaleShiftSimd: SimdEntry<ScaleShiftAttributes> = simdEntry('scaleShift', {
  arguments({ count, channels, epilogue }, [x, scale, shift, residual, y], begin, end) {
    const bits = epilogueBits(epilogue);
    return { x, scale, shift, residual, y, channels, bits, ...flatElements(count, begin, end) };
  },
});
