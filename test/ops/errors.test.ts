/** Operands that do not fit: each operation's sentence, with the shapes in it; nothing is recorded in half. */
import { test } from 'uvu';
import { attention } from '#src/ops/attention/attention';
import { add } from '#src/ops/pointwise/add';
import { argmax, argmin } from '#src/ops/reduce/argmax';
import { batchNorm } from '#src/ops/norm/batch-norm';
import { binaryCrossEntropy } from '#src/ops/loss/binary-cross-entropy';
import { broadcastTo } from '#src/ops/shape/broadcast';
import { cast } from '#src/ops/pointwise/cast';
import { clamp } from '#src/ops/pointwise/clamp';
import { concat } from '#src/ops/shape/concat';
import { full, zeros } from '#src/ops/core/constant';
import { conv1d } from '#src/ops/conv2d/conv1d';
import { conv2d } from '#src/ops/conv2d/conv2d';
import { cumulativeSum } from '#src/ops/reduce/cumulative-sum';
import { convTranspose1d } from '#src/ops/conv2d/conv-transpose1d';
import { convTranspose2d } from '#src/ops/conv2d/conv-transpose2d';
import { crossEntropy } from '#src/ops/loss/cross-entropy';
import { embedding } from '#src/ops/shape/embedding';
import { klDivergence } from '#src/ops/loss/kl-divergence';
import { gather, scatterAdd } from '#src/ops/shape/gather';
import { gelu } from '#src/ops/pointwise/gelu';
import { gaussianBlur } from '#src/ops/image/gaussian-blur';
import { affineMatrix } from '#src/ops/image/image-affine';
import { groupNorm } from '#src/ops/norm/group-norm';
import { layerNorm } from '#src/ops/norm/layer-norm';
import { matmul } from '#src/ops/product/matmul';
import { max } from '#src/ops/reduce/max';
import { mean } from '#src/ops/reduce/mean';
import { meanSquaredError } from '#src/ops/loss/mean-squared-error';
import { normalizeImages } from '#src/ops/image/normalize-images';
import { oneHot } from '#src/ops/shape/one-hot';
import { adaptiveAveragePool2d } from '#src/ops/pool/adaptive-average-pool';
import { averagePool2d, globalAveragePool, maxPool2d } from '#src/ops/pool/pool';
import { power } from '#src/ops/pointwise/power';
import { reshape } from '#src/ops/shape/reshape';
import { pad, slice } from '#src/ops/shape/slice';
import { resize } from '#src/ops/image/resize';
import { rmsNorm } from '#src/ops/norm/rms-norm';
import { logSoftmax, softmax } from '#src/ops/norm/softmax';
import { huber, smoothL1 } from '#src/ops/loss/smooth-l1';
import { sum } from '#src/ops/reduce/sum';
import { takeAlongAxis } from '#src/ops/shape/take-along-axis';
import { topK } from '#src/ops/reduce/top-k';
import { transformImages } from '#src/ops/image/transform-images';
import { transpose } from '#src/ops/shape/transpose';
import { where } from '#src/ops/pointwise/where';
import { tensor } from '#src/tensor/tensor';
import { assertThrows, cpuDevice } from './support.js';

const heads = () => zeros([1, 3, 2, 4]);
const labels = (...values: number[]) => tensor(values, [values.length], 'int32');
const bytes = (...shape: number[]) => tensor(new Uint8Array(shape.reduce((a, b) => a * b)), shape);
const vectors = (n: number) => ({
  gamma: zeros([n]),
  beta: zeros([n]),
  mean: zeros([n]),
  variance: zeros([n]),
});

