/**
 * Products whose sums are split (split-K): a small result of long sums, as of a head's weights or of a convolution
 * on 7 x 7 places, makes too few workgroups to keep a GPU busy. Each split is computed like a product of its own, into a
 * workspace, and a second pass, `matmul-split.wgsl`, adds the splits of each element in order. The cut follows from the sizes
 * alone, so a result does not depend on the adapter's timing.
 */
import { flatGrid, POINTWISE_WORKGROUP } from '../../device/grid.js';
import { type AdapterTraits, canRun, type Variant } from '../../device/kernel.js';
import { type ProductTile, tileCount, tileSupport, WORKGROUP_TILES } from './product-variants.js';

/** Side of the tiles by which workgroups are counted, and how many of them are wanted. */
const TILE = 64;
const WANTED_GROUPS = 256;
/** Fewer steps than this are not worth a split. */
const LEAST_STEPS = 256;
/** A split's steps are a multiple of this: tiles take so many at a time. */
const TILE_STEPS = 16;

/**
 * The shape of what is computed: `products` results [rows, columns], every element of which is a sum of `repeats` runs of
 * `length` steps: the taps or kernel rows of a convolution, 1 for matrices. A split has a stretch of every run.
 */
export interface SummedShape {
  readonly products: number;
  readonly rows: number;
  readonly columns: number;
  readonly repeats: number;
  readonly length: number;
}

export interface Splits {
  readonly splits: number;
  /** Steps of one split in every run. */
  readonly steps: number;
}

/** How sums are split: into one, which is all, where more are not worth it. */
export function splitsOf({ products, rows, columns, repeats, length }: SummedShape): Splits {
  const groups = products * Math.ceil(rows / TILE) * Math.ceil(columns / TILE);
  const wanted = Math.min(
    Math.ceil(WANTED_GROUPS / Math.max(1, groups)),
    Math.floor((repeats * length) / LEAST_STEPS),
  );
  const steps = Math.max(1, Math.ceil(length / Math.max(1, wanted) / TILE_STEPS)) * TILE_STEPS;
  return { splits: Math.max(1, Math.ceil(length / steps)), steps };
}

/** What differs between the kernels that have split variants. */
export interface SplitForm<A> {
  shape(attributes: A): SummedShape;
  /** Rows and columns of the whole result: what the second pass adds up. */
  results(attributes: A): readonly [rows: number, columns: number];
  /** What the path of the first pass begins with, before `-register.wgsl` or `-workgroup.wgsl`. */
  readonly family: string;
  /** The workgroup tile below shaders/lib/. */
  readonly workgroupTile: string;
  /** Libraries of the first pass after the tile, and of the second. */
  readonly products: readonly string[];
  readonly addition: readonly string[];
  /** Place of the workspace's binding, after all others. */
  readonly workspace: number;
  suits(attributes: A): boolean;
}

/** `image` is the library that reads the image, `columns` the one that reads what lies along the columns. */
export interface SplitLoads {
  readonly image: string;
  readonly columns: string;
}

/** The split variant of a tile. */
export function splitVariant<A>(tile: ProductTile, form: SplitForm<A>): Variant<A> {
  const kind = tile.lanes === undefined ? 'workgroup' : 'register';
  const WORKSPACE = form.workspace;
  const splitsFor = (attributes: A) => splitsOf(form.shape(attributes)).splits;
  return {
    before: [
      {
        file: `${form.family}-${kind}.wgsl`,
        libraries: [
          'grid.wgsl',
          kind === 'register' ? 'register-tile.wgsl' : form.workgroupTile,
          'splits-workspace.wgsl',
          ...form.products,
        ],
        constants: { ...tile.constants, WORKSPACE },
        grid(attributes) {
          const { products, rows, columns } = form.shape(attributes);
          return flatGrid(tileCount(tile, products * splitsFor(attributes), rows, columns), 1);
        },
      },
    ],
    file: 'product/matmul-split.wgsl',
    libraries: ['grid.wgsl', ...form.addition],
    constants: { WORKGROUP: POINTWISE_WORKGROUP, WORKSPACE },
    grid(attributes) {
      const [rows, columns] = form.results(attributes);
      return flatGrid(rows * Math.ceil(columns / 4), POINTWISE_WORKGROUP);
    },
    workspace(attributes) {
      const [rows, columns] = form.results(attributes);
      return splitsFor(attributes) * rows * columns;
    },
    suits: (attributes) => splitsFor(attributes) > 1 && form.suits(attributes),
    supports: tileSupport(tile),
  };
}

/** With so few workgroups of the smallest tile most of a GPU is idle ... */
const IDLE_WORKGROUPS = 64;
/** ... and this many times as many workgroups are worth a second pass over a small result. */
const LEAST_SPLITS = 4;

/**
 * Whether a hardware GPU takes a split variant without having measured. A laptop's GPU has some 10 to 40 cores, a server's
 * more than 100, and each wants several workgroups: 64 of the smallest tile leave most of either idle while they walk through
 * a sum that four or more times as many could share. Not timed on a GPU yet; between this and busy, the tuner decides.
 */
export function splitByRule<A>(
  variant: Variant<A>,
  shape: SummedShape,
  attributes: A,
  traits: AdapterTraits,
): boolean {
  const { products, rows, columns } = shape;
  return (
    !traits.software &&
    tileCount(WORKGROUP_TILES.tile32, products, rows, columns) <= IDLE_WORKGROUPS &&
    splitsOf(shape).splits >= LEAST_SPLITS &&
    canRun(variant, attributes, traits)
  );
}
