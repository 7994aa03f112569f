/** Random convolutions for the tests of the SIMD kernels: every geometry, at sizes that leave edges everywhere. */
import type { Conv2dGeometry } from '#src/ops/conv2d/conv2d-attributes';
import { pick } from './cpu-harness.js';

export type Kind = 'dense' | 'pointwise' | 'stem' | 'grouped' | 'depthwise' | 'deep' | 'wide';
export const KINDS: readonly Kind[] = ['dense', 'pointwise', 'stem', 'grouped', 'depthwise', 'deep', 'wide'];

function randomChannels(
  random: () => number,
  kind: Kind,
): { channels: number; filters: number; groups: number } {
  if (kind === 'stem') return { channels: 3, filters: pick(random, [7, 8, 12, 16, 64]), groups: 1 };
  if (kind === 'deep')
    return { channels: pick(random, [63, 64, 65]), filters: pick(random, [4, 20, 25]), groups: 1 };
  if (kind === 'wide') return { channels: 2, filters: pick(random, [527, 528, 529]), groups: 1 };
  if (kind === 'depthwise') {
    const channels = pick(random, [1, 3, 4, 5, 15, 16, 17, 20, 35]);
    return { channels, filters: channels, groups: channels };
  }
  if (kind === 'grouped') {
    const groups = pick(random, [2, 3, 4]);
    return {
      channels: groups * pick(random, [1, 3, 4, 5]),
      filters: groups * pick(random, [2, 4, 7, 13]),
      groups,
    };
  }
  return {
    channels: pick(random, [1, 2, 4, 5, 8, 17]),
    filters: pick(random, [1, 3, 4, 8, 9, 12, 13, 24]),
    groups: 1,
  };
}

/** A geometry of at least one output, what kind it is, and whether opposite sides are padded differently. */
export function randomGeometry(random: () => number): {
  geometry: Conv2dGeometry;
  kind: Kind;
  asymmetric: boolean;
} {
  const kind = pick(random, KINDS);
  const tap = () => (kind === 'pointwise' ? 1 : pick(random, kind === 'stem' ? [3, 7] : [1, 2, 3, 5]));
  const [kernelHeight, kernelWidth] = [tap(), tap()];
  const plainPointwise = kind === 'pointwise' && random() < 0.5;
  const small = (choices: readonly number[], otherwise: number) =>
    plainPointwise ? otherwise : pick(random, choices);
  const [strideHeight, strideWidth] = [small([1, 1, 2, 3], 1), small([1, 1, 2, 3], 1)];
  const [dilationHeight, dilationWidth] = [small([1, 1, 1, 2], 1), small([1, 1, 1, 2, 3], 1)];
  const [padTop, padLeft, padBottom, padRight] = [0, 1, 2, 3].map(() => small([0, 1, 2, 3], 0)) as [
    number,
    number,
    number,
    number,
  ];
  // At least one output: the padded image covers the dilated kernel.
  const size = (kernel: number, dilation: number, pads: number) =>
    Math.max(1, (kernel - 1) * dilation + 1 - pads) + Math.floor(random() * 12);
  const height = size(kernelHeight, dilationHeight, padTop + padBottom);
  const width = size(kernelWidth, dilationWidth, padLeft + padRight);
  const outHeight =
    Math.floor((height + padTop + padBottom - (kernelHeight - 1) * dilationHeight - 1) / strideHeight) + 1;
  const outWidth =
    Math.floor((width + padLeft + padRight - (kernelWidth - 1) * dilationWidth - 1) / strideWidth) + 1;
  const geometry = {
    batch: pick(random, [1, 1, 2, 3]),
    ...{ height, width, kernelHeight, kernelWidth, outHeight, outWidth },
    ...{ strideHeight, strideWidth, padTop, padLeft, dilationHeight, dilationWidth },
    ...randomChannels(random, kind),
  };
  return { geometry, kind, asymmetric: padTop !== padBottom || padLeft !== padRight };
}

/** What is particular about a geometry, for counting what the tests have seen. */
export function geometryPaths({ geometry, kind, asymmetric }: ReturnType<typeof randomGeometry>): string[] {
  const c = geometry;
  const taken: string[] = [kind];
  const strided = c.strideHeight > 1 || c.strideWidth > 1;
  const dilated = (c.dilationHeight > 1 && c.kernelHeight > 1) || (c.dilationWidth > 1 && c.kernelWidth > 1);
  if (kind === 'pointwise' && !strided && c.padTop + c.padLeft === 0) taken.push('no gathering');
  if (strided && (c.height % 2 === 1 || c.width % 2 === 1)) taken.push('odd size strided');
  if (dilated) taken.push('dilated');
  if (asymmetric) taken.push('asymmetric padding');
  if (c.outHeight * c.outWidth > 48) taken.push('row blocks');
  if (c.strideHeight !== c.strideWidth) taken.push('unequal strides');
  return taken;
}

/** Every path that geometryPaths tells of. */
export const GEOMETRY_PATHS = [
  ...KINDS,
  ...['no gathering', 'odd size strided', 'dilated', 'asymmetric padding', 'row blocks', 'unequal strides'],
];
