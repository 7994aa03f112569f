/**
 * The versions of the matrix product that shaders/README.md tells about, the plain product that judges them, and how
 * one of them is run and timed. bench/matmul-versions.mjs times them, and a test checks them at small sizes.
 */
import { matmulKernel } from '../../dist/ops/product/matmul-kernel.js';
import { attributesOf as layoutAttributes, PLAIN } from '../../dist/ops/product/matmul-layout.js';
import { REGISTER_TILES } from '../../dist/ops/product/product-variants.js';

/** m, n and k of every version are multiples of this. */
export const SIZE_UNIT = 64;

const SCALAR = ['matmul-version-scalar.wgsl'];
const VEC4 = ['matmul-version-vec4.wgsl'];
const tiles = ({ m, n }) => [n / 64, m / 64, 1];

/** File below shaders/matmul-versions/, the libraries before it, and how many workgroups cover C. */
export const VERSIONS = [
  { file: '1-naive.wgsl', libraries: SCALAR, grid: ({ m, n }) => [m / 64, n, 1] },
  { file: '2-lanes-along-columns.wgsl', libraries: SCALAR, grid: ({ m, n }) => [n / 64, m, 1] },
  { file: '3-register-block.wgsl', libraries: SCALAR, grid: tiles },
  { file: '4-workgroup-tile.wgsl', libraries: SCALAR, grid: tiles },
  { file: '5-vec4.wgsl', libraries: VEC4, grid: tiles },
  { file: '6-prefetch.wgsl', libraries: VEC4, grid: tiles },
  { file: '7-subgroup-broadcast.wgsl', libraries: [...VEC4, 'register-tile.wgsl'], subgroups: true },
];

/**
 * A version as a kernel of this device; null where it needs subgroups of more lanes than the device has.
 *
 * @param version one of VERSIONS
 * @param device an open WebGPU backend
 */
export function versionKernel({ file, libraries, grid, subgroups }, device) {
  const tile = subgroups ? subgroupTile(device) : { constants: {}, grid };
  if (tile === null) return null;
  return {
    name: file.replace('.wgsl', ''),
    bindings: [
      { name: 'a', access: 'read' },
      { name: 'b', access: 'read' },
      { name: 'c', access: 'write' },
    ],
    shader: {
      variants: { only: { file: `matmul-versions/${file}`, libraries, ...tile } },
      choose: () => 'only',
      words: ({ m, n, k }) => [m, n, k],
    },
  };
}

function subgroupTile({ traits: { minSubgroupLanes: lanes } }) {
  if (lanes < 4) return null;
  const { rows, columns, constants } = lanes < 8 ? REGISTER_TILES.register4 : REGISTER_TILES.register8;
  return { constants, grid: ({ m, n }) => [m / rows, n / columns, 1] };
}

/** What the product itself runs for these sizes, with its edges, strides and epilogue. */
export const PRODUCT = matmulKernel;

/** The product's attributes for a plain product; versions read only m, n and k of them. */
export function attributesOf({ m, n, k }) {
  return layoutAttributes(PLAIN, [m, k], [k, n]);
}

/**
 * Runs a product once for its result and, where `timed`, once more for its time.
 *
 * @param device an open WebGPU backend
 * @param kernel of `versionKernel`, or PRODUCT
 * @param sizes { m, n, k }
 * @param a m times k float32 numbers, row by row
 * @param b k times n
 * @returns { c, milliseconds }: the result, and the time by the device's own clock; null where it is not `timed`
 */
export async function runProduct(device, kernel, sizes, a, b, timed = false) {
  const range = (length) => ({ buffer: device.allocate(length * 4), dtype: 'float32', offset: 0, length });
  const [left, right, out] = [range(a.length), range(b.length), range(sizes.m * sizes.n)];
  device.write(left, a);
  device.write(right, b);
  // What a kernel leaves out must show.
  device.write(out, new Float32Array(out.length).fill(Number.NaN));
  const operands = kernel.bindings.map(({ optional }, i) => (optional ? null : ([left, right][i] ?? out)));
  const prepared = await device.prepare([{ kernel, attributes: attributesOf(sizes), operands }]);
  const [c] = await device.execute(prepared, [], [], [out]);
  const [time] = timed ? await device.profile(prepared) : [];
  device.discard(prepared);
  for (const { buffer } of [left, right, out]) device.release(buffer);
  return { c, milliseconds: time === undefined ? null : time.nanoseconds / 1e6 };
}

/**
 * The plain product in float64, which judges all versions.
 *
 * @returns { sums, limits }: the elements of C, and how far a float32 sum in any order may be from each: k roundings
 *   of 2^-24 of the sum of magnitudes
 */
export function plainProduct({ m, n, k }, a, b) {
  const sums = new Float64Array(m * n);
  const limits = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let step = 0; step < k; step++) {
      const x = a[row * k + step];
      for (let column = 0; column < n; column++) {
        const product = x * b[step * n + column];
        sums[row * n + column] += product;
        limits[row * n + column] += Math.abs(product);
      }
    }
  }
  return { sums, limits: limits.map((magnitude) => k * 2 ** -24 * magnitude) };
}

/** The largest error as a share of its limit: at most 1 where the product is right. Infinity for what is no number. */
export function worstError(c, { sums, limits }) {
  let worst = c.length === sums.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < sums.length; i++) {
    const share = Math.abs(c[i] - sums[i]) / limits[i];
    worst = share <= worst ? worst : Number.isNaN(share) ? Number.POSITIVE_INFINITY : share;
  }
  return worst;
}

/** `count` float32 numbers from -1 to 1, the same every time. */
export function numbers(count, seed) {
  return Float32Array.from(
    { length: count },
    (_, i) => (((i + 1) * 7919 + seed * 1291) % 10007) / 5003.5 - 1,
  );
}
