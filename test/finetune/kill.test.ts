/** The real program, killed: what was saved goes on as if nothing had happened. */
import { test } from 'uvu';
import { smallData } from './full-support.js';
import { killAndCompare } from './kill-support.js';

const data = smallData();
const words =
  '--model resnet-small --weights none --strategy full --epochs 3 --batch-size 6 --device cpu'.split(' ');

test('killed at three random moments and resumed, a run ends with the same bytes', async () => {
  await killAndCompare({ words: [data, ...words], kills: 3, seed: 1, mostMilliseconds: 400 });
});
test.run();
