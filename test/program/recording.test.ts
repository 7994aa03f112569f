/** What recording leaves behind: objects that die young, and nothing else. */
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { open } from '#src/engine/open';
import { resnetSmall } from '#src/models/resnet-small';
import { backward } from '#src/ops/backward';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { dropout } from '#src/ops/pointwise/dropout';
import { normalizeImages } from '#src/ops/image/normalize-images';
import { softmax } from '#src/ops/norm/softmax';
import { multiply } from '#src/ops/pointwise/multiply';
import { sum } from '#src/ops/reduce/sum';
import { record } from '#src/program/recording';
import { generator } from '#src/tensor/philox';
import { add } from '#src/ops/pointwise/add';
import { type Scalar, tensor } from '#src/tensor/tensor';

test('a training step that is recorded again and again leaves nothing among the old objects', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;
  const device = await open('cpu', { precision: 'float64' });
  const model = resnetSmall({ classes: 3 });
  await model.to(device);
  const random = generator(1);
  const step = () => {
    const images = tensor(new Uint8Array(2 * 8 * 8 * 3), [2, 8, 8, 3], 'uint8');
    const logits = model.forward(normalizeImages(images, [0.5, 0.5, 0.5], [1, 1, 1]), { random });
    const dropped = dropout(logits, 0.5, random);
    const loss = crossEntropy(dropped, tensor(new Int32Array(2), [2]));
    backward(add(loss, sum(multiply(softmax(dropped), dropped))) as Scalar);
  };
  const old = () =>
    getHeapSpaceStatistics()
      .filter(({ space_name }) => /^(old|map|large_object)_space$/.test(space_name))
      .reduce((total, { space_used_size }) => total + space_used_size, 0);
  const oldAfter = (steps: number) => {
    for (let i = 0; i < steps; i++) record(step);
    // What is alive is moved aside; what lives through two of them is old, and stays until all is looked through.
    for (let round = 0; round < 2; round++) collect({ type: 'minor' });
    return old();
  };
  oldAfter(100); // code, and what it knows about types
  // The least of three: code is compiled anew now and then.
  const perStep = [1, 2, 3].map(() => {
    const before = oldAfter(10);
    return (oldAfter(50) - before) / 50;
  });
  assert.ok(Math.min(...perStep) < 1000, `${perStep} bytes of each step are old`);
  await device.close();
});

test.run();
