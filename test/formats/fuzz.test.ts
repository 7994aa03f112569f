/** A few mutations of each parser; fuzz.slow.test.ts has many. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fuzz } from './fuzz.js';
import { withLine } from './fuzz-results.js';
import { ALL_TARGETS } from './fuzz-targets.js';

for (const target of ALL_TARGETS) {
  const { name, quickCases = 2_000 } = target;
  test(`${quickCases} mutations of ${name}`, async () => {
    const { opened, pastHeader } = await fuzz(target, quickCases);
    assert.ok(pastHeader > 0.3 * quickCases, `only ${pastHeader} got past the header`);
    assert.ok(opened > 0, 'some mutations do no harm');
  });
}

test('a result takes the place of the last one of its parser', () => {
  const before = 'About.\n\nkeras: old\nkeras-h5: old\n';
  assert.is(withLine(before, 'keras', 'keras: new'), 'About.\n\nkeras: new\nkeras-h5: old\n');
  assert.is(withLine(before, 'onnx', 'onnx: new'), `${before}onnx: new\n`);
});

test.run();
