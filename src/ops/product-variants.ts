/**
 * The tiles in which WGSL computes products, shared by matmul and conv2d, and which adapter gets which.
 *
 * `register`: on software adapters, where one invocation does the work of eight. Measured on llvmpipe (Mesa 25,
 * two cores, 1152^3): 36 GFLOP/s, against 12 where every lane loads all rows and 3 with a workgroup tile.
 * `tile...`: on GPUs. The shape of 128 x 64 is the one published for WGSL (82 % of the measured ceiling on an
 * A100); the smaller ones keep a GPU busy when the product is small. They have not been measured on a GPU yet.
 */
import type { AdapterTraits } from '../device/kernel.js';

export interface ProductTile {
  readonly rows: number;
  readonly columns: number;
  readonly constants: Readonly<Record<string, number>>;
}

function registerTile(lanes: number): ProductTile {
  const rows = 16;
  const workgroup = 8;
  return { rows, columns: 4 * workgroup, constants: { ROWS: rows, LANES: lanes, WORKGROUP: workgroup } };
}

function workgroupTile(rows: number, columns: number, rowsPerInvocation: number): ProductTile {
  return { rows, columns, constants: { TILE_ROWS: rows, TILE_COLUMNS: columns, ROWS: rowsPerInvocation } };
}

export type RegisterTileName = 'register8' | 'register4';
export type WorkgroupTileName = 'tile128' | 'tile64' | 'tile32';
export type ProductTileName = RegisterTileName | WorkgroupTileName;

/** Named after the lanes that share loads, or the rows of the tile. */
export const REGISTER_TILES: Readonly<Record<RegisterTileName, ProductTile>> = {
  register8: registerTile(8),
  register4: registerTile(4),
};

export const WORKGROUP_TILES: Readonly<Record<WorkgroupTileName, ProductTile>> = {
  tile128: workgroupTile(128, 64, 8),
  tile64: workgroupTile(64, 64, 4),
  tile32: workgroupTile(32, 32, 4),
};

/** A tile is only used where it makes at least this many workgroups, so that all of a large GPU's cores work. */
const BUSY_WORKGROUPS = 256;

/** Workgroups that cover `products` products of m x n. */
export function tileCount({ rows, columns }: ProductTile, products: number, m: number, n: number): number {
  return products * Math.ceil(m / rows) * Math.ceil(n / columns);
}

/** The tile for `products` products of m x n on this adapter. */
export function chooseTile(products: number, m: number, n: number, traits: AdapterTraits): ProductTileName {
  if (traits.software && traits.minSubgroupLanes >= 8) return 'register8';
  if (traits.software && traits.minSubgroupLanes >= 4) return 'register4';
  const busy = (name: WorkgroupTileName) =>
    tileCount(WORKGROUP_TILES[name], products, m, n) >= BUSY_WORKGROUPS;
  if (busy('tile128')) return 'tile128';
  return busy('tile64') ? 'tile64' : 'tile32';
}
