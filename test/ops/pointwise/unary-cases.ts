/**
 * How the operations on one tensor are tested, a line each: their kernels on every device, their gradients and
 * their values read this table. It is exhaustive; an operation without a line does not compile.
 */
import type { UnaryName } from '#src/ops/pointwise/unary-tables';

export interface UnaryCase {
  /** The mathematics in other words than the operation's own, for inputs in the range. */
  readonly formula: (x: number) => number;
  /** Bounds of the random inputs; default -2 to 2. */
  readonly range?: readonly [low: number, high: number];
}

export const unaryCases: Readonly<Record<UnaryName, UnaryCase>> = {
  abs: { formula: (x) => Math.sqrt(x * x) },
  cos: { formula: (x) => 1 - 2 * Math.sin(x / 2) ** 2, range: [-100, 100] },
  erf: { formula: alternatingErf },
  exp: { formula: (x) => Math.E ** x, range: [-8, 3] },
  floor: { formula: (x) => x - (((x % 1) + 1) % 1), range: [-9, 9] },
  hardSigmoid: { formula: (x) => (Math.abs(x + 3) - Math.abs(x - 3)) / 12 + 0.5, range: [-5, 5] },
  hardSwish: { formula: (x) => (x * (Math.abs(x + 3) - Math.abs(x - 3) + 6)) / 12, range: [-5, 5] },
  log: { formula: (x) => Math.log2(x) * Math.LN2, range: [0.1, 5] },
  negate: { formula: (x) => 0 - x },
  quickGelu: { formula: (x) => (x * (1 + Math.tanh(0.851 * x))) / 2, range: [-6, 6] },
  relu: { formula: (x) => (x + Math.abs(x)) / 2 },
  relu6: { formula: (x) => (Math.abs(x) - Math.abs(x - 6)) / 2 + 3, range: [-3, 9] },
  sigmoid: { formula: (x) => (1 + Math.tanh(x / 2)) / 2, range: [-8, 8] },
  silu: { formula: (x) => (x * (1 + Math.tanh(x / 2))) / 2, range: [-8, 8] },
  sin: { formula: (x) => Math.cos(x - Math.PI / 2), range: [-100, 100] },
  sqrt: { formula: (x) => x ** 0.5, range: [0.1, 9] },
  square: { formula: (x) => x ** 2 },
  tanh: { formula: (x) => 1 - 2 / (Math.exp(2 * x) + 1), range: [-20, 20] },
};

/** 2 / sqrt(pi) (x - x^3 / 3 + x^5 / 10 - ...), whose terms grow too large for float64 beyond 2. */
export function alternatingErf(x: number): number {
  let [power, total] = [x, x];
  for (let n = 1; n < 60; n++) {
    power *= (-x * x) / n;
    total += power / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
