/** The kernel of the matrix product; what it computes stands in matmul-attributes.ts. */
import { flatGrid } from '../../device/grid.js';
import type { Kernel, Variant } from '../../device/kernel.js';
import { sizeClass } from '../../device/tuner.js';
import { EPILOGUE_BINDINGS, EPILOGUE_FILES, epilogueBits } from '../core/epilogue.js';
import type { MatmulAttributes, MatrixStrides } from './matmul-attributes.js';
import { matmulLoop } from './matmul-loop.js';
import { matmulSimd } from './matmul-simd.js';
import { matmulSplit, splitWords, matmulShape } from './matmul-split-variants.js';
import { splitByRule, splitVariant } from './product-splits.js';
import {
  chooseTile,
  type ProductTile,
  REGISTER_TILES,
  type ProductTileName,
  tileCount,
  tileSupport,
  tilesWith,
  usesRegisterTiles,
  WIDE_TILES,
  WORKGROUP_TILES,
  wideTilesWith,
} from './product-variants.js';

/** Four neighbours at once need both factors as they are, and sizes and strides that are multiples of 4. */
function suitsVec4({ n, k, transposeA, transposeB, a, b, out }: MatmulAttributes): boolean {
  const strides = [a, b, out].flatMap(stridesOf);
  return !transposeA && !transposeB && [n, k, ...strides].every((size) => size % 4 === 0);
}

/** As `struct Constants` of shaders/lib/matmul-constants.wgsl has them. */
function stridesOf({ row, batch, head }: MatrixStrides): number[] {
  return [row, batch, head];
}

function loadsOf(attributes: MatmulAttributes): 'Vec4' | 'Strided' {
  return suitsVec4(attributes) ? 'Vec4' : 'Strided';
}

/** The libraries that read the factors: four neighbours at once; or single elements of factors of any size, transposed or not. */
const LOADS = {
  Vec4: { loads: ['a-vec4.wgsl', 'b-vec4.wgsl', 'matmul-contiguous.wgsl'], columns: 'b-vec4.wgsl' },
  Strided: { loads: ['a-scalar.wgsl', 'b-scalar.wgsl', 'matmul-strided.wgsl'], columns: 'b-scalar.wgsl' },
};

function suitsLoads(kind: keyof typeof LOADS): (attributes: MatmulAttributes) => boolean {
  return (attributes) => kind === 'Strided' || suitsVec4(attributes);
}

/** A tile's two variants. */
function tileVariants(name: ProductTileName, tile: ProductTile, file: string, library: string) {
  const variant = (kind: keyof typeof LOADS): Variant<MatmulAttributes> => ({
    file,
    libraries: [
      'grid.wgsl',
      library,
      'matmul-product.wgsl',
      'matmul-constants.wgsl',
      ...LOADS[kind].loads,
      ...EPILOGUE_FILES,
    ],
    constants: tile.constants,
    grid: ({ batch, m, n }) => flatGrid(tileCount(tile, batch, m, n), 1),
    suits: suitsLoads(kind),
    supports: tileSupport(tile),
  });
  return { [`${name}Vec4`]: variant('Vec4'), [`${name}Strided`]: variant('Strided') };
}

/** A tile's two variants whose sum is split. */
function splitVariants(name: string, tile: ProductTile) {
  const variant = (kind: keyof typeof LOADS) =>
    splitVariant(tile, matmulSplit(LOADS[kind], suitsLoads(kind)));
  return { [`${name}Vec4`]: variant('Vec4'), [`${name}Strided`]: variant('Strided') };
}

const { register8, register4 } = REGISTER_TILES;
const { tile128, tile64, tile64Deep, tile32 } = WORKGROUP_TILES;
const { tile128Wide, tile64Wide } = WIDE_TILES;

const splits = {
  ...splitVariants('splitRegister8', register8),
  ...splitVariants('splitTile64', tile64),
};

export const matmulKernel: Kernel<MatmulAttributes> = {
  name: 'matmul',
  bindings: [
    { name: 'a', access: 'read' },
    { name: 'b', access: 'read' },
    ...EPILOGUE_BINDINGS,
    { name: 'out', access: 'write' },
  ],
  shader: {
    variants: {
      ...tileVariants('register8', register8, 'product/matmul-register.wgsl', 'register-tile.wgsl'),
      ...tileVariants('register4', register4, 'product/matmul-register.wgsl', 'register-tile.wgsl'),
      ...tileVariants('tile128', tile128, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...tileVariants('tile64', tile64, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...tileVariants('tile64Deep', tile64Deep, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...tileVariants('tile32', tile32, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...tileVariants('tile128Wide', tile128Wide, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...tileVariants('tile64Wide', tile64Wide, 'product/matmul-workgroup.wgsl', 'workgroup-tile.wgsl'),
      ...splits,
    },
    choose(attributes, traits) {
      const split = `splitTile64${loadsOf(attributes)}` as const;
      if (splitByRule(splits[split], matmulShape(attributes), attributes, traits)) return split;
      const tile = chooseTile(attributes.batch, attributes.m, attributes.n, traits);
      return `${tile}${loadsOf(attributes)}`;
    },
    tuning: {
      shapeClass(attributes) {
        const { batch, m, n, k, transposeA, transposeB } = attributes;
        const sizes = [batch, m, n, k].map(sizeClass).join('x');
        return `${sizes}${transposeA ? ' A^T' : ''}${transposeB ? ' B^T' : ''} ${loadsOf(attributes)}`;
      },
      plain: () => 'tile32Strided',
      candidates(attributes, traits) {
        const loads = loadsOf(attributes);
        const split = usesRegisterTiles(traits) ? 'splitRegister8' : 'splitTile64';
        return [...tilesWith(loads, traits), ...wideTilesWith(loads, traits), `${split}${loads}`];
      },
    },
    words: (attributes) => [
      attributes.batch,
      attributes.heads,
      attributes.m,
      attributes.n,
      attributes.k,
      ...stridesOf(attributes.a),
      ...stridesOf(attributes.b),
      ...stridesOf(attributes.out),
      Number(attributes.transposeA),
      Number(attributes.transposeB),
      epilogueBits(attributes.epilogue),
      ...splitWords(attributes),
    ],
  },
  cpu: matmulLoop,
  simd: matmulSimd,
};
