/** TensorFlow's padding `same`: how many zeros, and that a convolution with it is one with just these. */
import { gradients } from '#src/ops/backward';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { mean } from '#src/ops/reduce/mean';
import { square } from '#src/ops/pointwise/square';
import { samePadding } from '#src/ops/conv2d/window';
import { tensor } from '#src/tensor/tensor';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { cpuDevice, formulaValues, Random } from '../support.js';

test('zeros of same: none at a kernel of 1, the odd one behind, never fewer than none', () => {
  const cases = [
    // size, kernel, stride, dilation; before, behind
    [224, 3, 1, 1, 1, 1],
    [224, 3, 2, 1, 0, 1],
    [225, 3, 2, 1, 1, 1],
    [224, 7, 2, 1, 2, 3],
    [5, 3, 1, 2, 2, 2],
    [6, 2, 1, 1, 0, 1],
    [7, 1, 1, 1, 0, 0],
    [7, 1, 3, 1, 0, 0],
    [8, 2, 3, 1, 0, 0],
  ] as const;
  for (const [size, kernel, stride, dilation, before, behind] of cases) {
    assert.equal(
      samePadding(size, kernel, stride, dilation),
      [before, behind],
      `${size}, ${kernel}, ${stride}`,
    );
  }
});

test('a convolution with padding same has ceil(size / stride) outputs and equals one with these zeros', async () => {
  const device = await cpuDevice('float64');
  const random = new Random(11);
  for (let i = 0; i < 40; i++) {
    const [height, width, kernelHeight, kernelWidth] = [1, 1, 1, 1].map(() => random.whole(1, 7));
    const stride = [random.whole(1, 3), random.whole(1, 3)] as const;
    const dilation = [random.whole(1, 2), random.whole(1, 2)] as const;
    const groups = random.pick([1, 3]);
    const shape = [1, height, width, 3];
    const weights = [kernelHeight, kernelWidth, 3 / groups, 3];
    const [top, bottom] = samePadding(height, kernelHeight, stride[0], dilation[0]);
    const [left, right] = samePadding(width, kernelWidth, stride[1], dilation[1]);
    const compute = (padding: 'same' | { top: number; bottom: number; left: number; right: number }) =>
      device.run(() => {
        const x = tensor(formulaValues(shape, 1), shape);
        const w = tensor(formulaValues(weights, 2), weights);
        const y = conv2d(x, w, { stride, dilation, groups, padding });
        assert.equal(y.shape.slice(1, 3), [Math.ceil(height / stride[0]), Math.ceil(width / stride[1])]);
        return [y, ...gradients(mean(square(y)), [x, w])];
      });
    const [same, explicit] = [await compute('same'), await compute({ top, bottom, left, right })];
    for (const [k, values] of same.entries()) assert.equal([...values], [...explicit[k]], `case ${i}`);
  }
});

test.run();
