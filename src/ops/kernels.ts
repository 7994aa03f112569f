/**
 * Every kernel by its name: what a worker looks kernels up in, and what tests go through. A kernel that a file of this
 * folder has and the table lacks fails test/ops/registered.test.ts.
 */
import type { Attributes, Kernel } from '../device/kernel.js';
import { accumulateKernel } from './update/accumulate.js';
import { adamKernel } from './update/adam-update.js';
import { addKernel } from './pointwise/add.js';
import { argmaxKernel } from './reduce/argmax.js';
import {
  attentionKernel,
  attentionKeyGradientKernel,
  attentionQueryGradientKernel,
  attentionStatisticsKernel,
} from './attention/attention-kernels.js';
import { averagePool2dGradientKernel, averagePool2dKernel } from './pool/average-pool-kernels.js';
import { batchNormFoldKernel, scaleShiftKernel } from './norm/batch-norm.js';
import {
  batchMomentsCombineKernel,
  batchMomentsKernel,
  batchNormGradientApplyKernel,
  batchNormGradientCombineKernel,
  batchNormGradientSumsKernel,
} from './norm/batch-norm-training-kernels.js';
import { binaryCrossEntropyGradientKernel, binaryCrossEntropyKernel } from './loss/binary-cross-entropy.js';
import { castKernel } from './pointwise/cast.js';
import { clampGradientKernel, clampKernel } from './pointwise/clamp.js';
import { greaterEqualKernel, lessEqualKernel } from './pointwise/compare.js';
import { fillKernel } from './core/constant.js';
import { conv2dInputGradientKernel } from './conv2d/conv2d-input-gradient-kernel.js';
import { conv2dKernel } from './conv2d/conv2d-kernel.js';
import { conv2dWeightGradientKernel } from './conv2d/conv2d-weight-gradient-kernel.js';
import { crossEntropyGradientKernel, crossEntropyKernel } from './loss/cross-entropy.js';
import { cumulativeSumKernel } from './reduce/cumulative-sum.js';
import { divideKernel } from './pointwise/divide.js';
import { dropoutKernel } from './pointwise/dropout.js';
import { eraseBoxesKernel } from './image/erase-boxes.js';
import { gatherKernel, scatterAddKernel } from './shape/gather.js';
import { gaussianBlurColumnsKernel, gaussianBlurRowsKernel } from './image/gaussian-blur.js';
import { geluGradientKernel, geluKernel } from './pointwise/gelu.js';
import { gradientGateKernel, squaredNormKernel } from './update/gradient-gate.js';
import { imageTablesKernel } from './image/image-tables-kernel.js';
import { layerNormGradientKernel, layerNormKernel, layerNormSumsKernel } from './norm/layer-norm-kernels.js';
import { lossScaleKernel } from './update/loss-scale.js';
import { maskedSoftmaxKernel, softmaxGradientKernel } from './norm/masked-softmax.js';
import { matmulKernel } from './product/matmul-kernel.js';
import { maxPool2dGradientKernel } from './pool/max-pool-gradient-kernel.js';
import { maximumKernel } from './pointwise/maximum.js';
import { minimumKernel } from './pointwise/minimum.js';
import { mixImagesKernel } from './image/mix-images.js';
import { multiplyKernel } from './pointwise/multiply.js';
import { normalizeImagesKernel } from './image/normalize-images.js';
import { oneHotKernel } from './shape/one-hot.js';
import { orderIndicesKernel } from './shape/order-indices.js';
import { globalAveragePoolKernel, maxPool2dKernel } from './pool/pool-kernels.js';
import { powerBaseGradientKernel, powerExponentGradientKernel, powerKernel } from './pointwise/power.js';
import { pullToStartKernel } from './update/pull-to-start.js';
import { reduceKernel, sumInt32Kernel } from './core/reduce.js';
import { resizeGradientKernel, resizeKernel } from './image/resize-kernels.js';
import { rmspropKernel } from './update/rmsprop-update.js';
import { commitKernel, runningStatisticsKernel } from './update/running-statistics.js';
import { samPerturbationKernel } from './update/sam-perturbation.js';
import { scaleRowsKernel } from './pointwise/scale-rows.js';
import { sgdKernel } from './update/sgd-update.js';
import { softmaxKernel } from './norm/softmax.js';
import { stridedCopyKernel } from './core/strided-copy.js';
import { subtractKernel } from './pointwise/subtract.js';
import { addAlongAxisKernel, takeAlongAxisKernel } from './shape/take-along-axis.js';
import { topKKernel } from './reduce/top-k.js';
import { transformImagesKernel } from './image/transform-images.js';
import { unaryKernels } from './pointwise/unary-tables.js';
import { weightAverageKernel } from './update/weight-average.js';
import { whereKernel } from './pointwise/where.js';

