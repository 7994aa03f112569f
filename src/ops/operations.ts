/**
 * Every operation by its name: shape rule, forward and gradient, or why there is none. An operation that a file of this
 * folder has and the table lacks fails test/ops/registered.test.ts.
 */
import type { Attributes } from '../device/kernel.js';
import type { Operation } from '../tensor/tape.js';
import { addOperation } from './add.js';
import { argmaxOperation } from './argmax.js';
import { batchNormOperation } from './batch-norm.js';
import { batchNormTrainingOperation } from './batch-norm-training.js';
import { broadcastToOperation } from './broadcast.js';
import { castOperation } from './cast.js';
import { greaterEqualOperation, lessEqualOperation } from './compare.js';
import { concatOperation } from './concat.js';
import { constantOperation } from './constant.js';
import { conv2dOperation } from './conv2d.js';
import { crossEntropyOperation } from './cross-entropy.js';
import { divideOperation } from './divide.js';
import { dropoutOperation } from './dropout.js';
import { eraseBoxesOperation } from './erase-boxes.js';
import { gatherOperation, scatterAddOperation } from './gather.js';
import { gaussianBlurOperation } from './gaussian-blur.js';
import { matmulOperation } from './matmul.js';
import { maxOperation } from './max.js';
import { maximumOperation } from './maximum.js';
import { meanOperation } from './mean.js';
import { minimumOperation } from './minimum.js';
import { mixImagesOperation } from './mix-images.js';
import { multiplyOperation } from './multiply.js';
import { normalizeImagesOperation } from './normalize-images.js';
import { oneHotOperation } from './one-hot.js';
import { globalAveragePoolOperation, maxPool2dOperation } from './pool.js';
import { reshapeOperation } from './reshape.js';
import { scaleRowsOperation } from './scale-rows.js';
import { padOperation, sliceOperation } from './slice.js';
import { logSoftmaxOperation, softmaxOperation } from './softmax.js';
import { subtractOperation } from './subtract.js';
import { sumOperation } from './sum.js';
import { transformImagesOperation } from './transform-images.js';
import { transposeOperation } from './transpose.js';
import { unaryTapeOperations } from './unary-tables.js';

/** The names are the table's own keys: a list of them beside it would be forgotten together with it. */
function table<Name extends string>(
  entries: Readonly<Record<Name, Operation<Attributes>>>,
): Readonly<Record<Name, Operation<Attributes>>> {
  return entries;
}

export const operations = table({
  add: addOperation,
  argmax: argmaxOperation,
  batchNorm: batchNormOperation,
  batchNormTraining: batchNormTrainingOperation,
  broadcastTo: broadcastToOperation,
  cast: castOperation,
  concat: concatOperation,
  constant: constantOperation,
  conv2d: conv2dOperation,
  crossEntropy: crossEntropyOperation,
  divide: divideOperation,
  dropout: dropoutOperation,
  eraseBoxes: eraseBoxesOperation,
  gather: gatherOperation,
  gaussianBlur: gaussianBlurOperation,
  globalAveragePool: globalAveragePoolOperation,
  greaterEqual: greaterEqualOperation,
  lessEqual: lessEqualOperation,
  logSoftmax: logSoftmaxOperation,
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
  reshape: reshapeOperation,
  scaleRows: scaleRowsOperation,
  scatterAdd: scatterAddOperation,
  slice: sliceOperation,
  softmax: softmaxOperation,
  subtract: subtractOperation,
  sum: sumOperation,
  transformImages: transformImagesOperation,
  transpose: transposeOperation,
  ...unaryTapeOperations,
});

/** Each operation's name. Tests have tables over it: an operation without its tests does not compile. */
export type OperationName = keyof typeof operations;
