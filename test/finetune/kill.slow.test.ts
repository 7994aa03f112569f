/** 60 kills at random moments over the strategies with a full stage, on the CPU. */
import { test } from 'uvu';
import { smallData } from './full-support.js';
import { killAndCompare } from './kill-support.js';

const data = smallData();

for (const [seed, strategy, kills, flags] of [
  [1, 'full', 25, '--optimizer adam --batch-norm train --schedule one-cycle --ema 0.9'],
  [
    2,
    'probe-then-full',
    25,
    '--train-from layer2 --max-gradient-norm 1 --schedule plateau --patience 4 --lr-decay 0.8',
  ],
  [3, 'gradual', 10, '--optimizer adamw --ema 0.9'],
] as const) {
  test(`${strategy}: ${kills} kills, and every run ends with the bytes of one that was never killed`, async () => {
    const words = `--strategy ${strategy} ${flags} --epochs 6 --batch-size 6`;
    const fixed = '--model resnet-small --weights none --device cpu';
    const plan = {
      words: [data, ...`${fixed} ${words}`.split(' ')],
      kills,
      seed,
      mostMilliseconds: 1000,
    };
    console.log(`# ${strategy}: ${plan.kills} kills in ${await killAndCompare(plan)} runs`);
  });
}
test.run();
