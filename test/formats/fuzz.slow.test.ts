/** Many mutations of each parser: 100,000, fewer of the slow ones. `npm run test:fuzz` runs a million of each. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { describe, fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

for (const target of ALL_TARGETS) {
  const cases = 50 * (target.quickCases ?? 2_000);
  test(`${cases} mutations of ${target.name}`, async () => {
    const report = await fuzz(target, cases);
    console.log(`\n${describe(target.name, report)}`);
    assert.ok(report.pastHeader >= 0.3 * cases, `only ${report.pastHeader} got past the header`);
  });
}

test.run();