const refused: readonly [body: () => unknown, sentence: RegExp][] = [
  [() => add(zeros([2, 3]), zeros([2])), /shapes \[2, 3\] and \[2\] do not broadcast together \(add\)/],
  [() => add(zeros([2]), labels(1, 2)), /second operand has dtype int32, not float32 \(add\)/],
  [() => add(zeros([1, 1, 1, 1, 1, 1, 1]), 1), /has 7 dimensions; at most 6 are supported \(constant\)/],
  [() => full([2], Number.NaN), /NaN is not a number \(full\): if it is meant, pass it as data/],
  [() => full([-1], 1), /\[-1\] is not a shape/],
  [() => argmax(zeros([3, 0])), /\[3, 0\] has no elements along axis 1 \(argmax\)/],
  [() => argmin(zeros([0, 3]), 0), /\[0, 3\] has no elements along axis 0 \(argmin\)/],
  [() => argmax(zeros([])), /axis -1 does not exist in a tensor of 0 dimensions \(argmax\)/],
  [() => softmax(zeros([])), /\[\] has no elements along its last axis \(softmax\)/],
  [
    () => softmax(zeros([2, 3]), { axis: 2 }),
    /axis 2 does not exist in a tensor of 2 dimensions \(softmax\)/,
  ],
  [() => softmax(zeros([2, 3]), { axis: 1.5 }), /axis 1.5 does not exist/],
  [
    () => logSoftmax(zeros([2, 3]), { mask: zeros([2]) }),
    /shapes \[2, 3\] and \[2\] do not broadcast together \(logSoftmax\)/,
  ],
  [
    () => softmax(zeros([1, 3]), { mask: zeros([2, 3]) }),
    /a mask of shape \[2, 3\] does not broadcast to \[1, 3\] \(softmax\)/,
  ],
  [
    () => softmax(zeros([2, 3]), { axis: 0, mask: zeros([1, 2, 3]) }),
    /a mask of shape \[1, 2, 3\] has more than 2 dimensions \(softmax\)/,
  ],
  [
    () => softmax(zeros([1, 2]), { mask: bytes(2) }),
    /the mask has dtype uint8, not int32 or float32 \(softmax\): an int32 mask is 1 where elements count/,
  ],
  [() => softmax(labels(1)), /dtype int32, not float32 \(softmax\)/],
  [() => max(zeros([2, 0]), 1), /no largest element along a dimension of size 0 of \[2, 0\] \(max\)/],
  [() => mean(zeros([2, 0])), /no elements to take the mean of in shape \[2, 0\] \(mean\)/],
  [() => sum(zeros([2]), 1), /axis 1 does not exist in a tensor of 1 dimensions \(sum\)/],
  [() => broadcastTo(zeros([3]), [4]), /shapes \[3\] and \[4\] do not broadcast together \(broadcastTo\)/],
  [() => broadcastTo(zeros([2, 3]), [3]), /\[2, 3\] does not broadcast to \[3\] \(broadcastTo\)/],
  [() => reshape(zeros([2, 3]), [4, -1]), /\[2, 3\] cannot be read as \[4, -1\]: 6 elements \(reshape\)/],
  [() => reshape(zeros([2, 3]), [-1, -1]), /cannot be read as \[-1, -1\]/],
  [() => reshape(zeros([6]), [-2, -3]), /\[-2, -3\] is not a shape/],
  [
    () => transpose(zeros([2, 3]), [0, 0]),
    /\[0, 0\] does not order the 2 dimensions of \[2, 3\] \(transpose\)/,
  ],
  [() => slice(zeros([3]), [2], [2]), /block \[2\] at \[2\] is not inside \[3\] \(slice\)/],
  [() => slice(zeros([3]), [0, 0], [1, 1]), /is not inside \[3\]/],
  [
    () => slice(zeros([5]), [1], [3], [2]),
    /block \[3\] at \[1\] in steps of \[2\] is not inside \[5\] \(slice\)/,
  ],
  [() => slice(zeros([5]), [1], [3], [-1]), /in steps of \[-1\] is not inside \[5\]/],
  [() => slice(zeros([5]), [1], [2], [0]), /in steps of \[0\] is not inside \[5\]/],
  [() => pad(zeros([3]), [-1], [0]), /paddings \[-1\] and \[0\] do not fit \[3\] \(pad\)/],
  [() => pad(zeros([3]), [-1], [0], { mode: 'edge' }), /paddings \[-1\] and \[0\] do not fit \[3\] \(pad\)/],
  [() => pad(zeros([3]), [0], [0], { value: Number.NaN }), /NaN is not a number/],
  [
    () => pad(zeros([2, 3]), [0, 1], [0, 3], { mode: 'reflect' }),
    /axis 1 of \[2, 3\] has no 3 elements to mirror \(pad\): pad by less than the axis has, or with mode: edge/,
  ],
  [() => pad(zeros([0]), [2], [0], { mode: 'edge' }), /axis 0 of \[0\] has no 2 elements to repeat \(pad\)/],
  [() => pad(labels(1), [1], [0], { mode: 'edge' }), /dtype int32, not float32 \(pad\)/],
  [() => transpose(bytes(2, 3)), /dtype uint8 cannot be copied in parts \(transpose\): convert it with cast/],
  [() => concat([]), /there is nothing to concatenate \(concat\)/],
  [() => concat([zeros([2, 3]), zeros([3, 2])]), /\[2, 3\] and \[3, 2\] differ beside axis 0 \(concat\)/],
  [() => concat([zeros([2]), labels(1)]), /dtype int32, not float32 \(concat\)/],
  [() => concat([zeros([])]), /axis 0 does not exist in a tensor of 0 dimensions/],
  [() => gather(zeros([3, 2]), labels(0, 3)), /index 3 at position 1 is outside -3 to 2 \(gather\)/],
  [() => gather(zeros([3]), labels(-4)), /index -4 at position 0/],
  [() => gather(zeros([3]), zeros([1])), /indices has dtype float32, not int32/],
  [() => gather(zeros([]), labels(0)), /axis 0 does not exist in a tensor of 0 dimensions \(gather\)/],
  [
    () => scatterAdd(zeros([2, 3]), labels(0), 4),
    /\[2, 3\] does not have the shape \[1\] of the indices from axis 0 on \(scatterAdd\)/,
  ],
  [() => scatterAdd(zeros([1, 3]), labels(4), 4), /index 4 at position 0 is outside -4 to 3 \(scatterAdd\)/],
  [() => gather(zeros([3, 2]), labels(2), -1), /index 2 at position 0 is outside -2 to 1 \(gather\)/],
  [() => embedding(zeros([3, 2]), labels(1, -1)), /index -1 at position 1 is outside 0 to 2 \(embedding\)/],
  [() => embedding(zeros([3]), labels(1)), /table has shape \[3\]; \[rows, features\] is expected/],
  [
    () => embedding(zeros([]), labels(0), { paddingIndex: 0 }),
    /table has shape \[\]; \[rows, features\] is expected \(embedding\): reshape it/,
  ],
  [() => embedding(zeros([3, 2]), zeros([1])), /indices has dtype float32, not int32 \(embedding\)/],
  [
    () => embedding(zeros([3, 2]), labels(1), { paddingIndex: 3 }),
    /padding index 3 is no row of a table of 3 \(embedding\): give a whole number from -3 to 2/,
  ],
  [
    () => takeAlongAxis(zeros([3, 2]), labels(0), 0),
    /indices of shape \[1\] do not fit \[3, 2\] beside axis 0/,
  ],
  [
    () => takeAlongAxis(zeros([3, 2]), tensor([0, 0, 0], [1, 3], 'int32'), 0),
    /indices of shape \[1, 3\] do not fit \[3, 2\] beside axis 0 \(takeAlongAxis\): they have the same rank/,
  ],
  [
    () => takeAlongAxis(zeros([3, 2]), tensor([2, -1], [1, 2], 'int32'), 0),
    /index -1 at position 1 is outside 0 to 2 \(takeAlongAxis\)/,
  ],
  [
    () => topK(zeros([3, 2]), 3),
    /3 is no number of elements along axis 1 of \[3, 2\] \(topK\): give.* from 1 to 2/,
  ],
  [() => topK(zeros([3]), 0), /0 is no number of elements/],
  [() => topK(labels(1), 1), /dtype int32, not float32 \(topK\)/],
  [() => cumulativeSum(zeros([2]), 1), /axis 1 does not exist in a tensor of 1 dimensions \(cumulativeSum\)/],
  [() => cumulativeSum(bytes(2), 0), /dtype uint8, not float32 \(cumulativeSum\)/],
  [() => sum(bytes(2)), /dtype uint8, not float32 \(sum\)/],
  [() => cast(bytes(2), 'int32'), /dtype uint8 cannot be cast to int32 \(cast\)/],
  [() => oneHot(labels(5), 5), /index 5 at position 0 is outside 0 to 4 \(oneHot\)/],
  [
    () => oneHot(tensor([1, 1], [1, 2], 'int32'), 5),
    /indices have shape \[1, 2\]; one dimension is expected \(oneHot\)/,
  ],
  [() => clamp(labels(1), { min: 0 }), /the operand has dtype int32, not float32 \(clamp\)/],
  [
    () => where(zeros([2]), 1, 0),
    /the condition has dtype float32, not int32 \(where\): convert it with cast/,
  ],
  [() => where(labels(1), labels(1), 0), /the second operand has dtype int32, not float32 \(where\)/],
  [
    () => where(labels(1, 0), zeros([2, 3]), 0),
    /shapes \[2\] and \[2, 3\] do not broadcast together \(where\)/,
  ],
  [() => power(zeros([2]), labels(1, 2)), /second operand has dtype int32, not float32 \(power\)/],
  [() => gelu(labels(1)), /the operand has dtype int32, not float32 \(gelu\): convert it with cast/],
  [() => cast(tensor(Uint16Array.of(1), [1])), /dtype float16 cannot be cast to float32 \(cast\)/],
  [() => matmul(zeros([2, 3]), zeros([2, 3])), /\[2, 3\] times \[2, 3\] is not a product \(matmul\)/],
  [
    () => matmul(zeros([2, 3]), zeros([4, 2]), { transposeA: true }),
    /\[2, 3\] transposed times \[4, 2\] is not a product/,
  ],
  [() => matmul(zeros([2, 2, 3]), zeros([3, 3, 1])), /\[2, 2, 3\] times \[3, 3, 1\] is not a product/],
  [() => matmul(zeros([3]), zeros([3, 1])), /\[3\] times \[3, 1\] is not a product/],
  [
    () => matmul(zeros([2, 1, 2, 3]), zeros([3, 2, 3, 1])),
    /\[2, 1, 2, 3\] times \[3, 2, 3, 1\] is not a product \(matmul\).*sizes before the rows be equal or 1/,
  ],
  [
    () => matmul(zeros([2, 2, 3]), zeros([2, 3, 2]), { headsA: true }),
    /headsA has four dimensions, not \[2, 2, 3\] \(matmul\): reshape/,
  ],
  [() => matmul(zeros([2, 3]), zeros([3, 2, 2, 4]), { headsB: true }), /\[2, 3\] times .* is not a product/],
  [
    () => matmul(zeros([2, 3]), zeros([3, 4]), { headsOut: true }),
    /the result with heads has four dimensions, not \[2, 4\]/,
  ],
  [
    () => conv1d(zeros([1, 4, 3]), zeros([3, 2, 4])),
    /weights \[3, 2, 4\] with 1 group\(s\) do not fit sequences \[1, 4, 3\] \(conv1d\): sequences are/,
  ],
  [() => conv1d(zeros([4, 3]), zeros([3, 3, 4])), /do not fit sequences \[4, 3\] \(conv1d\)/],
  [() => conv1d(zeros([1, 4, 4]), zeros([3, 2, 3]), { groups: 2 }), /with 2 group\(s\) do not fit/],
  [
    () => conv1d(zeros([1, 2, 1]), zeros([3, 1, 1])),
    /a window of 3 \(dilation 1\) does not fit a size of 2 with padding 0 \(conv1d\)/,
  ],
  [
    () => conv1d(zeros([1, 4, 1]), zeros([3, 1, 1]), { padding: [0, -1] }),
    /padding of 0 before and -1 behind is not of whole numbers of at least 0 \(conv1d\): cut a sequence/,
  ],
  [
    () => conv1d(zeros([1, 4, 1]), zeros([3, 1, 1]), { padding: 'valid' as never }),
    /padding of valid before and valid behind/,
  ],
  [() => conv1d(zeros([1, 4, 1]), zeros([3, 1, 1]), { padding: 'same', stride: 0 }), /stride 0.*\(conv1d\)/],
  [
    () => conv2d(zeros([1, 4, 4, 3]), zeros([3, 3, 2, 4])),
    /weights \[3, 3, 2, 4\] with 1 group\(s\) do not fit images \[1, 4, 4, 3\] \(conv2d\)/,
  ],
  [() => conv2d(zeros([1, 4, 4, 4]), zeros([3, 3, 2, 3]), { groups: 2 }), /with 2 group\(s\) do not fit/],
  [
    () => conv2d(zeros([1, 2, 2, 1]), zeros([3, 3, 1, 1])),
    /a window of 3 \(dilation 1\) does not fit a size of 2 with padding 0 \(conv2d\)/,
  ],
  [
    () => conv2d(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), { stride: 0 }),
    /stride 0.*not whole numbers of at least 1/,
  ],
  [
    () => conv2d(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), { padding: 'valid' as never }),
    /top valid, bottom valid, left valid, right valid are not whole numbers of at least 0 \(padding\)/,
  ],
  [
    () => maxPool2d(zeros([1, 4, 4, 1]), { stride: 2 } as never),
    /kernel undefined, stride 2 and dilation 1 are not whole numbers of at least 1 \(maxPool2d\)/,
  ],
  [
    () => conv2d(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), { padding: -1 }),
    /top -1, bottom -1, left -1, right -1 are not whole numbers of at least 0 \(padding\)/,
  ],
  [
    () =>
      conv2d(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), {
        padding: { top: -1, bottom: 1, left: 0, right: 0 },
      }),
    /top -1, bottom 1, left 0/,
  ],
  [
    () => convTranspose2d(zeros([1, 4, 4, 3]), zeros([3, 3, 3, 4])),
    /weights \[3, 3, 3, 4\] with 1 group\(s\) do not fit images \[1, 4, 4, 3\] \(convTranspose2d\): images are/,
  ],
  [() => convTranspose2d(zeros([1, 4, 4, 3]), zeros([3, 3, 1, 3]), { groups: 2 }), /with 2 group\(s\)/],
  [
    () => convTranspose2d(zeros([1, 4, 4, 1]), zeros([3, 3, 1, 1]), { stride: 2, outputPadding: [0, 2] }),
    /output padding 2 is not a whole number from 0 to less than stride 2 or dilation 1 \(convTranspose2d\)/,
  ],
  [
    () => convTranspose2d(zeros([1, 1, 1, 1]), zeros([3, 3, 1, 1]), { padding: 2 }),
    /nothing is left of a size of 1 with kernel 3, stride 1, dilation 1 and padding 4 \(convTranspose2d\)/,
  ],
  [
    () => convTranspose2d(zeros([1, 1, 1, 1]), zeros([3, 3, 1, 1]), { stride: 0.5 }),
    /stride 0.5.*not whole numbers of at least 1 \(convTranspose2d\)/,
  ],
  [
    () => convTranspose1d(zeros([1, 4, 3]), zeros([3, 3, 4])),
    /weights \[3, 3, 4\] with 1 group\(s\) do not fit sequences \[1, 4, 3\] \(convTranspose1d\)/,
  ],
  [
    () => convTranspose1d(zeros([1, 4, 1]), zeros([3, 1, 1]), { outputPadding: 1 }),
    /output padding 1 is not a whole number from 0 to less than stride 1 or dilation 1 \(convTranspose1d\)/,
  ],
  [
    () => maxPool2d(zeros([1, 4, 4, 1]), { kernel: 2, padding: 2 }),
    /padding of top 2, bottom 2, left 2, right 2 holds a whole window of \[2, 2\] \(maxPool2d\).*one less than the window/,
  ],
  [
    () =>
      maxPool2d(zeros([1, 4, 4, 1]), { kernel: [3, 2], padding: { top: 2, bottom: 2, left: 1, right: 2 } }),
    /padding of top 2, bottom 2, left 1, right 2 holds a whole window of \[3, 2\]/,
  ],
  [
    () => maxPool2d(zeros([4, 4, 1]), { kernel: 2 }),
    /images have shape \[4, 4, 1\]; \[batch, height, width, channels\] is expected \(maxPool2d\)/,
  ],
  [
    () => averagePool2d(zeros([1, 4, 4, 1]), { kernel: [3, 2], padding: [1, 2] }),
    /padding of top 1, bottom 1, left 2, right 2 holds a whole window of \[3, 2\] \(averagePool2d\)/,
  ],
  [
    () => adaptiveAveragePool2d(zeros([2, 4, 1]), 2),
    /images have shape \[2, 4, 1\]; \[batch, height, width, channels\] is expected \(adaptiveAveragePool2d\)/,
  ],
  [
    () => adaptiveAveragePool2d(zeros([1, 2, 4, 1]), [2, 1.5]),
    /\[2, 1\.5\] are no numbers of parts \(adaptiveAveragePool2d\): give whole numbers of at least 1/,
  ],
  [
    () => averagePool2d(zeros([1, 2, 4, 1]), { kernel: 3 }),
    /a window of 3 \(dilation 1\) does not fit a size of 2 with padding 0 \(averagePool2d\)/,
  ],
  [() => averagePool2d(labels(1), { kernel: 2 }), /dtype int32, not float32 \(averagePool2d\)/],
  [() => globalAveragePool(zeros([4, 4])), /images have shape \[4, 4\].*\(globalAveragePool\)/],
  [
    () => resize(zeros([4, 4, 1]), { size: [2, 2] }),
    /images have shape \[4, 4, 1\]; \[batch, height, width, channels\] with pixels is expected \(resize\)/,
  ],
  [() => resize(zeros([1, 0, 4, 1]), { size: [2, 2] }), /images have shape \[1, 0, 4, 1\]/],
  [
    () => resize(zeros([1, 4, 4, 1]), { size: [2, 0] }),
    /2,0 is no size of an image \(resize\): give size: \[height, width\]/,
  ],
  [() => resize(zeros([1, 4, 4, 1]), { size: 2 as never }), /2 is no size of an image/],
  [
    () => resize(zeros([1, 1, 50_001, 1]), { size: [1, 49_999], mode: 'bilinear' }),
    /50001 pixels cannot be resized to 49999: the fractions between them are too many \(resize\)/,
  ],
  [() => resize(labels(1), { size: [2, 2] }), /dtype int32, not float32 \(resize\)/],
  [
    () => batchNorm(zeros([2, 3]), vectors(2)),
    /a vector of shape \[2\] does not fit 3 channels \(batchNorm\)/,
  ],
  [
    () => batchNorm(zeros([2, 2]), vectors(2), Number.NaN),
    /epsilon NaN is not between 0 and 1 \(batchNorm\)/,
  ],
  [
    () => attention(zeros([2, 3, 4]), zeros([2, 3, 4]), zeros([2, 3, 4])),
    /the query has shape \[2, 3, 4\], not \[batch, rows, heads, size\] \(attention\): reshape/,
  ],
  [
    () => attention(zeros([1, 2, 2, 4]), zeros([1, 3, 2, 4]), zeros([1, 2, 2, 4])),
    /queries \[1, 2, 2, 4\], keys \[1, 3, 2, 4\] and values \[1, 2, 2, 4\] do not fit \(attention\): keys and values have one shape/,
  ],
  [
    () => attention(zeros([1, 1, 1, 257]), zeros([1, 1, 1, 257]), zeros([1, 1, 1, 257])),
    /heads of 257 are not of 1 to 256 \(attention\)/,
  ],
  [
    () => attention(heads(), heads(), heads(), { mask: zeros([2, 1, 3, 3]) }),
    /a mask of shape \[2, 1, 3, 3\] does not broadcast to the scores \[1, 2, 3, 3\] \(attention\): scores are/,
  ],
  [
    () => attention(heads(), heads(), heads(), { mask: tensor(new Uint8Array(3), [3]) }),
    /the mask has dtype uint8, not int32 or float32 \(attention\): an int32 mask is 1 where keys count/,
  ],
  [
    () => attention(heads(), heads(), heads(), { scale: Number.NaN }),
    /the scale NaN is not finite \(attention\)/,
  ],
  [() => attention(heads(), labels(1), heads()), /the key has dtype int32, not float32 \(attention\)/],
  [
    () => layerNorm(zeros([4, 2, 3]), zeros([3]), zeros([2, 3])),
    /scale and shift of shape \[3\] and \[2, 3\] do not fit \[4, 2, 3\] \(layerNorm\): each has the size of the last axis/,
  ],
  [
    () => layerNorm(zeros([4, 3]), null, zeros([4])),
    /shift of shape \[4\] do not fit \[4, 3\] \(layerNorm\)/,
  ],
  [
    () => layerNorm(zeros([4, 3]), zeros([])),
    /rows of shape \[\] have no elements to normalise \(layerNorm\)/,
  ],
  [() => layerNorm(zeros([4, 0])), /rows of shape \[0\] have no elements to normalise/],
  [() => layerNorm(zeros([2, 3]), null, null, { epsilon: -1 }), /epsilon -1 is not at least 0 and below 1/],
  [() => layerNorm(labels(1)), /dtype int32, not float32 \(layerNorm\)/],
  [
    () => groupNorm(zeros([2, 6]), null, null, { groups: 4 }),
    /6 channels are not cut evenly into 4 groups \(groupNorm\)/,
  ],
  [() => groupNorm(zeros([2, 6]), null, null, { groups: 0 }), /6 channels are not cut evenly into 0 groups/],
  [
    () => groupNorm(zeros([6]), null, null, { groups: 2 }),
    /x has shape \[6\]; \[batch, ..., channels\] is expected/,
  ],
  [
    () => groupNorm(zeros([2, 6]), null, zeros([3]), { groups: 2 }),
    /a vector of shape \[3\] does not fit 6 channels \(groupNorm\)/,
  ],
  [() => groupNorm(labels(1), null, null, { groups: 1 }), /dtype int32, not float32 \(groupNorm\)/],
  [() => rmsNorm(zeros([2, 3]), zeros([2])), /of shape \[2\] do not fit \[2, 3\] \(rmsNorm\)/],
  [
    () => normalizeImages(bytes(2, 4), [0, 0, 0], [1, 1, 1]),
    /\[2, 4\] do not have three channels last \(normalizeImages\)/,
  ],
  [
    () => normalizeImages(bytes(2, 3), [0, 0], [1, 1, 1]),
    /2 means and 3 deviations; three of each are expected/,
  ],
  [() => normalizeImages(bytes(2, 3), [0, 0, 0], [1, 0, 1]), /one deviation is 0/],
  [() => normalizeImages(zeros([2, 3]), [0, 0, 0], [1, 1, 1]), /images has dtype float32, not uint8/],
  [
    () => transformImages(bytes(4, 4, 3), []),
    /\[4, 4, 3\] is not the shape of images \[n, height, width, 3\] \(transformImages\)/,
  ],
  [() => transformImages(bytes(2, 4, 4, 3), [{ kind: 'invert' }]), /1 transforms are given for 2 images/],
  [() => transformImages(zeros([1, 4, 4, 3]), [{ kind: 'invert' }]), /images has dtype float32, not uint8/],
  ...(
    [
      [{ kind: 'brightness', factor: -0.1 }, /-0.1 is nothing that the factor of brightness can be/],
      [{ kind: 'sharpness', factor: Number.POSITIVE_INFINITY }, /Infinity is nothing that the factor/],
      [{ kind: 'hue', shift: 0.51 }, /0.51 is nothing that the shift of hue can be/],
      [{ kind: 'posterize', bits: 2.5 }, /2.5 is nothing that the number of bits of posterize can be/],
      [{ kind: 'solarize', threshold: Number.NaN }, /NaN is nothing that the threshold of solarize can be/],
      [
        { kind: 'affine', matrix: affineMatrix({}), interpolation: 'nearest', fill: [0, 256, 0] },
        /0,256,0 is nothing that the fill of affine can be/,
      ],
      [
        { kind: 'affine', matrix: affineMatrix({ translate: [1e7, 0] }), interpolation: 'nearest' },
        /affine matrix .* reads 4 x 4 pixels too far away/,
      ],
    ] as const
  ).map(
    ([transform, sentence]) =>
      [() => transformImages(bytes(1, 4, 4, 3), [transform]), sentence] as [() => unknown, RegExp],
  ),
  [
    () => gaussianBlur(bytes(1, 4, 4, 3), 2, [1]),
    /2 is no size of a kernel for images of 4 x 4 \(gaussianBlur\)/,
  ],
  [() => gaussianBlur(bytes(1, 4, 9, 3), 9, [1]), /9 is no size of a kernel for images of 9 x 4/],
  [() => gaussianBlur(bytes(1, 4, 4, 3), 3, []), /0 deviations are given for 1 images/],
  [() => gaussianBlur(bytes(1, 4, 4, 3), 3, [-1]), /-1 is no deviation/],
  [
    () => crossEntropy(zeros([3]), labels(1)),
    /targets of dtype int32 have shape \[1\]; \[\] is expected \(crossEntropy\)/,
  ],
  [
    () => crossEntropy(zeros([2, 2, 3]), labels(1, 1)),
    /targets of dtype int32 have shape \[2\]; \[2, 2\] is expected/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), labels(-100, 0), { ignoreIndex: -1 }),
    /index -100 at position 0 is outside 0 to 2/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), zeros([2, 3]), { ignoreIndex: -100 }),
    /ignoreIndex -100 is given, and the targets are no class indices \(crossEntropy\)/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), labels(1, 1), { ignoreIndex: 0.5 }),
    /ignoreIndex 0.5 is no label \(crossEntropy\): give a whole number/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), labels(1)),
    /targets of dtype int32 have shape \[1\]; \[2\] is expected/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), labels(1, 3)),
    /index 3 at position 1 is outside 0 to 2 \(crossEntropy\)/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), zeros([3])),
    /targets of dtype float32 have shape \[3\]; \[2, 3\] is expected/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), zeros([3]), { fromLogits: false }),
    /have shape \[3\]; \[2, 3\] is expected/,
  ],
  [
    () => crossEntropy(zeros([2, 3]), labels(1, 1), { labelSmoothing: 1 }),
    /label smoothing 1 is not in \[0, 1\)/,
  ],
  [() => crossEntropy(zeros([0, 3]), labels()), /no elements to take the mean of/],
  [() => meanSquaredError(zeros([2, 3]), zeros([3])), /prediction \[2, 3\] and target \[3\] differ in shape/],
  [
    () => binaryCrossEntropy(zeros([2, 3]), zeros([2])),
    /logits \[2, 3\] and targets \[2\] differ in shape \(binaryCrossEntropy\)/,
  ],
  [
    () => binaryCrossEntropy(zeros([2]), labels(0, 1)),
    /targets has dtype int32, not float32 \(binaryCrossEntropy\)/,
  ],
  [
    () => binaryCrossEntropy(zeros([2, 3]), zeros([2, 3]), { positiveWeights: zeros([2]) }),
    /shapes \[2\] and \[2, 3\] do not broadcast together \(binaryCrossEntropy\)/,
  ],
  [
    () => binaryCrossEntropy(zeros([3]), zeros([3]), { weights: zeros([2, 3]) }),
    /weights \[2, 3\] do not broadcast to logits \[3\] \(binaryCrossEntropy\)/,
  ],
  [
    () => klDivergence(zeros([2, 3]), zeros([1, 3])),
    /input \[2, 3\] and target \[1, 3\] differ in shape \(klDivergence\)/,
  ],
  [
    () => klDivergence(zeros([0, 3]), zeros([0, 3])),
    /a batch of shape \[0, 3\] has no mean \(klDivergence\)/,
  ],
  [() => smoothL1(zeros([2, 3]), zeros([3])), /prediction \[2, 3\] and target \[3\] differ in shape/],
  [
    () => smoothL1(zeros([3]), zeros([3]), { beta: -1 }),
    /beta -1 is not a finite number of at least 0 \(smoothL1\)/,
  ],
  [() => huber(zeros([3]), zeros([3]), { delta: 0 }), /delta 0 is not a finite number above 0 \(huber\)/],
];

