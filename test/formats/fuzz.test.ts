/** A few mutations of each parser; fuzz.slow.test.ts has many. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './fuzz.js';
import { ALL_TARGETS } from './fuzz-targets.js';

for (const target of ALL_TARGETS) {
  test(`2,000 mutations of ${target.name}`, async () => {
    const { opened, pastHeader } = await fuzz(target, 2_000);
    assert.ok(pastHeader > 0.3 * 2_000, `only ${pastHeader} got past the header`);
    assert.ok(opened > 0, 'some mutations do no harm');
  });
}

test.run();
