/**
 * The variants of a convolution's two gradients. Both are matrix products (or, with a channel to each group, direct
 * sums) whose shaders are named alike: `${family}-register.wgsl`, `-workgroup.wgsl` and `-depthwise.wgsl`, with
 * `lib/${family}.wgsl` for their constants.
 *
 * Measured on llvmpipe (Mesa 25.0.7, two cores shared with other work), all of ResNet50's convolutions at batch 2 and
 * 224 pixels: 0.65 to 0.70 s per image for each of the two gradients, 11 to 12 GFLOP/s. The workgroup tiles have
 * not been timed on a GPU yet.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import type { AdapterTraits, Shader, Variant } from '../../device/kernel.js';
import { type Conv2dGeometry, geometryClass, isDepthwise } from './conv2d-attributes.js';
import {
  type SplitForm,
  type SplitLoads,
  splitByRule,
  splitVariant,
  type SummedShape,
} from '../product/product-splits.js';
import {
  chooseTile,
  type ProductTile,
  type ProductTileName,
  REGISTER_TILES,
  tileCount,
  tileSupport,
  tilesWith,
  usesRegisterTiles,
  WORKGROUP_TILES,
} from '../product/product-variants.js';

/** Loads of four neighbours need groups whose channels and filters are multiples of 4; single elements any. */
export type Loads = 'Vec4' | 'Scalar';

const LOAD_FILES: Readonly<Record<Loads, readonly [image: string, second: string]>> = {
  Vec4: ['a-vec4.wgsl', 'gradient-vec4.wgsl'],
  Scalar: ['a-scalar.wgsl', 'gradient-scalar.wgsl'],
};

function loadsOf({ channels, filters, groups }: Conv2dGeometry): Loads {
  return (channels / groups) % 4 === 0 && (filters / groups) % 4 === 0 ? 'Vec4' : 'Scalar';
}

function suitsLoads(loads: Loads): (attributes: Conv2dGeometry) => boolean {
  return (attributes) => loads === 'Scalar' || loadsOf(attributes) === 'Vec4';
}

export interface GradientFamily<A> {
  /** What the names of its shaders begin with. */
  readonly family: string;
  /** The workgroup tile below shaders/lib/ that suits how its factors lie in memory. */
  readonly workgroupTile: string;
  /** Libraries that every product variant needs beside those that all families have, by its loads. */
  readonly productFiles?: Readonly<Record<Loads, readonly string[]>>;
  /** Libraries that product variants with workgroup tiles need beside these; they come last. */
  readonly workgroupFiles?: readonly string[];
  /** Places of the image that is written, or whose products are summed; see `geometryClass`. */
  places(attributes: A): number;
  /** Number, rows and columns of the products. */
  productSizes(attributes: A): [products: number, m: number, n: number];
  /** Invocations of the depthwise variants, and their constants. */
  depthwiseInvocations(attributes: A): number;
  readonly depthwiseConstants?: Readonly<Record<string, number>>;
  /** Absent: no variant splits its sums. */
  readonly split?: {
    shape(attributes: A): SummedShape;
    form(loads: SplitLoads, suits: (attributes: A) => boolean): SplitForm<A>;
  };
  /** Variants of its own, and those of them that the tuner tries. */
  readonly more?: Readonly<Record<string, Variant<A>>>;
  moreCandidates?(traits: AdapterTraits): readonly string[];
  /** The one of them that an adapter takes without having measured; null: none. */
  byRule?(attributes: A, traits: AdapterTraits): string | null;
}

/** The variants of a family, and which of them an adapter gets. */
export function gradientVariants<A extends Conv2dGeometry>(
  family: GradientFamily<A>,
): Pick<Shader<A>, 'variants' | 'choose' | 'tuning'> {
  const tiles = Object.entries({ ...REGISTER_TILES, ...WORKGROUP_TILES }) as [ProductTileName, ProductTile][];
  const variants: Record<string, Variant<A>> = {};
  for (const loads of ['Vec4', 'Scalar'] as const) {
    variants[`depthwise${loads}`] = depthwiseVariant(family, loads);
    for (const [name, tile] of tiles) {
      const kind = name in REGISTER_TILES ? 'register' : 'workgroup';
      variants[`${name}${loads}`] = productVariant(family, tile, kind, loads);
    }
    if (family.split === undefined) continue;
    const [image, columns] = LOAD_FILES[loads];
    const form = family.split.form({ image, columns }, suitsLoads(loads));
    variants[`splitTile64${loads}`] = splitVariant(WORKGROUP_TILES.tile64, form);
  }
  return {
    variants: { ...variants, ...family.more },
    choose(attributes: A, traits: AdapterTraits) {
      if (isDepthwise(attributes)) return attributes.channels % 4 === 0 ? 'depthwiseVec4' : 'depthwiseScalar';
      const split = `splitTile64${loadsOf(attributes)}`;
      const shape = family.split?.shape(attributes);
      if (shape !== undefined && splitByRule(variants[split], shape, attributes, traits)) return split;
      const tile = chooseTile(...family.productSizes(attributes), traits);
      return family.byRule?.(attributes, traits) ?? `${tile}${loadsOf(attributes)}`;
    },
    tuning: {
      shapeClass: (attributes) => geometryClass(attributes, family.places(attributes)),
      plain: (attributes) => (isDepthwise(attributes) ? 'depthwiseScalar' : 'tile32Scalar'),
      candidates: (attributes, traits) =>
        isDepthwise(attributes)
          ? ['depthwiseVec4', 'depthwiseScalar']
          : [
              ...tilesWith(loadsOf(attributes), traits),
              ...(family.split && !usesRegisterTiles(traits) ? [`splitTile64${loadsOf(attributes)}`] : []),
              ...(family.moreCandidates?.(traits) ?? []),
            ],
    },
  };
}

function productVariant<A extends Conv2dGeometry>(
  { family, workgroupTile, productFiles, workgroupFiles = [], productSizes }: GradientFamily<A>,
  tile: ProductTile,
  kind: 'register' | 'workgroup',
  loads: Loads,
): Variant<A> {
  const tileFile = kind === 'register' ? 'register-tile.wgsl' : workgroupTile;
  const more = [...(productFiles?.[loads] ?? []), ...(kind === 'workgroup' ? workgroupFiles : [])];
  return {
    file: `conv2d/${family}-${kind}.wgsl`,
    libraries: [
      'grid.wgsl',
      tileFile,
      'conv2d-geometry.wgsl',
      `${family}.wgsl`,
      ...LOAD_FILES[loads],
      ...more,
    ],
    constants: tile.constants,
    grid: (attributes) => flatGrid(tileCount(tile, ...productSizes(attributes)), 1),
    supports: tileSupport(tile),
    suits: suitsLoads(loads),
  };
}

/** A depthwise variant sees all channels as neighbours, though each is a group. */
function depthwiseVariant<A extends Conv2dGeometry>(
  { family, depthwiseInvocations, depthwiseConstants }: GradientFamily<A>,
  loads: Loads,
): Variant<A> {
  return {
    file: `conv2d/${family}-depthwise.wgsl`,
    libraries: ['grid.wgsl', 'conv2d-geometry.wgsl', `${family}.wgsl`, ...LOAD_FILES[loads]],
    constants: { WORKGROUP: POINTWISE_WORKGROUP, ...depthwiseConstants },
    grid: (attributes) => flatGrid(depthwiseInvocations(attributes), POINTWISE_WORKGROUP),
    suits: (attributes) => isDepthwise(attributes) && (loads === 'Scalar' || attributes.channels % 4 === 0),
  };
}
