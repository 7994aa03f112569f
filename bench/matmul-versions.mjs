/**
 * How a matrix product gets fast: every version of shaders/matmul-versions/, and what the product itself runs, checked
 * against a plain product on the processor and timed by the adapter's own clock. A multiply-add is two operations;
 * the best of some runs is what a busy machine would reach if it were quiet.
 *
 *     npm run build && node bench/matmul-versions.mjs [--size 512] [--repeats 5] [--adapter NAME]
 *
 * --adapter takes part of an adapter's name. Ends with status 1 where a version is wrong.
 */
import { parseArgs } from 'node:util';
import { openDawn } from '../dist/device/webgpu/node.js';
import {
  attributesOf,
  numbers,
  plainProduct,
  PRODUCT,
  runProduct,
  SIZE_UNIT,
  VERSIONS,
  versionKernel,
  worstError,
} from './lib/matmul-versions.mjs';
import { failInOneLine, wholeNumber } from './lib/program.mjs';

failInOneLine('matmul-versions');

const { values: flags } = parseArgs({
  options: {
    size: { type: 'string', default: '512' },
    repeats: { type: 'string', default: '5' },
    adapter: { type: 'string' },
  },
});
const size = Number(flags.size);
const repeats = wholeNumber('repeats', flags.repeats);
if (!(size > 0 && size % SIZE_UNIT === 0)) {
  throw new Error(`--size ${flags.size}: the versions have no edges, give a multiple of ${SIZE_UNIT}`);
}

const device = await openDawn(flags.adapter === undefined ? {} : { adapterName: flags.adapter });
const sizes = { m: size, n: size, k: size };
const [a, b] = [numbers(size * size, 1), numbers(size * size, 2)];
const expected = plainProduct(sizes, a, b);
console.log(`${device.info.adapter}, ${size} x ${size} x ${size} in float32, best of ${repeats}\n`);

const chosen = PRODUCT.shader.choose(attributesOf(sizes), device.traits);
const rows = [
  ...VERSIONS.map((version) => ({ name: version.file, kernel: versionKernel(version, device) })),
  { name: `the product: ${chosen}`, kernel: PRODUCT },
].map((row) => ({ ...row, milliseconds: Number.POSITIVE_INFINITY, error: 0 }));

// All in turn, so that what else the machine does slows all of them. The first round compiles and is not timed.
for (let round = 0; round <= repeats; round++) {
  for (const row of rows) {
    if (row.kernel === null) continue;
    const { c, milliseconds } = await runProduct(device, row.kernel, sizes, a, b, round > 0);
    row.error = Math.max(row.error, worstError(c, expected));
    row.milliseconds = Math.min(row.milliseconds, milliseconds ?? Number.POSITIVE_INFINITY);
  }
}
await device.close();

const speedOf = ({ milliseconds }) => (2 * size ** 3) / milliseconds / 1e6;
const best = Math.max(...rows.map(speedOf));
console.log(`${'version'.padEnd(28)} ${'ms'.padStart(9)}  GFLOP/s  of best  error`);
for (const row of rows) {
  const cells = [
    row.milliseconds.toFixed(2).padStart(9),
    speedOf(row).toFixed(1).padStart(8),
    `${((100 * speedOf(row)) / best).toFixed(0)} %`.padStart(8),
    ` ${row.error <= 1 ? 'within rounding' : `WRONG: ${row.error} times the rounding of float32`}`,
  ];
  console.log(
    `${row.name.padEnd(28)} ${row.kernel === null ? '  not here: it needs subgroups' : cells.join(' ')}`,
  );
}
if (rows.some(({ error }) => error > 1)) process.exitCode = 1;
