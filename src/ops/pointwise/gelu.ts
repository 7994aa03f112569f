/**
 * Gaussian error linear units (Hendrycks and Gimpel, 2016): y = x p(x), where p(x) is the share of normal numbers below x.
 *
 *     exact:  p = (1 + erf(x / sqrt 2)) / 2      dy/dx = p + x e^(-x^2 / 2) / sqrt(2 pi)
 *     tanh:   p = (1 + tanh u) / 2               dy/dx = p + 2 x p (1 - p) du/dx
 *             u = sqrt(2 / pi) (x + 0.044715 x^3), and (1 + tanh u) / 2 = 1 / (1 + e^(-2 u)), which keeps its digits
 *             far below 0
 */
import type { Kernel, Word } from '../../device/kernel.js';
import { type OptionNames, refuseUnknownKind, refuseUnknownOptions } from '../../option-names.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { normalDistribution } from './error-function.js';
import { gateDerivative } from './gate.js';
import { geluGradientSimd, geluSimd } from './pointwise-simd.js';

/** Which function `gelu` is. */
export interface GeluOptions {
  /** The exact function, or the approximation by tanh that GPT-2 and others were trained with. Default: 'none', as in PyTorch. */
  readonly approximate?: 'none' | 'tanh';
}

export const GELU_NAMES: OptionNames<GeluOptions> = { approximate: true };

interface GeluOperationAttributes {
  readonly approximate: 'none' | 'tanh';
}

type GeluAttributes = FlatAttributes & GeluOperationAttributes;

interface GeluFunctions {
  readonly forward: (x: number) => number;
  readonly derivative: (x: number) => number;
}

const CUBE = 0.044715;
const TWO_U = 2 * Math.sqrt(2 / Math.PI);
const bySigmoid = (x: number) => 1 / (1 + Math.exp(-TWO_U * x * (1 + CUBE * x * x)));

/** x e^(-x^2 / 2), which is 0 at infinities. */
function weighed(x: number): number {
  return Math.min(Math.max(x, -Number.MAX_VALUE), Number.MAX_VALUE) * Math.exp((-x * x) / 2);
}

const FUNCTIONS: Readonly<Record<GeluAttributes['approximate'], GeluFunctions>> = {
  none: {
    forward: (x) => x * normalDistribution(x),
    derivative: (x) => normalDistribution(x) + weighed(x) / Math.sqrt(2 * Math.PI),
  },
  tanh: {
    forward: (x) => x * bySigmoid(x),
    derivative: (x) => gateDerivative(TWO_U * x * (1 + CUBE * x * x), TWO_U * x * (1 + 3 * CUBE * x * x)),
  },
};

function shaderOf(loop: string): Kernel<GeluAttributes>['shader'] {
  const variant = (approximate: GeluAttributes['approximate'], file: string, library: string) => ({
    ...flatVariant<GeluAttributes>(file, ['is-nan.wgsl', library, loop]).flat,
    suits: (attributes: GeluAttributes) => attributes.approximate === approximate,
  });
  return {
    variants: {
      none: variant('none', 'pointwise/gelu.wgsl', 'error-function.wgsl'),
      tanh: variant('tanh', 'pointwise/gelu-tanh.wgsl', 'gate.wgsl'),
    },
    choose: ({ approximate }) => approximate,
    words: ({ count }): Word[] => [count],
  };
}

export const geluKernel: Kernel<GeluAttributes> = {
  name: 'gelu',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: shaderOf('pointwise-unary.wgsl'),
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, approximate }, operands: [x, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      const { forward } = FUNCTIONS[approximate];
      for (let i = first; i < last; i++) y[i] = forward(x[i]);
    },
  },
  simd: geluSimd,
};

export const geluGradientKernel: Kernel<GeluAttributes> = {
  name: 'geluGradient',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: shaderOf('pointwise-unary-gradient.wgsl'),
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, approximate }, operands: [x, dy, dx], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      const { derivative } = FUNCTIONS[approximate];
      for (let i = first; i < last; i++) dx[i] = dy[i] * derivative(x[i]);
    },
  },
  simd: geluGradientSimd,
};

export const geluOperation: Operation<GeluOperationAttributes> = {
  name: 'gelu',
  shape(_, [x]) {
    expectDtype('gelu', x, 'float32');
    return x.shape;
  },
  forward: ({ approximate }, [x], shape) => emit(geluKernel, { count: x.length, approximate }, [x], shape),
  gradient: ({ attributes: { approximate }, inputs: [x], gradient }) => [
    emit(geluGradientKernel, { count: x.length, approximate }, [x, gradient], x.shape),
  ],
};

/**
 * x times the share of normal numbers below x, element by element. float32, any shape. Throws AttuneError 'usage' for an
 * option or an approximation that there is not.
 */
export function gelu(x: TensorLike, options: GeluOptions = {}): Tensor {
  return apply(geluOperation, { approximate: approximationOf(options) }, [x]);
}

/** Which of the two functions the options ask for. */
export function approximationOf(options: GeluOptions): GeluAttributes['approximate'] {
  refuseUnknownOptions(options, GELU_NAMES, 'gelu');
  const { approximate = 'none' } = options;
  refuseUnknownKind(approximate, FUNCTIONS, 'approximation', 'gelu');
  return approximate;
}