for (const [body, sentence] of refused) {
  test(`refused: ${String(body).slice(6)}`, async () => {
    const device = await cpuDevice('float64');
    await assertThrows(() => device.run(body), 'shape', sentence);
  });
}

test('a mode that there is not is refused, and corners that nearest pixels cannot align', async () => {
  const device = await cpuDevice('float64');
  const refuse = (options: object, sentence: RegExp) =>
    assertThrows(
      () => device.run(() => resize(zeros([1, 2, 2, 1]), { size: [4, 4], ...options })),
      'usage',
      sentence,
    );
  await refuse({ mode: 'bilinaer' }, /^there is no mode bilinaer \(resize\): did you mean bilinear\?$/);
  await assertThrows(
    () => device.run(() => pad(zeros([2]), [1], [1], { mode: 'reflected' as never })),
    'usage',
    /^there is no mode reflected \(pad\): did you mean reflect\?$/,
  );
  await assertThrows(
    () => device.run(() => pad(zeros([2]), [1], [1], { mode: 'edge', value: 3 })),
    'usage',
    /^mode edge takes no value \(pad\): leave the value out/,
  );
  await refuse({ alignCorners: true }, /^nearest pixels have no corners to align \(resize\)/);
});

test('bounds of clamp that are none are refused', async () => {
  const device = await cpuDevice('float64');
  const refuse = (options: unknown, sentence: RegExp) =>
    assertThrows(() => device.run(() => clamp(zeros([2]), options as never)), 'usage', sentence);
  await refuse({}, /^there is neither min nor max \(clamp\): give at least one/);
  await refuse({ min: 0, max: Number.NaN }, /^NaN is no bound \(clamp\): give a number, or leave it out$/);
  await refuse({ min: '0' }, /^0 is no bound \(clamp\)/);
});

