/** What the SIMD module exports: the entries that kernels name in src/ops. */
export { batchMoments, batchNormGradientApply, batchNormGradientSums } from './batch-norm';
export { binary } from './broadcast';
export { copyBlocks, multiplyAdds } from './ceilings';
export { meanOfImages } from './columns';
export { conv2d } from './conv2d';
export { conv2dInputGradient } from './conv2d-input-gradient';
export { conv2dWeightGradient } from './conv2d-weight-gradient';
export { gaussianBlurColumns, gaussianBlurRows } from './gaussian-blur';
export { matmul } from './matmul';
export { maxPool2d, maxPool2dGradient } from './max-pool';
export { normalizeImages } from './normalize-images';
export { fill, pointwise, pointwiseTurns, scaleShift } from './pointwise';
export { reduce, softmax } from './rows';
export { stridedCopy } from './strided-copy';
export { transformImages } from './transform-images';
export { adam, pullToStart, rmsprop, samPerturbation, sgd, squaredNorm, weightAverage } from './update';
export { winogradWeights } from './winograd';
export { winogradProducts } from './winograd-products';
