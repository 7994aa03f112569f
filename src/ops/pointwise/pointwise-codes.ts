/**
 * The numbers by which the SIMD module knows the operations element by element. TypeScript and AssemblyScript read this one
 * file: pointwise-simd.ts gives each kernel its number, device/cpu/simd/pointwise.ts computes by it.
 */
export const ADD = 0;
export const SUBTRACT = 1;
export const MULTIPLY = 2;
export const DIVIDE = 3;
export const RELU = 4;
export const RELU_GRADIENT = 5;
export const RELU6 = 6;
export const RELU6_GRADIENT = 7;
export const ABS = 8;
export const NEGATE = 9;
export const SQUARE = 10;
export const SQRT = 11;
export const MAXIMUM = 12;
export const MINIMUM = 13;
export const EXP = 14;
export const SIGMOID = 15;
export const SIGMOID_GRADIENT = 16;
export const TANH = 17;
export const TANH_GRADIENT = 18;
export const GREATER_EQUAL = 19;
export const LESS_EQUAL = 20;
export const LOG = 21;
export const GELU = 22;
export const GELU_GRADIENT = 23;
export const GELU_TANH = 24;
export const GELU_TANH_GRADIENT = 25;
export const SILU = 26;
export const SILU_GRADIENT = 27;
export const ERF = 28;
export const ERF_GRADIENT = 29;
export const QUICK_GELU = 30;
export const QUICK_GELU_GRADIENT = 31;
export const HARD_SIGMOID = 32;
export const HARD_SIGMOID_GRADIENT = 33;
export const HARD_SWISH = 34;
export const HARD_SWISH_GRADIENT = 35;
