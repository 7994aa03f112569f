/**
 * ops: the operations, one file each, in folders by kind. This list is what users call.
 *
 * Imports go down: the files here, attention, loss, image, pool, norm, conv2d, product, update, reduce, pointwise, shape, core.
 */
export { accumulate, assign } from './update/accumulate.js';
export { adaptiveAveragePool2d } from './pool/adaptive-average-pool.js';
export { add } from './pointwise/add.js';
export { argmax, argmin } from './reduce/argmax.js';
export { type AttentionOptions, attention } from './attention/attention.js';
export { backward, gradients } from './backward.js';
export { type BatchNormVectors, batchNorm } from './norm/batch-norm.js';
export { type BinaryCrossEntropyOptions, binaryCrossEntropy } from './loss/binary-cross-entropy.js';
export { broadcastTo } from './shape/broadcast.js';
export { type CastDType, cast } from './pointwise/cast.js';
export { type ClampOptions, clamp } from './pointwise/clamp.js';
export { greaterEqual, lessEqual } from './pointwise/compare.js';
export { concat } from './shape/concat.js';
export { full, ones, zeros } from './core/constant.js';
export { type Conv1dOptions, conv1d } from './conv2d/conv1d.js';
export { type Conv2dOptions, conv2d } from './conv2d/conv2d.js';
export { type ConvTranspose1dOptions, convTranspose1d } from './conv2d/conv-transpose1d.js';
export { type ConvTranspose2dOptions, convTranspose2d } from './conv2d/conv-transpose2d.js';
export { type CrossEntropyOptions, crossEntropy, crossEntropyLosses } from './loss/cross-entropy.js';
export { cumulativeSum } from './reduce/cumulative-sum.js';
export { divide } from './pointwise/divide.js';
export { dropout } from './pointwise/dropout.js';
export { type EmbeddingOptions, embedding } from './shape/embedding.js';
export { eraseBoxes } from './image/erase-boxes.js';
export { gather, scatterAdd } from './shape/gather.js';
export { gaussianBlur } from './image/gaussian-blur.js';
export { type GeluOptions, gelu } from './pointwise/gelu.js';
export { type GroupNormOptions, groupNorm } from './norm/group-norm.js';
export { type AffineMatrix, type AffineOptions, affineMatrix } from './image/image-affine.js';
export type { BlendKind, ImageTransform } from './image/image-transform.js';
export { type KlDivergenceOptions, klDivergence } from './loss/kl-divergence.js';
export { type LayerNormOptions, layerNorm } from './norm/layer-norm.js';
export type { LossReduction } from './loss/reduction.js';
export { lossScaleOf } from './update/loss-scale.js';
export { type MatmulOptions, matmul } from './product/matmul.js';
export { max } from './reduce/max.js';
export { maximum } from './pointwise/maximum.js';
export { mean } from './reduce/mean.js';
export { meanSquaredError } from './loss/mean-squared-error.js';
export { minimum } from './pointwise/minimum.js';
export { type Mix, mixImages } from './image/mix-images.js';
export { multiply } from './pointwise/multiply.js';
export { normalizeImages } from './image/normalize-images.js';
export { oneHot } from './shape/one-hot.js';
export {
  type AveragePool2dOptions,
  averagePool2d,
  globalAveragePool,
  type MaxPool2dOptions,
  maxPool2d,
} from './pool/pool.js';
export { power } from './pointwise/power.js';
export { flatten, reshape } from './shape/reshape.js';
export { type ResizeOptions, resize } from './image/resize.js';
export type { ResizeMode } from './image/resize-axis.js';
export { type RmsNormOptions, rmsNorm } from './norm/rms-norm.js';
export { scaleRows } from './pointwise/scale-rows.js';
export { type PadMode, type PadOptions, pad, slice } from './shape/slice.js';
export { type HuberOptions, huber, type SmoothL1Options, smoothL1 } from './loss/smooth-l1.js';
export { logSoftmax, type SoftmaxOptions, softmax } from './norm/softmax.js';
export { stochasticDepth } from './pointwise/stochastic-depth.js';
export { subtract } from './pointwise/subtract.js';
export { sum } from './reduce/sum.js';
export { takeAlongAxis } from './shape/take-along-axis.js';
export { type TopK, topK } from './reduce/top-k.js';
export { transformImages } from './image/transform-images.js';
export { transpose } from './shape/transpose.js';
export * from './pointwise/unary-operations.js';
export { where } from './pointwise/where.js';
