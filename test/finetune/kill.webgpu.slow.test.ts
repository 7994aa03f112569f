/** Kills at random moments on a GPU: a resumed run ends with the same bytes there, too. */
import { probeAdapters } from '#src/device/webgpu/node';
import { test } from 'uvu';
import { smallData } from './full-support.js';
import { killAndCompare } from './kill-support.js';

test('full, probe-then-full and gradual: 15 kills, and every run ends with the bytes of one that was never killed', async () => {
  const [{ adapter } = { adapter: '' }] = await probeAdapters();
  const data = smallData();
  for (const [seed, strategy] of ['full', 'probe-then-full', 'gradual'].entries()) {
    // Four groups of layers join.
    const epochs = strategy === 'gradual' ? 4 : 3;
    const words = `--model resnet-small --weights none --strategy ${strategy} --epochs ${epochs} --batch-size 6 --device webgpu --no-report`;
    const plan = {
      words: [data, ...words.split(' '), '--adapter', adapter],
      kills: 5,
      seed,
    };
    const { runs } = await killAndCompare(plan);
    console.log(`# ${strategy} on ${adapter}: ${plan.kills} kills in ${runs} runs`);
  }
});
test.run();
