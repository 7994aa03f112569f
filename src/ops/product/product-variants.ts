/**
 * The tiles in which WGSL computes products, shared by matmul and conv2d, and which adapter gets which.
 *
 * `register...`: on software adapters that have subgroups. Measured on llvmpipe (Mesa 25.0.7, two cores shared with
 * other work), 1152^3 in float32: register8 25 to 31 GFLOP/s, register4 24, tile128 7, tile32 4; a register tile
 * of 8 x 8 whose lanes load every row themselves made 12.
 * `tile...`: on GPUs. 128 x 64 with 8 x 4 for each invocation is the shape published for WGSL (14.8 TFLOP/s on an
 * A100, 82 % of what WGSL reached there); the smaller ones keep a GPU busy when the product is small. These tiles
 * have not been timed on a GPU yet.
 */
import type { AdapterTraits } from '../../device/kernel.js';

export interface ProductTile {
  readonly rows: number;
  readonly columns: number;
  readonly constants: Readonly<Record<string, number>>;
  /** Lanes that its subgroups need to have; absent: it needs no subgroups. */
  readonly lanes?: number;
}

function registerTile(lanes: number): ProductTile {
  const rows = 16;
  const workgroup = 8;
  const constants = { ROWS: rows, LANES: lanes, WORKGROUP: workgroup };
  return { rows, columns: 4 * workgroup, constants, lanes };
}

/** `fours`: four neighbouring columns each, of every row of an invocation. */
function workgroupTile(rows: number, columns: number, rowsPerInvocation: number, fours = 1): ProductTile {
  const sizes = { TILE_ROWS: rows, TILE_COLUMNS: columns };
  return { rows, columns, constants: { ...sizes, ROWS: rowsPerInvocation, COLUMN_FOURS: fours } };
}

export type RegisterTileName = 'register8' | 'register4';
export type WorkgroupTileName = 'tile128' | 'tile64' | 'tile64Deep' | 'tile32';
export type WideTileName = 'tile128Wide' | 'tile64Wide';
export type ProductTileName = RegisterTileName | WorkgroupTileName | WideTileName;

/** Named after the lanes that share loads, or the rows of the tile. */
export const REGISTER_TILES: Readonly<Record<RegisterTileName, ProductTile>> = {
  register8: registerTile(8),
  register4: registerTile(4),
};

export const WORKGROUP_TILES: Readonly<Record<WorkgroupTileName, ProductTile>> = {
  tile128: workgroupTile(128, 64, 8),
  tile64: workgroupTile(64, 64, 4),
  // As many sums for each invocation as tile128 has, in half as many invocations: for the tuner.
  tile64Deep: workgroupTile(64, 64, 8),
  tile32: workgroupTile(32, 32, 4),
};

/**
 * 8 x 8 sums for each invocation, of products whose second factor lies along the columns (shaders/lib/workgroup-tile.wgsl):
 * each vector from workgroup memory serves twice as many sums, if the registers are there. For the tuner; not timed on a GPU
 * yet. 128 x 128 would take 18 KiB of workgroup memory, of which an adapter need only have 16.
 */
export const WIDE_TILES: Readonly<Record<WideTileName, ProductTile>> = {
  tile128Wide: workgroupTile(128, 64, 8, 2),
  tile64Wide: workgroupTile(64, 64, 8, 2),
};

/** Whether an adapter has the subgroups that a tile needs. */
export function tileSupport({ lanes = 0 }: ProductTile): (traits: AdapterTraits) => boolean {
  return ({ minSubgroupLanes }) => minSubgroupLanes >= lanes;
}

/**
 * The variants with these loads that the tuner tries: each kind of tile is several times slower on the other kind of
 * adapter, where it would take long to compile as well.
 */
export function tilesWith(loads: string, traits: AdapterTraits): string[] {
  return Object.keys(usesRegisterTiles(traits) ? REGISTER_TILES : WORKGROUP_TILES).map(
    (name) => `${name}${loads}`,
  );
}

/** As `tilesWith`, for the wide tiles. */
export function wideTilesWith(loads: string, traits: AdapterTraits): string[] {
  return usesRegisterTiles(traits) ? [] : Object.keys(WIDE_TILES).map((name) => `${name}${loads}`);
}

/** Whether every load costs as much as a load per lane, and lanes can tell each other what they loaded. */
export function usesRegisterTiles({ software, minSubgroupLanes }: AdapterTraits): boolean {
  return software && minSubgroupLanes >= 4;
}

/** A tile is only used where it makes at least this many workgroups, so that all of a large GPU's cores work. */
const BUSY_WORKGROUPS = 256;

/** Workgroups that cover `products` products of m x n. */
export function tileCount({ rows, columns }: ProductTile, products: number, m: number, n: number): number {
  return products * Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** The tile for `products` products of m x n on this adapter. */
export function chooseTile(products: number, m: number, n: number, traits: AdapterTraits): ProductTileName {
  if (usesRegisterTiles(traits)) return traits.minSubgroupLanes >= 8 ? 'register8' : 'register4';
  const busy = (name: WorkgroupTileName) =>
    tileCount(WORKGROUP_TILES[name], products, m, n) >= BUSY_WORKGROUPS;
  if (busy('tile128')) return 'tile128';
  return busy('tile64') ? 'tile64' : 'tile32';
}
