/** Entries of operations over flat ranges into the WebAssembly SIMD module (src/device/cpu/simd/pointwise.ts). */
import type { SimdEntry } from '../device/kernel.js';
import { type Epilogue, epilogueBits } from './epilogue.js';
import { type FlatAttributes, flatRange } from './flat.js';

/** The operations that the module knows, by their codes in simd/pointwise.ts. */
const CODES = {
  add: 0,
  subtract: 1,
  multiply: 2,
  divide: 3,
  relu: 4,
  reluGradient: 5,
  relu6: 6,
  relu6Gradient: 7,
  abs: 8,
  negate: 9,
  square: 10,
  sqrt: 11,
  maximum: 12,
  minimum: 13,
  exp: 14,
  /** The derivative of e^x is the output, the first operand. */
  expGradient: 2,
  sigmoid: 15,
  sigmoidGradient: 16,
  tanh: 17,
  tanhGradient: 18,
} as const;

type Code = (typeof CODES)[keyof typeof CODES];

function codeOf(kernel: string): Code | undefined {
  return Object.hasOwn(CODES, kernel) ? CODES[kernel as keyof typeof CODES] : undefined;
}

/** { simd } of a kernel y = operation(x) by its name, or {} where the module does not know it. */
export function unarySimd(kernel: string): { readonly simd?: SimdEntry<FlatAttributes> } {
  const code = codeOf(kernel);
  if (code === undefined) return {};
  return {
    simd: {
      entry: 'pointwise',
      arguments: ({ count }, [x, y], begin, end) => [x, 0, y, ...flatRange(count, begin, end), code],
    },
  };
}

/** { simd } of a kernel y = operation(a, b) on operands of one shape, by its name. */
export function binarySimd<A extends FlatAttributes & { readonly same?: boolean }>(
  kernel: string,
): { readonly simd?: SimdEntry<A> } {
  const code = codeOf(kernel);
  if (code === undefined) return {};
  return {
    simd: {
      entry: 'pointwise',
      suits: ({ same }) => same !== false,
      arguments: ({ count }, [a, b, y], begin, end) => [a, b, y, ...flatRange(count, begin, end), code],
    },
  };
}

/** total += x. */
export const accumulateSimd: SimdEntry<FlatAttributes> = {
  entry: 'pointwise',
  arguments: ({ count }, [x, total], begin, end) => [
    x,
    total,
    total,
    ...flatRange(count, begin, end),
    CODES.add,
  ],
};

export const fillSimd: SimdEntry<FlatAttributes & { readonly value: number }> = {
  entry: 'fill',
  arguments: ({ count, value }, [y], begin, end) => [y, ...flatRange(count, begin, end), value],
};

interface ScaleShiftAttributes extends FlatAttributes {
  readonly channels: number;
  readonly epilogue: Epilogue;
}

export const scaleShiftSimd: SimdEntry<ScaleShiftAttributes> = {
  entry: 'scaleShift',
  arguments({ count, channels, epilogue }, [x, scale, shift, residual, y], begin, end) {
    const bits = epilogueBits(epilogue);
    return [x, scale, shift, residual, y, ...flatRange(count, begin, end), channels, bits];
  },
};
