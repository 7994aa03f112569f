/** WGSL variants of the convolution against float64: random geometries, at sizes that leave edges everywhere. */
import { conv2dKernel } from '#src/ops/conv2d/conv2d-kernel';
import { convolutionShape } from '#src/ops/conv2d/conv2d-split-variants';
import { splitsOf } from '#src/ops/product/product-splits';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, PathCounts, pick } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import {
  type Channels,
  checkConv2d,
  randomConv2d,
  randomSplit,
  randomWinograd,
  withVariant,
} from '../kernel-cases.js';
import { namesIn, type Share, variantsIn } from '../variant-share.js';

const ROUNDS = 20;
const counts: Record<string, number> = {};
const paths = new PathCounts();
/** Into how many splits sums were cut. */
const splits = new Set<number>();

/** Channels that a variant can run; grouped and plain, and filters on both sides of a tile's edge. */
function randomChannels(random: () => number, variant: string): Channels {
  const draw = (...choices: number[]) => pick(random, choices);
  if (variant === 'depthwiseVec4' || variant === 'depthwiseScalar') {
    const channels = variant === 'depthwiseVec4' ? draw(4, 8, 28, 64) : draw(2, 3, 5, 6, 31);
    return { channels, filters: channels, groups: channels };
  }
  const groups = draw(1, 1, 1, 2, 3);
  if (variant.endsWith('Vec4'))
    return { channels: groups * draw(4, 8, 20), filters: groups * draw(4, 28, 32, 36, 68), groups };
  return { channels: groups * draw(1, 3, 3, 4, 6), filters: groups * draw(1, 5, 7, 31, 32, 33, 65), groups };
}

/** Adds the tests of the share's variants. */
export async function conv2dTests(share: Share): Promise<void> {
  const variants = await variantsIn(share, conv2dKernel);
  for (const variant of variants) {
    test(`${variant}: ${ROUNDS} random convolutions agree with float64`, async () => {
      const device = await sharedWebGPU();
      const kernel = withVariant(conv2dKernel, variant);
      const random = generator(47);
      for (let round = 0; round < ROUNDS; round++) {
        const winograd = variant.startsWith('winograd');
        const attributes = winograd
          ? randomWinograd(random)
          : variant.startsWith('split')
            ? randomSplit(random, variant, 'channels', convolutionShape)
            : randomConv2d(random, randomChannels(random, variant));
        if (variant.startsWith('split')) splits.add(splitsOf(convolutionShape(attributes)).splits);
        await checkConv2d(device, random, attributes, kernel, winograd);
        counts[variant] = (counts[variant] ?? 0) + 1;
        const { height, width, strideHeight, strideWidth, dilationWidth, kernelWidth, groups } = attributes;
        if (height % 2 === 1 && strideHeight === 2 && width % 2 === 1 && strideWidth === 2)
          paths.hit('odd size, stride 2');
        if (dilationWidth > 1 && kernelWidth > 1) paths.hit('dilated');
        if (groups > 1) paths.hit('grouped');
        if (attributes.outHeight * attributes.outWidth * attributes.batch > 64)
          paths.hit('several row tiles');
      }
    });
  }

  test('every variant was hit', () => {
    console.log(`conv2d variants: ${variants.map((name) => `${name} ${counts[name]}`).join(', ')}`);
    assert.ok(variants.every((name) => (counts[name] ?? 0) >= ROUNDS));
    // Too few of the variants, as in the slow share or on an adapter without some, do not meet every path often.
    const all = variants.length === namesIn(share, conv2dKernel.shader.variants).length;
    if (share === 'quick' && all) {
      paths.print('conv2d paths', ['odd size, stride 2', 'dilated', 'grouped', 'several row tiles']);
    }
    if (share === 'split') {
      assert.ok(!splits.has(1) && splits.size > 3, `sums of ${[...splits]} splits`);
    }
  });
}
