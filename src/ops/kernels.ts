/**
 * Every kernel by its name: what a worker looks kernels up in, and what tests go through. A kernel that a file of this
 * folder has and the table lacks fails test/ops/registered.test.ts.
 */
import type { Attributes, Kernel } from '../device/kernel.js';
import { accumulateKernel } from './accumulate.js';
import { adamKernel } from './adam-update.js';
import { addKernel } from './add.js';
import { argmaxKernel } from './argmax.js';
import { batchNormFoldKernel, scaleShiftKernel } from './batch-norm.js';
import {
  batchMomentsCombineKernel,
  batchMomentsKernel,
  batchNormGradientApplyKernel,
  batchNormGradientCombineKernel,
  batchNormGradientSumsKernel,
} from './batch-norm-training-kernels.js';
import { castKernel } from './cast.js';
import { greaterEqualKernel, lessEqualKernel } from './compare.js';
import { fillKernel } from './constant.js';
import { conv2dInputGradientKernel } from './conv2d-input-gradient-kernel.js';
import { conv2dKernel } from './conv2d-kernel.js';
import { conv2dWeightGradientKernel } from './conv2d-weight-gradient-kernel.js';
import { crossEntropyGradientKernel, crossEntropyKernel } from './cross-entropy.js';
import { divideKernel } from './divide.js';
import { dropoutKernel } from './dropout.js';
import { eraseBoxesKernel } from './erase-boxes.js';
import { gatherKernel, scatterAddKernel } from './gather.js';
import { gaussianBlurColumnsKernel, gaussianBlurRowsKernel } from './gaussian-blur.js';
import { gradientGateKernel, squaredNormKernel } from './gradient-gate.js';
import { imageTablesKernel } from './image-tables-kernel.js';
import { lossScaleKernel } from './loss-scale.js';
import { matmulKernel } from './matmul-kernel.js';
import { maxPool2dGradientKernel } from './max-pool-gradient-kernel.js';
import { maximumKernel } from './maximum.js';
import { minimumKernel } from './minimum.js';
import { mixImagesKernel } from './mix-images.js';
import { multiplyKernel } from './multiply.js';
import { normalizeImagesKernel } from './normalize-images.js';
import { oneHotKernel } from './one-hot.js';
import { globalAveragePoolKernel, maxPool2dKernel } from './pool-kernels.js';
import { pullToStartKernel } from './pull-to-start.js';
import { reduceKernel } from './reduce.js';
import { rmspropKernel } from './rmsprop-update.js';
import { commitKernel, runningStatisticsKernel } from './running-statistics.js';
import { samPerturbationKernel } from './sam-perturbation.js';
import { scaleRowsKernel } from './scale-rows.js';
import { sgdKernel } from './sgd-update.js';
import { softmaxKernel } from './softmax.js';
import { stridedCopyKernel } from './strided-copy.js';
import { subtractKernel } from './subtract.js';
import { transformImagesKernel } from './transform-images.js';
import { unaryKernels } from './unary-tables.js';
import { weightAverageKernel } from './weight-average.js';

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
  argmax: argmaxKernel,
  batchNormFold: batchNormFoldKernel,
  batchMoments: batchMomentsKernel,
  batchMomentsCombine: batchMomentsCombineKernel,
  batchNormGradientApply: batchNormGradientApplyKernel,
  batchNormGradientCombine: batchNormGradientCombineKernel,
  batchNormGradientSums: batchNormGradientSumsKernel,
  cast: castKernel,
  conv2d: conv2dKernel,
  conv2dInputGradient: conv2dInputGradientKernel,
  conv2dWeightGradient: conv2dWeightGradientKernel,
  crossEntropy: crossEntropyKernel,
  crossEntropyGradient: crossEntropyGradientKernel,
  divide: divideKernel,
  dropout: dropoutKernel,
  eraseBoxes: eraseBoxesKernel,
  fill: fillKernel,
  gather: gatherKernel,
  gaussianBlurColumns: gaussianBlurColumnsKernel,
  gaussianBlurRows: gaussianBlurRowsKernel,
  globalAveragePool: globalAveragePoolKernel,
  gradientGate: gradientGateKernel,
  greaterEqual: greaterEqualKernel,
  imageTables: imageTablesKernel,
  lossScale: lossScaleKernel,
  lessEqual: lessEqualKernel,
  matmul: matmulKernel,
  maxPool2d: maxPool2dKernel,
  maxPool2dGradient: maxPool2dGradientKernel,
  maximum: maximumKernel,
  minimum: minimumKernel,
  mixImages: mixImagesKernel,
  multiply: multiplyKernel,
  normalizeImages: normalizeImagesKernel,
  oneHot: oneHotKernel,
  pullToStart: pullToStartKernel,
  reduce: reduceKernel,
  rmsprop: rmspropKernel,
  commit: commitKernel,
  runningStatistics: runningStatisticsKernel,
  samPerturbation: samPerturbationKernel,
  scaleRows: scaleRowsKernel,
  scaleShift: scaleShiftKernel,
  scatterAdd: scatterAddKernel,
  sgd: sgdKernel,
  softmax: softmaxKernel,
  squaredNorm: squaredNormKernel,
  stridedCopy: stridedCopyKernel,
  subtract: subtractKernel,
  transformImages: transformImagesKernel,
  weightAverage: weightAverageKernel,
  ...unaryKernels,
});

/** Each kernel's name. Tests have tables over it: a kernel without its tests does not compile. */
export type KernelName = keyof typeof kernels;
