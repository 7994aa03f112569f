/** A few mutations of each parser; fuzz.slow.test.ts has many. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

for (const target of ALL_TARGETS) {
  const { name, quickCases = 2_000 } = target;
  test(`${quickCases} mutations of ${name}`, async () => {
    const { opened, pastHeader } = await fuzz(target, quickCases);
    assert.ok(pastHeader > 0.3 * quickCases, `only ${pastHeader} got past the header`);
    assert.ok(opened > 0, 'some mutations do no harm');
  });
}

test.run();
