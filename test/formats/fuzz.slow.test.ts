/** Many mutations of each parser: 100,000, or as many as the environment variable ATTUNE_FUZZ says. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe, fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

const cases = Number(process.env['ATTUNE_FUZZ'] ?? 100_000);

for (const target of ALL_TARGETS) {
  test(`${cases} mutations of ${target.name}`, async () => {
    assert.ok(Number.isSafeInteger(cases) && cases > 0, 'ATTUNE_FUZZ is a number of mutations');
    const report = await fuzz(target, cases);
    console.log(`\n${describe(target.name, report)}`);
    assert.ok(report.pastHeader >= 0.3 * cases, `only ${report.pastHeader} got past the header`);
  });
}

test.run();
