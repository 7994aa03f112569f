/**
 * A million mutations of every parser, or of those that are named:
 *
 *     npm run test:fuzz
 *     npm run test:fuzz -- onnx keras-h5 --cases=50000
 *     npm run test:fuzz -- onnx --from=123456 --cases=1      the case that an error names
 *
 * It runs with a small young generation, for what V8 has not collected yet is no memory that a parser needs.
 */

import { describe, fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

const words = process.argv.slice(2);
const names = words.filter((word) => !word.startsWith('--'));
const cases = option('cases') ?? 1_000_000;
const from = option('from') ?? 0;
const targets = ALL_TARGETS.filter(({ name }) => names.length === 0 || names.includes(name));
const isRange = Number.isSafeInteger(cases) && cases >= 1 && Number.isSafeInteger(from) && from >= 0;
if (!isRange || targets.length === 0) {
  throw new Error(
    `name some of ${ALL_TARGETS.map(({ name }) => name).join(', ')}, and --cases=1000000 --from=0`,
  );
}
for (const target of targets) {
  const start = performance.now();
  const report = await fuzz(target, cases, from);
  console.log(`${describe(target.name, report)}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

function option(name: string): number | undefined {
  const start = `--${name}=`;
  const word = words.find((word) => word.startsWith(start));
  return word === undefined ? undefined : Number(word.slice(start.length));
}
