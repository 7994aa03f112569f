/** WGSL variants of a convolution's two gradients against float64: random geometries that leave edges everywhere. */
import type { Backend } from '#src/device/backend';
import type { Kernel } from '#src/device/kernel';
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { conv2dInputGradientKernel } from '#src/ops/conv2d/conv2d-input-gradient-kernel';
import { inputGradientShape } from '#src/ops/conv2d/conv2d-split-variants';
import { conv2dWeightGradientKernel } from '#src/ops/conv2d/conv2d-weight-gradient-kernel';
import { splitsOf } from '#src/ops/product/product-splits';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { generator, PathCounts, pick } from '../../device/cpu-harness.js';
import { sharedWebGPU } from '../../device/shared-webgpu.js';
import {
  checkInputGradient,
  checkWeightGradient,
  randomGeometry,
  randomSplits,
} from './conv2d-gradient-cases.js';
import { type Channels, randomSplit, randomWinograd, withVariant } from '../kernel-cases.js';
import { type Share, variantsIn } from '../variant-share.js';

const ROUNDS = 20;
const counts: Record<string, number> = {};
const paths = new PathCounts();
/** Into how many splits sums were cut. */
const splits = new Set<number>();

/** Channels and filters that a variant can run, on both sides of a tile's edge; grouped and plain. */
function randomChannels(random: () => number, variant: string): Channels {
  const draw = (...choices: number[]) => pick(random, choices);
  if (variant.startsWith('depthwise')) {
    const channels = variant.endsWith('Vec4') ? draw(4, 8, 28, 64) : draw(2, 3, 5, 6, 31);
    return { channels, filters: channels, groups: channels };
  }
  const groups = draw(1, 1, 1, 2, 3);
  const size = () =>
    variant.endsWith('Vec4') ? draw(4, 8, 28, 32, 36, 68) : draw(1, 3, 4, 6, 31, 32, 33, 65);
  return { channels: groups * size(), filters: groups * size(), groups };
}

function countPaths(geometry: Conv2dGeometry): void {
  const {
    height,
    width,
    strideHeight,
    strideWidth,
    dilationHeight,
    dilationWidth,
    kernelHeight,
    kernelWidth,
  } = geometry;
  if (height % 2 === 1 && strideHeight === 2 && width % 2 === 1 && strideWidth === 2)
    paths.hit('odd size, stride 2');
  if (strideHeight === 3 || strideWidth === 3) paths.hit('stride 3');
  if (strideHeight > kernelHeight || strideWidth > kernelWidth) paths.hit('places that no tap reaches');
  if (dilationHeight > 1 && kernelHeight > 1 && strideHeight === 2)
    paths.hit('dilation and stride share a divisor');
  if (dilationWidth > 1 && kernelWidth > 1) paths.hit('dilated');
  if (geometry.groups > 1) paths.hit('grouped');
}

const PATHS = [
  'odd size, stride 2',
  'stride 3',
  'places that no tap reaches',
  'dilation and stride share a divisor',
  'dilated',
  'grouped',
  'several splits',
  'last split is shorter',
];

type Check = (device: Backend, random: () => number, variant: string) => Promise<void>;

const checks: Record<string, Check> = {
  async conv2dInputGradient(device, random, variant) {
    const winograd = variant.startsWith('winograd');
    const geometry = winograd
      ? randomWinograd(random)
      : variant.startsWith('split')
        ? randomSplit(random, variant, 'filters', inputGradientShape)
        : randomGeometry(random, randomChannels(random, variant));
    if (variant.startsWith('split')) splits.add(splitsOf(inputGradientShape(geometry)).splits);
    const kernel = withVariant(conv2dInputGradientKernel, variant);
    await checkInputGradient(device, random, geometry, kernel, winograd);
    countPaths(geometry);
  },
  async conv2dWeightGradient(device, random, variant) {
    const attributes = randomSplits(random, randomGeometry(random, randomChannels(random, variant)));
    await checkWeightGradient(device, random, attributes, withVariant(conv2dWeightGradientKernel, variant));
    countPaths(attributes);
    const { batch, outHeight, outWidth, splits, positionsPerSplit } = attributes;
    if (splits > 1) paths.hit('several splits');
    if (splits * positionsPerSplit > batch * outHeight * outWidth) paths.hit('last split is shorter');
  },
};

const kernels = {
  conv2dInputGradient: conv2dInputGradientKernel,
  conv2dWeightGradient: conv2dWeightGradientKernel,
};

/** Adds the tests of the share's variants. */
export async function gradientTests(share: Share): Promise<void> {
  const tested: string[] = [];
  // biome-ignore lint/suspicious/noExplicitAny: kernels of different attributes.
  for (const [name, kernel] of Object.entries<Kernel<any>>(kernels)) {
    for (const variant of await variantsIn(share, kernel)) {
      tested.push(`${name} ${variant}`);
      test(`${name} ${variant}: ${ROUNDS} random convolutions agree with float64`, async () => {
        const device = await sharedWebGPU();
        const random = generator(53);
        for (let round = 0; round < ROUNDS; round++) {
          await checks[name]!(device, random, variant);
          counts[`${name} ${variant}`] = (counts[`${name} ${variant}`] ?? 0) + 1;
        }
      });
    }
  }

  test('every variant was hit', () => {
    console.log(
      `# convolution gradients: ${Object.entries(counts)
        .map(([name, count]) => `${name} ${count}`)
        .join(', ')}`,
    );
    for (const name of tested) assert.ok((counts[name] ?? 0) >= ROUNDS);
    // The slow share has a third of the variants: too few for every path to be met often.
    if (share === 'quick') paths.print('# convolution gradient paths', PATHS);
    if (share === 'split') assert.ok(!splits.has(1) && splits.size > 3, `sums of ${[...splits]} splits`);
  });
}
