/** Losses on the CPU, in float64 and in float32, and what they refuse. */
import { test } from 'uvu';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { huber } from '#src/ops/loss/smooth-l1';
import { zeros } from '#src/ops/core/constant';
import { tensor } from '#src/tensor/tensor';
import { assertThrows, cpuDevice } from '../support.js';
import { testLosses } from './losses-suite.js';

testLosses('CPU float64', () => cpuDevice('float64'));
testLosses('CPU float32', () => cpuDevice('float32'));

test('a reduction that there is not, and a label to ignore beside probabilities, are refused', async () => {
  const device = await cpuDevice('float64');
  const refuse = (body: () => unknown, sentence: RegExp) =>
    assertThrows(() => device.run(body), 'usage', sentence);
  await refuse(
    () => huber(zeros([2]), zeros([2]), { reduction: 'man' as never }),
    /^there is no reduction man \(huber\): did you mean mean\?$/,
  );
  const given = { fromLogits: false, ignoreIndex: -100 };
  await refuse(
    () => crossEntropy(zeros([2, 3]), tensor([0, -100], [2], 'int32'), given),
    /^ignoreIndex is for logits, and fromLogits is false \(crossEntropy\)/,
  );
});

test.run();
