/** A share of the kills at random moments over all strategies, on the CPU; `npm run test:kill -- 200` kills more. */
import { test } from 'uvu';
import { smallData } from './full-support.js';
import { killEveryStrategy } from './kill-support.js';

test('killed at random moments, every run ends with the bytes of one that was never killed', async () => {
  await killEveryStrategy(smallData(), 12);
});
test.run();
