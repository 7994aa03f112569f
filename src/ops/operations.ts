/**
 * Every operation by its name: shape rule, forward and gradient, or why there is none. An operation that a file of this
 * folder has and the table lacks fails test/ops/registered.test.ts.
 */
import type { Attributes } from '../device/kernel.js';
import type { Operation } from '../tensor/tape.js';
import { addOperation } from './pointwise/add.js';
import { argmaxOperation, argminOperation } from './reduce/argmax.js';
import { batchNormOperation } from './norm/batch-norm.js';
import { batchNormTrainingOperation } from './norm/batch-norm-training.js';
import { binaryCrossEntropyOperation } from './loss/binary-cross-entropy.js';
import { broadcastToOperation } from './shape/broadcast.js';
import { castOperation } from './pointwise/cast.js';
import { clampOperation } from './pointwise/clamp.js';
import { greaterEqualOperation, lessEqualOperation } from './pointwise/compare.js';
import { concatOperation } from './shape/concat.js';
import { constantOperation } from './core/constant.js';
import { conv2dOperation } from './conv2d/conv2d.js';
import { convTranspose2dOperation } from './conv2d/conv-transpose2d.js';
import { crossEntropyOperation } from './loss/cross-entropy.js';
import { cumulativeSumOperation } from './reduce/cumulative-sum.js';
import { divideOperation } from './pointwise/divide.js';
import { dropoutOperation } from './pointwise/dropout.js';
import { embeddingOperation } from './shape/embedding.js';
import { eraseBoxesOperation } from './image/erase-boxes.js';
import { gatherOperation, scatterAddOperation } from './shape/gather.js';
import { gaussianBlurOperation } from './image/gaussian-blur.js';
import { geluOperation } from './pointwise/gelu.js';
import { layerNormOperation } from './norm/layer-norm.js';
import { maskedSoftmaxOperation } from './norm/masked-softmax.js';
import { matmulOperation } from './product/matmul.js';
import { maxOperation } from './reduce/max.js';
import { maximumOperation } from './pointwise/maximum.js';
import { meanOperation } from './reduce/mean.js';
import { minimumOperation } from './pointwise/minimum.js';
import { mixImagesOperation } from './image/mix-images.js';
import { multiplyOperation } from './pointwise/multiply.js';
import { normalizeImagesOperation } from './image/normalize-images.js';
import { oneHotOperation } from './shape/one-hot.js';
import { attentionOperation } from './attention/attention.js';
import { averagePool2dOperation, globalAveragePoolOperation, maxPool2dOperation } from './pool/pool.js';
import { powerOperation } from './pointwise/power.js';
import { reshapeOperation } from './shape/reshape.js';
import { resizeOperation } from './image/resize.js';
import { rmsNormOperation } from './norm/rms-norm.js';
import { scaleRowsOperation } from './pointwise/scale-rows.js';
import { padOperation, sliceOperation } from './shape/slice.js';
import { logSoftmaxOperation, softmaxOperation } from './norm/softmax.js';
import { subtractOperation } from './pointwise/subtract.js';
import { sumOperation } from './reduce/sum.js';
import { takeAlongAxisOperation } from './shape/take-along-axis.js';
import { topKOperation } from './reduce/top-k.js';
import { transformImagesOperation } from './image/transform-images.js';
import { transposeOperation } from './shape/transpose.js';
import { unaryTapeOperations } from './pointwise/unary-tables.js';
import { whereOperation } from './pointwise/where.js';

/** The names are the table's own keys: a list of them beside it would be forgotten together with it. */
function table<Name extends string>(
  entries: Readonly<Record<Name, Operation<Attributes>>>,
): Readonly<Record<Name, Operation<Attributes>>> {
  return entries;
}

export const operations = table({
  add: addOperation,
  argmax: argmaxOperation,
  argmin: argminOperation,
  attention: attentionOperation,
  averagePool2d: averagePool2dOperation,
  batchNorm: batchNormOperation,
  batchNormTraining: batchNormTrainingOperation,
  binaryCrossEntropy: binaryCrossEntropyOperation,
  broadcastTo: broadcastToOperation,
  cast: castOperation,
  clamp: clampOperation,
  concat: concatOperation,
  constant: constantOperation,
  conv2d: conv2dOperation,
  convTranspose2d: convTranspose2dOperation,
  crossEntropy: crossEntropyOperation,
  cumulativeSum: cumulativeSumOperation,
  divide: divideOperation,
  dropout: dropoutOperation,
  embedding: embeddingOperation,
  eraseBoxes: eraseBoxesOperation,
  gather: gatherOperation,
  gaussianBlur: gaussianBlurOperation,
  gelu: geluOperation,
  globalAveragePool: globalAveragePoolOperation,
  greaterEqual: greaterEqualOperation,
  layerNorm: layerNormOperation,
  lessEqual: lessEqualOperation,
  logSoftmax: logSoftmaxOperation,
  maskedSoftmax: maskedSoftmaxOperation,
  matmul: matmulOperation,
  max: maxOperation,
  maxPool2d: maxPool2dOperation,
  maximum: maximumOperation,
  mean: meanOperation,
  minimum: minimumOperation,
  mixImages: mixImagesOperation,
  multiply: multiplyOperation,
  normalizeImages: normalizeImagesOperation,
  oneHot: oneHotOperation,
  pad: padOperation,
  power: powerOperation,
  reshape: reshapeOperation,
  resize: resizeOperation,
  rmsNorm: rmsNormOperation,
  scaleRows: scaleRowsOperation,
  scatterAdd: scatterAddOperation,
  slice: sliceOperation,
  softmax: softmaxOperation,
  subtract: subtractOperation,
  sum: sumOperation,
  takeAlongAxis: takeAlongAxisOperation,
  topK: topKOperation,
  transformImages: transformImagesOperation,
  transpose: transposeOperation,
  where: whereOperation,
  ...unaryTapeOperations,
});

/** Each operation's name. Tests have tables over it: an operation without its tests does not compile. */
export type OperationName = keyof typeof operations;
