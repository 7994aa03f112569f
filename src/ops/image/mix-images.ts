/**
 * Images mixed with partners: as a whole (mixup, Zhang et al., 2017), or a rectangle of the one put into the other
 * (CutMix, Yun et al., 2019).
 *
 *     y = partner inside the box, else x + share (partner - x)
 *
 * Written so that x stays to the bit where nothing is mixed: with a share of 0, or with itself.
 */
import type { Kernel, Varying } from '../../device/kernel.js';
import { type OptionNames, refuseUnknownOptions } from '../../option-names.js';
import { currentRecording } from '../../program/recording.js';
import { sameShape, shapeError, showShape } from '../../tensor/shape.js';
import type { Operation } from '../../tensor/tape.js';
import type { Tensor, TensorLike } from '../../tensor/tensor.js';
import { apply, emit, expectDtype } from '../core/apply.js';
import { zeros } from '../core/constant.js';
import { type FlatAttributes, flatRange, flatUnits, flatVariant } from '../core/flat.js';
import { subtract } from '../pointwise/subtract.js';

/** How the images of a batch are mixed. */
export interface Mix {
  /** The partner's share outside the box, in [0, 1]. */
  readonly share: number;
  /** Top, left, bottom and right of what is the partner's alone, in pixels, the last two not included. */
  readonly box: readonly [top: number, left: number, bottom: number, right: number];
}

const NAMES: OptionNames<Mix> = { share: true, box: true };

/** Both are step values: a new mix makes no new plan. */
interface MixAttributes {
  readonly share: Varying;
  /** The first of four. */
  readonly box: Varying;
}

interface MixKernelAttributes extends FlatAttributes, MixAttributes {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export const mixImagesKernel: Kernel<MixKernelAttributes> = {
  name: 'mixImages',
  bindings: [
    { name: 'x', access: 'read' },
    { name: 'partners', access: 'read' },
    { name: 'y', access: 'write' },
  ],
  shader: {
    variants: flatVariant<MixKernelAttributes>('image/mix-images.wgsl', ['step.wgsl', 'step-float.wgsl']),
    choose: () => 'flat',
    words: ({ count, height, width, channels, share, box }) => [
      count,
      height,
      width,
      channels,
      share.varying,
      box.varying,
    ],
    readsStep: true,
  },
  cpu: {
    units: flatUnits,
    run({ attributes, operands: [x, partners, y], step, begin, end }) {
      const { count, height, width, channels, box } = attributes;
      const [first, last] = flatRange(count, begin, end);
      const share = step[attributes.share.varying];
      const [top, left, bottom, right] = [0, 1, 2, 3].map((side) => step[box.varying + side]);
      for (let i = first; i < last; i++) {
        const pixel = Math.floor(i / channels);
        const column = pixel % width;
        const row = Math.floor(pixel / width) % height;
        const inside = row >= top && row < bottom && column >= left && column < right;
        y[i] = inside ? partners[i] : x[i] + share * (partners[i] - x[i]);
      }
    },
  },
};

export const mixImagesOperation: Operation<MixAttributes> = {
  name: 'mixImages',
  shape(_, [x, partners]) {
    expectDtype('mixImages', x, 'float32', 'images');
    expectDtype('mixImages', partners, 'float32', 'partners');
    if (x.shape.length !== 4 || !sameShape(x.shape, partners.shape)) {
      throw shapeError(
        'mixImages',
        `images ${showShape(x.shape)} and partners ${showShape(partners.shape)} are not both [n, height, width, channels]`,
        'partners are as many images of the same size: often the batch in another order',
      );
    }
    return x.shape;
  },
  forward: (attributes, [x, partners], shape) => mix(attributes, x, partners, shape),
  gradient({ attributes, inputs: [x], gradient, wanted }) {
    // Mixed with nothing, the gradient is that of x; the rest is the partners'.
    const dx = mix(attributes, gradient, zeros(x.shape), x.shape);
    return [dx, wanted[1] ? subtract(gradient, dx) : null];
  },
};

function mix(attributes: MixAttributes, x: Tensor, partners: Tensor, shape: readonly number[]): Tensor {
  const [, height, width, channels] = shape;
  const whole = { count: x.length, height, width, channels, ...attributes };
  return emit(mixImagesKernel, whole, [x, partners], shape);
}

/**
 * Images `x` mixed with `partners`, each with the one at its place; both [n, height, width, channels], float32. Throws
 * AttuneError 'shape' when they or the mix do not fit, 'usage' for an unknown option.
 */
export function mixImages(x: TensorLike, partners: TensorLike, mix: Mix): Tensor {
  refuseUnknownOptions(mix, NAMES, 'mixImages');
  const { share, box } = mix;
  if (!(share >= 0 && share <= 1))
    throw shapeError(
      'mixImages',
      `the share ${share} is not in [0, 1]`,
      'give the part that partners have, from 0 to 1',
    );
  if (box?.length !== 4 || !box.every((side) => Number.isInteger(side) && side >= 0)) {
    throw shapeError(
      'mixImages',
      `the box [${box}] is not of whole pixels: top, left, bottom, right`,
      'give four whole numbers of at least 0',
    );
  }
  const recording = currentRecording();
  const [first] = box.map((side) => recording.varying('uint', side));
  return apply(mixImagesOperation, { share: recording.varying('float', share), box: first }, [x, partners]);
}
