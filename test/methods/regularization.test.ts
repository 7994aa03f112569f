/** What regularises a run and would have no effect is refused. */
import { type FinetuneOptions, finetune } from '#src/finetune/index';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { fullRun, smallData } from '../finetune/full-support.js';
import { fails, listener } from '../finetune/support.js';

const data = smallData();

test('what would have no effect is refused before an image is decoded', async () => {
  const cases: [Partial<FinetuneOptions>, RegExp][] = [
    [{ mixup: 0.2, batchSize: 1 }, /^a batch of a single sample has no other to mix it with \(--mixup\)/],
    [{ cutmix: 1, batchSize: 1 }, /^a batch of a single sample has no other to mix it with \(--cutmix\)/],
    [
      { stochasticDepth: 0.1, trainFrom: 'fc' },
      /^no residual branch of resnet-small is trained, so there is none to leave out \(--stochastic-depth\)/,
    ],
    ...(['mixup', 'cutmix', 'randomErasing', 'stochasticDepth', 'sam'] as const).map(
      (name): [Partial<FinetuneOptions>, RegExp] => [
        { [name]: 0.1, strategy: 'probe' },
        /^this belongs to the full stage, which the strategy probe does not have \(--(mixup|cutmix|random-erasing|stochastic-depth|sam)\)/,
      ],
    ),
  ];
  for (const [more, sentence] of cases) {
    const context = listener();
    const { epochs: _, batchSize: __, ...rest } = fullRun(data, more);
    await fails(finetune({ ...rest, ...more }, context), 'usage', sentence);
    assert.not.ok(context.events.some(({ type }) => type === 'progress'));
  }
});

test.run();