test('an approximation of gelu that there is not is refused', async () => {
  const device = await cpuDevice('float64');
  const refuse = (options: unknown, sentence: RegExp) =>
    assertThrows(() => device.run(() => gelu(zeros([2]), options as never)), 'usage', sentence);
  await refuse({ approximate: 'tahn' }, /^there is no approximation tahn \(gelu\): did you mean tanh\?$/);
  await refuse({ approximate: true }, /^there is no approximation true \(gelu\): there are none, tanh$/);
  await refuse(
    { approximat: 'tanh' },
    /^there is no option approximat \(gelu\): did you mean approximate\?$/,
  );
});

test('a transform that there is not, or of another name, is refused: it was left out', async () => {
  const device = await cpuDevice('float64');
  const refuse = (transform: unknown, sentence: RegExp) =>
    assertThrows(
      () => device.run(() => transformImages(bytes(1, 4, 4, 3), [transform as never])),
      'usage',
      sentence,
    );
  await refuse(
    { kind: 'inverts' },
    /^there is no transform inverts \(transformImages\): did you mean invert\?$/,
  );
  await refuse(undefined, /^there is no transform undefined/);
  await refuse({ kind: 'hue', shifts: 0.1 }, /^there is no option shifts .*: did you mean shift\?$/);
});

test.run();
