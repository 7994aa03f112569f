/** y = min(max(x, low), high); dy/dx = 1 where low <= x <= high, bounds included, else 0, as in PyTorch. */
import { float, type Kernel, type Word } from '../../device/kernel.js';
import { AttuneError } from '../../errors.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';

/** The bounds of `clamp`, at least one. */
export interface ClampOptions {
  /** No element of the result is less. Default: no bound. */
  readonly min?: number | undefined;
  /** No element of the result is more, even where `min` is. Default: no bound. */
  readonly max?: number | undefined;
}

const NAMES: OptionNames<ClampOptions> = { min: true, max: true };

/** Infinite where there is no bound. */
interface Bounds {
  readonly low: number;
  readonly high: number;
}

type ClampAttributes = FlatAttributes & Bounds;

function shaderOf(file: string): Kernel<ClampAttributes>['shader'] {
  return {
    variants: flatVariant<ClampAttributes>(file, ['is-nan.wgsl']),
    choose: () => 'flat',
    words: ({ count, low, high }): Word[] => [count, float(low), float(high)],
  };
}

export const clampKernel: Kernel<ClampAttributes> = {
  name: 'clamp',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'y', access: 'write', half: true },
  ],
  shader: shaderOf('pointwise/clamp.wgsl'),
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, low, high }, operands: [x, y], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      for (let i = first; i < last; i++) y[i] = Math.min(Math.max(x[i], low), high);
    },
  },
};

export const clampGradientKernel: Kernel<ClampAttributes> = {
  name: 'clampGradient',
  bindings: [
    { name: 'x', access: 'read', half: true },
    { name: 'dy', access: 'read', half: true },
    { name: 'dx', access: 'write', half: true },
  ],
  shader: shaderOf('pointwise/clamp-gradient.wgsl'),
  cpu: {
    units: flatUnits,
    elementwise: () => true,
    run({ attributes: { count, low, high }, operands: [x, dy, dx], begin, end }) {
      const [first, last] = flatRange(count, begin, end);
      // Among float32 a bound is one of them: 0.1 itself is inside.
      const round = x instanceof Float32Array ? Math.fround : Number;
      const [least, most] = [round(low), round(high)];
      for (let i = first; i < last; i++) dx[i] = x[i] >= least && x[i] <= most ? dy[i] : 0;
    },
  },
};

export const clampOperation: Operation<Bounds> = {
  name: 'clamp',
  shape(_, [x]) {
    expectDtype('clamp', x, 'float32');
    return x.shape;
  },
  forward: ({ low, high }, [x], shape) => emit(clampKernel, { count: x.length, low, high }, [x], shape),
  gradient: ({ attributes: { low, high }, inputs: [x], gradient }) => [
    emit(clampGradientKernel, { count: x.length, low, high }, [x, gradient], x.shape),
  ],
};

/**
 * `x` with its elements moved to the nearest number from `min` to `max`, of which one may be left out. float32, any shape; NaN
 * stays. Throws AttuneError 'usage' without a bound, for one that is no number, and for an unknown option.
 */
export function clamp(x: TensorLike, options: ClampOptions): Tensor {
  refuseUnknownOptions(options, NAMES, 'clamp');
  const { min, max } = options;
  if (min === undefined && max === undefined)
    throw usage('there is neither min nor max', 'give at least one: { min: 0 }');
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  return apply(clampOperation, { low: bound(min, NEGATIVE_INFINITY), high: bound(max, POSITIVE_INFINITY) }, [
    x,
  ]);
}

function bound(given: number | undefined, none: number): number {
  if (given === undefined) return none;
  if (typeof given !== 'number' || Number.isNaN(given))
    throw usage(`${given} is no bound`, 'give a number, or leave it out');
  // 0 and -0 are one bound, and make one plan.
  return given + 0;
}

function usage(what: string, hint: string): AttuneError {
  return new AttuneError({ code: 'usage', what, where: 'clamp', hint });
}
