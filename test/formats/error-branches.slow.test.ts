/** Every error branch of the parsers is reached by a named test. */

import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { errorBranches, namedTests } from './error-branches.js';

test('every error branch of src/formats is reached', async () => {
  const branches = await errorBranches(namedTests());
  const unreached = branches.filter(({ isReached }) => !isReached);
  console.log(`\n${branches.length - unreached.length} of ${branches.length} error branches reached`);
  assert.ok(branches.length > 200, 'the places that throw are found');
  assert.equal(
    unreached.map(({ place, text }) => `${place}: ${text}`),
    [],
  );
});

test.run();
