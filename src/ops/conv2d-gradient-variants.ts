/** What the kernels of a convolution's two gradients share: their variants' loads and names. */
import type { Variant } from '../device/kernel.js';
import { type Conv2dGeometry, isDepthwise } from './conv2d-attributes.js';

/** Loads of four neighbours need groups whose channels and filters are multiples of 4; single elements any. */
export type Loads = 'Vec4' | 'Scalar';

export const LOAD_FILES: Readonly<Record<Loads, readonly string[]>> = {
  Vec4: ['a-vec4.wgsl', 'gradient-vec4.wgsl'],
  Scalar: ['a-scalar.wgsl', 'gradient-scalar.wgsl'],
};

export function loadsOf({ channels, filters, groups }: Conv2dGeometry): Loads {
  return (channels / groups) % 4 === 0 && (filters / groups) % 4 === 0 ? 'Vec4' : 'Scalar';
}

/** A variant of each kind of loads; `depthwise` ones see all channels as neighbours, though each is a group. */
export function withLoads<A extends Conv2dGeometry>(
  name: string,
  variant: (loads: Loads) => Omit<Variant<A>, 'suits'>,
  depthwise = false,
): Readonly<Record<string, Variant<A>>> {
  const of = (loads: Loads): Variant<A> => ({
    ...variant(loads),
    suits: (attributes) =>
      depthwise
        ? isDepthwise(attributes) && (loads === 'Scalar' || attributes.channels % 4 === 0)
        : loads === 'Scalar' || loadsOf(attributes) === 'Vec4',
  });
  return { [`${name}Vec4`]: of('Vec4'), [`${name}Scalar`]: of('Scalar') };
}

/** The depthwise variant for these channels. */
export function chooseDepthwise({ channels }: Conv2dGeometry): string {
  return channels % 4 === 0 ? 'depthwiseVec4' : 'depthwiseScalar';
}
