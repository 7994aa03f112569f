/**
 * A million mutations of every parser, or of those that are named:
 *
 *     npm run test:fuzz
 *     npm run test:fuzz -- onnx keras-h5 --cases=50000
 *
 * It runs with a small young generation, for what V8 has not collected yet is no memory that a parser needs.
 */

import { describe, fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith('--'));
const option = words.find((word) => word.startsWith('--cases='));
const cases = option === undefined ? 1_000_000 : Number(option.slice('--cases='.length));
const targets = ALL_TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
if (!Number.isSafeInteger(cases) || cases < 1 || targets.length === 0) {
  throw new Error(`name some of ${ALL_TARGETS.map(({ name }) => name).join(', ')}, and --cases=1000000`);
}
for (const target of targets) {
  const start = performance.now();
  const report = await fuzz(target, cases);
  console.log(`${describe(target.name, report)}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
}