/** The names are the table's own keys: a list of them beside it would be forgotten together with it. */
function table<Name extends string>(
  entries: Readonly<Record<Name, Kernel<Attributes>>>,
): Readonly<Record<Name, Kernel<Attributes>>> {
  return entries;
}

export const kernels = table({
  accumulate: accumulateKernel,
  adam: adamKernel,
  add: addKernel,
  addAlongAxis: addAlongAxisKernel,
  argmax: argmaxKernel,
  attention: attentionKernel,
  attentionKeyGradient: attentionKeyGradientKernel,
  attentionQueryGradient: attentionQueryGradientKernel,
  attentionStatistics: attentionStatisticsKernel,
  averagePool2d: averagePool2dKernel,
  averagePool2dGradient: averagePool2dGradientKernel,
  batchNormFold: batchNormFoldKernel,
  batchMoments: batchMomentsKernel,
  batchMomentsCombine: batchMomentsCombineKernel,
  batchNormGradientApply: batchNormGradientApplyKernel,
  batchNormGradientCombine: batchNormGradientCombineKernel,
  batchNormGradientSums: batchNormGradientSumsKernel,
  binaryCrossEntropy: binaryCrossEntropyKernel,
  binaryCrossEntropyGradient: binaryCrossEntropyGradientKernel,
  cast: castKernel,
  clamp: clampKernel,
  clampGradient: clampGradientKernel,
  conv2d: conv2dKernel,
  conv2dInputGradient: conv2dInputGradientKernel,
  conv2dWeightGradient: conv2dWeightGradientKernel,
  crossEntropy: crossEntropyKernel,
  crossEntropyGradient: crossEntropyGradientKernel,
  cumulativeSum: cumulativeSumKernel,
  divide: divideKernel,
  dropout: dropoutKernel,
  eraseBoxes: eraseBoxesKernel,
  fill: fillKernel,
  gather: gatherKernel,
  gaussianBlurColumns: gaussianBlurColumnsKernel,
  gaussianBlurRows: gaussianBlurRowsKernel,
  gelu: geluKernel,
  geluGradient: geluGradientKernel,
  globalAveragePool: globalAveragePoolKernel,
  gradientGate: gradientGateKernel,
  greaterEqual: greaterEqualKernel,
  imageTables: imageTablesKernel,
  layerNorm: layerNormKernel,
  layerNormGradient: layerNormGradientKernel,
  layerNormSums: layerNormSumsKernel,
  lossScale: lossScaleKernel,
  lessEqual: lessEqualKernel,
  maskedSoftmax: maskedSoftmaxKernel,
  matmul: matmulKernel,
  maxPool2d: maxPool2dKernel,
  maxPool2dGradient: maxPool2dGradientKernel,
  maximum: maximumKernel,
  minimum: minimumKernel,
  mixImages: mixImagesKernel,
  multiply: multiplyKernel,
  normalizeImages: normalizeImagesKernel,
  oneHot: oneHotKernel,
  orderIndices: orderIndicesKernel,
  power: powerKernel,
  powerBaseGradient: powerBaseGradientKernel,
  powerExponentGradient: powerExponentGradientKernel,
  pullToStart: pullToStartKernel,
  reduce: reduceKernel,
  resize: resizeKernel,
  resizeGradient: resizeGradientKernel,
  rmsprop: rmspropKernel,
  commit: commitKernel,
  runningStatistics: runningStatisticsKernel,
  samPerturbation: samPerturbationKernel,
  scaleRows: scaleRowsKernel,
  scaleShift: scaleShiftKernel,
  scatterAdd: scatterAddKernel,
  sgd: sgdKernel,
  softmax: softmaxKernel,
  softmaxGradient: softmaxGradientKernel,
  squaredNorm: squaredNormKernel,
  stridedCopy: stridedCopyKernel,
  subtract: subtractKernel,
  sumInt32: sumInt32Kernel,
  takeAlongAxis: takeAlongAxisKernel,
  topK: topKKernel,
  transformImages: transformImagesKernel,
  weightAverage: weightAverageKernel,
  where: whereKernel,
  ...unaryKernels,
});

/** Each kernel's name. Tests have tables over it: a kernel without its tests does not compile. */
export type KernelName = keyof typeof kernels;
