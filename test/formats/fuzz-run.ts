/**
 * A million mutations of every parser, or of those that are named:
 *
 *     npm run test:fuzz
 *     npm run test:fuzz -- onnx keras-h5 --cases=50000
 *     npm run test:fuzz -- onnx --from=123456 --cases=1      the case that an error names
 *     npm run test:fuzz -- --save                            puts what was found into test/formats/fuzz-results.txt
 *
 * It runs with a small young generation, for what V8 has not collected yet is no memory that a parser needs.
 */

import { parseArgs } from 'node:util';
import { describe, fuzz } from './fuzz.js';
import { saveResult } from './fuzz-results.js';
import { ALL_TARGETS } from './fuzz-targets.js';

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    cases: { type: 'string', default: '1000000' },
    from: { type: 'string', default: '0' },
    save: { type: 'boolean', default: false },
  },
});
const [cases, from] = [Number(options.cases), Number(options.from)];
const known = ALL_TARGETS.map(({ name }) => name);
const isRange = Number.isSafeInteger(cases) && cases >= 1 && Number.isSafeInteger(from) && from >= 0;
if (!isRange || names.some((name) => !known.includes(name))) {
  throw new Error(`name some of ${known.join(', ')}, and --cases=1000000 --from=0`);
}
for (const target of ALL_TARGETS) {
  if (names.length > 0 && !names.includes(target.name)) continue;
  const start = performance.now();
  const report = await fuzz(target, cases, from);
  const line = `${describe(target.name, report)}, ${((performance.now() - start) / 1000).toFixed(0)} s`;
  console.log(line);
  if (options.save) saveResult(target.name, line);
}
